"""Doctests of the standard library and of installed packages as programs with a call. Sources are read, never run.

`>>> f(args)` with a literal as expected output, f a plain function that can be taken out of its module together with
what it needs, becomes Program(source, entry). Whether it runs, and to what end, tracing says later. Besides the split
of its family a program has that of its module's top package: training takes nothing from a package of the test split.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

from ewm.programs import Program, Split, split_of
from ewm.programs.constructs import constructs
from ewm.sources.mine import packages as installed
from ewm.sources.mine.doctests import candidates

__all__ = ["Mine", "funnel"]


class Mine:
    """Finite: the mined programs in an order drawn by the seed. `packages`: importable names; "stdlib" is all of it."""

    def __init__(self, packages: Sequence[str] = ("stdlib",), exclude_constructs: Sequence[str] = ()) -> None:
        for package in packages:
            if package != installed.STDLIB:
                installed.found(package)
        self.packages = tuple(packages)
        self.excluded = frozenset(exclude_constructs)

    def programs(self, seed: int, split: Split | None = None) -> Iterator[Program]:
        found = [p for package in self.packages for p in _mined(package)[0]]
        random.Random(f"mine:{seed}").shuffle(found)
        for program in found:
            if split is not None and (program.split != split or (split != "test" and held_out(program))):
                continue
            if self.excluded and not self.excluded.isdisjoint(constructs(program.source)):
                continue
            yield program

    def fingerprint(self) -> str:
        """What the programs depend on beside seed and config."""
        return ", ".join(f"{name} {installed.version(name)}" for name in self.packages)


def held_out(program: Program) -> bool:
    """The top package that the program was mined from belongs to the test split."""
    unit = program.origin.removeprefix("mine:").partition(".")[0]
    return split_of(f"package:{unit}") == "test"


def funnel(package: str) -> Counter[str]:
    """How many modules, examples ... were left at each step."""
    return _mined(package)[1]


@cache
def _mined(package: str) -> tuple[tuple[Program, ...], Counter[str]]:
    counts: Counter[str] = Counter()
    licence = installed.licence(package)
    found: dict[str, Program] = {}
    for module, path in installed.modules(package):
        counts["modules"] += 1
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if ">>>" not in text:
            continue
        counts["modules with doctests"] += 1
        for function, source, entry in candidates(text, module, counts):
            program = Program(source, entry, origin=f"mine:{module}.{function}", licence=licence)
            if program.id not in found:
                counts["programs"] += 1
                found[program.id] = program
    return tuple(found.values()), counts
