"""What was found and what was left at each step, in order, then what was left out, by reason, the most frequent first.
As a table and as JSON."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from ewm.sources.mine.mining import STEPS

LEFT = "left out: "
ALL = (*STEPS, "traced", "equal", "equal, literal call and result", "all values are literals", "families")


def ordered(columns: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    """The same, every column with every row, in the order in which they are shown."""
    rows = [step for step in ALL if any(step in counts for counts in columns.values())]
    total: Counter[str] = sum(columns.values(), Counter())
    rows += [reason for reason, _ in total.most_common() if reason.startswith(LEFT)]
    return {name: {row: counts.get(row, 0) for row in rows} for name, counts in columns.items()}


def write_json(path: Path, columns: Mapping[str, Counter[str]]) -> None:
    aside = path.with_name(f"{path.name}.{os.getpid()}.part")
    aside.write_text(json.dumps(ordered(columns), indent=1) + "\n", encoding="utf-8")
    aside.replace(path)
