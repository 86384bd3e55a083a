"""`python -m ewm.sources mine PACKAGE... [-o FILE.jsonl]`: mines doctests, traces each program, prints what was left at
each step and writes those whose every value is a literal. `stdlib` is the standard library."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

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
    with Runner(TraceConfig()) as runner:
        for package in given.packages:
            try:
                found = list(Mine([package], given.exclude).programs(0))
            except ValueError as error:
                console.print(str(error))
                return 2
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


def _table(columns: dict[str, Counter[str]]) -> Table:
    table = Table("", *columns)
    for step in dict.fromkeys(step for counts in columns.values() for step in counts):
        table.add_row(step, *(str(counts[step]) for counts in columns.values()))
    return table


if __name__ == "__main__":
    sys.exit(main())
