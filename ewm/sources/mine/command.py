"""`python -m ewm.sources mine PACKAGE_OR_FOLDER... [-o FILE.jsonl]`: mines doctests and tests, traces each program,
prints what was left at each step and writes those that do what is said of them and whose every value is a literal.

A folder is a name with a slash (`./repo`); any other name is an installed package; `stdlib` is the standard library.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from rich.console import Console

from ewm import formats
from ewm.config import limits
from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.programs.constructs import constructs
from ewm.programs.corpora import write_jsonl
from ewm.sources.mine.checking import check, count
from ewm.sources.mine.funnel import ordered, write_json
from ewm.sources.mine.mining import collection, mine
from ewm.sources.output import add_isolation, cannot_write, isolation, table
from ewm.tracing import Trace

HELP = "doctests and tests of packages and folders as programs with a call"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("packages", nargs="+", metavar="PACKAGE_OR_FOLDER", help="importable name, stdlib, or ./folder")
    parser.add_argument("-o", "--output", default="mined.jsonl", help="default: mined.jsonl")
    parser.add_argument("--json", action="store_true", help="also write the table, as OUTPUT with .funnel.json")
    parser.add_argument("--licence", default="", help="of all that is mined; default: what the package says")
    parser.add_argument("--tests", action=argparse.BooleanOptionalAction, default=True, help="of folders; run isolated")
    parser.add_argument("--exclude", nargs="*", default=[], metavar="CONSTRUCT", help="what no program may have")
    parser.add_argument("--max-events", type=int, default=TraceConfig.max_events, metavar="N", help="of one program")
    add_isolation(parser)
    parser.add_argument("--processes", type=int, default=0, metavar="N", help="default: one per core")


def run(given: argparse.Namespace, console: Console) -> int:
    """The command's exit code."""
    output = Path(given.output)
    figures = output.with_suffix(".funnel.json")
    places = [output, figures] if given.json else [output]
    cfg = replace(isolation(given), max_events=given.max_events, workers=given.processes)
    wrong = [*_unknown(given.packages), *limits.values(SimpleNamespace(trace=cfg))]
    if wrong := [*wrong, *(line for place in places for line in cannot_write(place))]:
        console.print("\n".join(wrong), markup=False, soft_wrap=True)
        return 2
    kept: dict[str, Program] = {}
    columns: dict[str, Counter[str]] = {}
    for package in given.packages:
        found = collection(package, given.licence)
        with console.status(f"{found.name}: reading {len(found.modules)} modules"):
            mined, counts = mine(found, given.tests, processes=given.processes, trace=cfg)
        columns[found.name] = counts
        wanted = [one for one in mined if not _has(one.program, given.exclude)]
        if given.exclude:
            counts["left out: --exclude"] = len(mined) - len(wanted)
        own: dict[str, Program] = {}
        with console.status(f"{found.name}: tracing {len(wanted)} programs"):
            for one in count(check(wanted, cfg), counts):
                if _whole(one.mined.program, one.trace):
                    own[one.mined.program.id] = one.mined.program
                else:
                    counts["left out: not all values are literals"] += 1
        counts["all values are literals"] = len(own)
        counts["families"] = len({program.family for program in own.values()})
        kept |= own
    if given.json:
        write_json(figures, columns)
    console.print(table(ordered(columns)))
    console.print(f"{write_jsonl(output, kept.values())} programs -> {output}")
    return 0


def _whole(program: Program, trace: Trace) -> bool:
    return formats.truth(trace, program, "trace", "delta").complete


def _has(program: Program, excluded: Sequence[str]) -> bool:
    return bool(excluded) and not constructs(program.source).isdisjoint(excluded)


def _unknown(packages: Sequence[str]) -> Iterator[str]:
    for package in packages:
        try:
            collection(package)
        except ValueError as error:
            yield str(error)
