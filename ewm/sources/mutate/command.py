"""`python -m ewm.sources mutate FILE [-o OUT.jsonl] [--kind mutant|twin] [--per-program N]`: mutants or twins of the
programs of a JSONL or parquet file, proved by running, and what became of the edits of each kind.

A mutant's row has two keys beside those of a program: `localise` {"line", "kind", "event"}, where its run departs from
that of the mended program (the line in the mutant's numbers), if an event does; and `mended`, the text of the mended
program, where that is not `parent` because the program that was edited is derived itself.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ewm.programs.corpora import read
from ewm.sources.corpus import Corpus
from ewm.sources.mutate.derive import LEFT, TAKEN, Funnel, Pair
from ewm.sources.mutate.mutants import Mutants
from ewm.sources.mutate.twins import Twins
from ewm.sources.output import add_isolation, cannot_write, isolation

HELP = "programs with a mistake, or in other words, made of those of a file"
KINDS = {"mutant": Mutants, "twin": Twins}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="programs, .jsonl or .parquet, or a folder of them")
    parser.add_argument("-o", "--output", default="", help="default: mutants.jsonl or twins.jsonl")
    parser.add_argument("--kind", choices=tuple(KINDS), default="mutant", help="default: mutant")
    parser.add_argument("--per-program", type=int, default=1, metavar="N", help="at most; default: 1")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    add_isolation(parser)
    parser.add_argument("--processes", type=int, default=0, metavar="N", help="default: one per core")


def run(given: argparse.Namespace, console: Console) -> int:
    """The command's exit code."""
    output = Path(given.output or f"{given.kind}s.jsonl")
    if wrong := list(_wrong(given, output)):
        console.print("\n".join(wrong), markup=False, soft_wrap=True)
        return 2
    source = KINDS[given.kind](Corpus(given.file), given.per_program, workers=given.processes)
    source.isolated(isolation(given))
    with console.status(f"{given.file}: {given.kind}s"):
        count = _write(output, source.pairs(given.seed))
    console.print(shown(source.funnel))
    programs = [f"{n} {name}" for name, n in source.counts.items() if not name.startswith((TAKEN, LEFT))]
    console.print(", ".join(programs), markup=False)
    console.print(f"{count} {given.kind}s -> {output}")
    return 0


def row(pair: Pair) -> dict[str, Any]:
    """As it is written."""
    found = pair.program.to_json()
    if pair.program.relation == "mutant":
        departure = pair.departure()
        found |= {"localise": asdict(departure)} if departure else {}
        found |= {"mended": pair.original.source} if pair.original.source != pair.program.parent else {}
    return found


def shown(funnel: Funnel) -> Table:
    """Of all candidates and of each kind: how many there were, how many were taken, and how or why not."""
    found = Table(*("", "candidates", "taken", "how, and why the others were left out"))
    for kind, counts in {"all": funnel.counts, **dict(sorted(funnel.kinds.items()))}.items():
        taken = Counter({k: n for k, n in counts.items() if k.startswith(TAKEN)})
        left = Counter({k: n for k, n in counts.items() if k.startswith(LEFT)})
        parts = [f"{name.partition(': ')[2]} {n}" for each in (taken, left) for name, n in each.most_common()]
        found.add_row(kind, str(taken.total() + left.total()), str(taken.total()), ", ".join(parts))
    return found


def _wrong(given: argparse.Namespace, output: Path) -> Iterator[str]:
    if given.per_program < 1:
        yield f"--per-program={given.per_program}: must be at least 1."
    if given.processes < 0:
        yield f"--processes={given.processes}: must be at least 0."
    if not Path(given.file).exists():
        yield f"{given.file}: no such file. It wants programs, one JSON object a line with `source`."
        return
    if output.exists() and output.samefile(given.file):
        yield f"--output={output}: is the file that is read. Name another."
        return
    try:
        for _ in read(given.file):
            pass
    except ValueError as error:
        yield str(error)
    yield from cannot_write(output)


def _write(path: Path, pairs: Iterator[Pair]) -> int:
    """The number of rows; the file is the old one or the whole new one."""
    count, aside = 0, path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("w", encoding="utf-8") as file:
            for count, pair in enumerate(pairs, 1):  # noqa: B007
                file.write(json.dumps(row(pair)) + "\n")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return count
