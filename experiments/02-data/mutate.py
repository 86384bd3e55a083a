"""Mutants and twins: how many of each kind are taken, why the others are left out, and how fast.

    python experiments/02-data/mutate.py
    python experiments/02-data/mutate.py --programs 200 --mined stdlib

Of programs of every level that nano is trained on and, with --mined, of programs mined from packages.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from itertools import islice

from rich.console import Console

from ewm.programs import Program, Split
from ewm.programs.levels import TRAINED
from ewm.sources import Grammar, Mine, Mutants, Source, Twins
from ewm.sources.mutate.command import shown
from ewm.sources.mutate.derive import LEFT, TAKEN


class First:
    """The first programs of a source."""

    def __init__(self, source: Source, number: int) -> None:
        self.found = list(islice(source.programs(0), number))

    def programs(self, seed: int, split: Split | None = None) -> Iterator[Program]:
        return iter(self.found)

    def fingerprint(self) -> str:
        return ""


def report(name: str, source: First, per_program: int, console: Console) -> None:
    for kind in (Mutants, Twins):
        made = kind(source, per_program)
        start = time.perf_counter()
        with_event = sum(pair.departure() is not None for pair in made.pairs(0))
        seconds = time.perf_counter() - start
        counts = made.counts
        taken = sum(n for key, n in counts.items() if key.startswith(TAKEN))
        console.print(f"{kind.__name__} of {name}: {len(source.found)} programs, {taken} taken", style="bold")
        console.print(f"{taken / seconds:.0f} taken a second, {counts['candidates'] / seconds:.0f} candidates a second")
        if kind is Mutants:
            console.print(f"an event departs in {with_event} of {taken}")
        for key, n in counts.most_common():
            if key.startswith((TAKEN, LEFT)):
                console.print(f"  {key}: {n} ({n / counts['candidates']:.1%} of candidates)")
            elif key not in ("programs", "candidates"):
                console.print(f"  programs, {key}: {n} ({n / counts['programs']:.1%})")
        console.print(shown(made.funnel))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=500)
    parser.add_argument("--per-program", type=int, default=3)
    parser.add_argument("--mined", nargs="*", default=[], metavar="PACKAGE")
    given = parser.parse_args()
    console = Console(width=120)
    grammar = First(Grammar(dict.fromkeys(TRAINED, 1.0)), given.programs)
    report("the grammar's trained levels", grammar, given.per_program, console)
    if given.mined:
        report(", ".join(given.mined), First(Mine(given.mined), given.programs), given.per_program, console)
