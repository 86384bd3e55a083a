"""What the commands of `python -m ewm.sources` share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.table import Table


def cannot_write(path: Path) -> Iterator[str]:
    """Why the programs could not be written there, before the minutes that they take; an old file stays as it is."""
    there = path.exists()
    try:
        with path.open("ab"):
            pass
        if not there:
            path.unlink()
    except OSError as error:
        yield f"--output={path}: cannot be written ({error.strerror}). Name a file in a folder that exists."


def table(columns: Mapping[str, Mapping[str, int]]) -> Table:
    """One column a collection, one row a step of its funnel."""
    shown = Table("", *columns)
    for step in dict.fromkeys(step for counts in columns.values() for step in counts):
        shown.add_row(step, *(str(counts.get(step, 0)) for counts in columns.values()))
    return shown
