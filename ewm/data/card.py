"""The data card: README.md of a data set, as the hub reads it (YAML head, then text). Made of the manifest alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml

from ewm.run import write_atomic

# Identifiers of the hub's own list; anything else is "other", named in the text.
HUB_LICENCES = {
    "Apache-2.0": "apache-2.0", "MIT": "mit", "BSD-3-Clause": "bsd-3-clause", "BSD-2-Clause": "bsd-2-clause",
    "PSF-2.0": "psf-2.0", "ISC": "isc", "CC0-1.0": "cc0-1.0", "Unlicense": "unlicense",
}  # fmt: skip
HUB_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def write(folder: Path, manifest: Mapping[str, Any]) -> None:
    write_atomic(folder / "README.md", text(manifest))


def text(manifest: Mapping[str, Any]) -> str:
    """The card."""
    head = {
        "license": _licences(manifest["licences"]),
        "language": ["en"],
        "task_categories": ["text-generation"],
        "tags": ["code", "execution-traces", "program-execution", "ewm"],
        "size_categories": [next((name for size, name in HUB_SIZES if manifest["count"] < size), "1M<n<10M")],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": manifest["split"], "path": f"data/{manifest['split']}-*.parquet"}],
            }
        ],
    }
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined).from_string(
        (Path(__file__).parent / "card.md.j2").read_text(encoding="utf-8")
    )
    return template.render(head=yaml.safe_dump(head, sort_keys=False).strip(), m=manifest)


def _licences(found: Mapping[str, int]) -> list[str]:
    return sorted({HUB_LICENCES.get(name, "other") for name in found})
