"""`python -m ewm.sources mine PACKAGE... [-o FILE.jsonl]`: mines doctests, traces each program, prints what was left at
each step and writes those whose every value is a literal. `stdlib` is the standard library."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from ewm import formats
from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.programs.corpora import write_jsonl
from ewm.sources.mine import Mine, funnel
from ewm.sources.output import cannot_write, table
from ewm.tracing import Runner

HELP = "doctests of packages as programs with a call"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("packages", nargs="+", metavar="PACKAGE", help="importable name, or stdlib")
    parser.add_argument("-o", "--output", default="mined.jsonl", help="default: mined.jsonl")
    parser.add_argument("--exclude", nargs="*", default=[], metavar="CONSTRUCT", help="what no program may have")


def run(given: argparse.Namespace, console: Console) -> int:
    """The command's exit code."""
    kept: list[Program] = []
    columns: dict[str, Counter[str]] = {}
    if wrong := [*_unknown(given.packages), *cannot_write(Path(given.output))]:
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
    console.print(table(columns))
    console.print(f"{write_jsonl(given.output, kept)} programs -> {given.output}")
    return 0


def _unknown(packages: Sequence[str]) -> Iterator[str]:
    for package in packages:
        try:
            Mine([package])
        except ValueError as error:
            yield str(error)
