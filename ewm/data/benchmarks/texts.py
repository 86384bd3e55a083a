"""The programs of benchmarks as texts, for decontamination: read where they lie, never run, never trained on.

ellora5 is made here; `files` knows where the others are; any JSONL file can be named.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ewm.config.errors import ConfigError
from ewm.data.benchmarks.ellora5 import variant
from ewm.data.benchmarks.files import HUB, Missing, located, rows

__all__ = ["NAMES", "Missing", "texts"]

VARIANTS = 500  # of the five programs
COLUMNS = ("code", "source", "canonical_solution", "solution")
NAMES = ("ellora5", "humaneval", *HUB)


def texts(name: str) -> Iterator[str]:
    """Missing for a known benchmark that is not here; ConfigError for what is neither a benchmark nor a file."""
    if name == "ellora5":
        return (variant(index).source for index in range(VARIANTS + 5))
    if name in NAMES:
        return (text for path in located(name) for text in _of(rows(path)))
    if not Path(name).is_file():
        raise ConfigError(f"data.decontaminate: {name}: no benchmark and no file. Benchmarks: all, {', '.join(NAMES)}.")
    return _of(rows(Path(name)))


def _of(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        text = next((row[name] for name in COLUMNS if isinstance(row.get(name), str)), None)
        if text is not None:  # a solution may be the body of the function that the prompt begins
            yield row["prompt"] + text if "entry_point" in row and "prompt" in row else text
