"""What the doctor found while the run trained, as sentences; read from run.json."""

from __future__ import annotations

import json
from pathlib import Path

HEALTHY = "no disease found; most want ten logged steps before they can be told"


def read(folder: Path) -> list[str]:
    """A sentence a finding, in the order they were made; HEALTHY without any; nothing where no doctor was asked."""
    path = folder / "run.json"
    row = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found = (row.get("facts") or {}).get("doctor")
    if found is None:
        return []
    return [f"{f['disease']}, step {f['step']}: {f['message']} {f['remedy']}" for f in found] or [HEALTHY]
