"""`python -m ewm.sources mine PACKAGE... [-o FILE.jsonl]`: mines doctests, traces each program, prints what was left at
each step and writes those whose every value is a literal. `stdlib` is the standard library."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ewm import formats
from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.programs.corpora import write_jsonl
from ewm.sources.mine import Mine, funnel
from ewm.tracing import Runner


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ewm.sources", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    mine = commands.add_parser("mine", help="doctests of packages as programs with a call")
    mine.add_argument("packages", nargs="+", metavar="PACKAGE", help="importable name, or stdlib")
    mine.add_argument("-o", "--output", default="mined.jsonl", help="default: mined.jsonl")
    mine.add_argument("--exclude", nargs="*", default=[], metavar="CONSTRUCT", help="what no program may have")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    kept: list[Program] = []
    columns: dict[str, Counter[str]] = {}
    if wrong := [*_unknown(given.packages), *_no_file(Path(given.output))]:
        console.print("\n".join(wrong), markup=False, soft_wrap=True)
        return 2
    with Runner(TraceConfig()) as runner:
        for package in given.packages:
            found = list(Mine([package], given.exclude).programs(0))
            counts = columns[package] = Counter(funnel(package))
            counts["programs"] = len(found)  # after --exclude
            for program, trace in zip(found, runner.trace_all(found), strict=True):
                counts["finished"] += trace.finished
                if trace.finished and formats.truth(trace, program, "trace", "delta").complete:
                    counts["all values are literals"] += 1
                    counts["families"] += program.family not in {p.family for p in kept}
                    kept.append(program)
    console.print(_table(columns))
    console.print(f"{write_jsonl(given.output, kept)} programs -> {given.output}")
    return 0


def _unknown(packages: Sequence[str]) -> Iterator[str]:
    for package in packages:
        try:
            Mine([package])
        except ValueError as error:
            yield str(error)


def _no_file(path: Path) -> Iterator[str]:
    """Why the programs could not be written there, before the minutes that they take; an old file stays as it is."""
    there = path.exists()
    try:
        with path.open("ab"):
            pass
        if not there:
            path.unlink()
    except OSError as error:
        yield f"--output={path}: cannot be written ({error.strerror}). Name a file in a folder that exists."


def _table(columns: dict[str, Counter[str]]) -> Table:
    table = Table("", *columns)
    for step in dict.fromkeys(step for counts in columns.values() for step in counts):
        table.add_row(step, *(str(counts[step]) for counts in columns.values()))
    return table


if __name__ == "__main__":
    sys.exit(main())
