"""What the commands of `python -m ewm.sources` share."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.table import Table

from ewm.config import limits
from ewm.config.schema import TraceConfig


def add_isolation(parser: argparse.ArgumentParser) -> None:
    """The options that say in which isolation programs run."""
    levels = limits.CHOICES["trace.isolation"]
    parser.add_argument("--isolation", choices=levels, default="auto", help="of what is run; default: the highest here")
    parser.add_argument("--require", choices=levels[1:], help="refuse to run anything below this level")


def isolation(given: argparse.Namespace) -> TraceConfig:
    return TraceConfig(isolation=given.isolation, require=given.require)


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
