"""Doctests and pytest tests of packages and of folders as programs with a call.

`>>> f(args)` becomes Program(source, entry), where the source holds f and all that it needs. Sources are read, never
run; tests, where asked for, run in isolation. Whether a program runs, and to what end, tracing says later. Besides the
split of its family a program has that of its module's top package, or of its folder: training takes nothing from a
package of the test split.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from ewm.config.schema import TraceConfig
from ewm.programs import Program, Split, split_of
from ewm.programs.constructs import constructs
from ewm.sources.mine.mining import Mined, collection, known, mine, version

__all__ = ["Mine"]


class Mine:
    """Finite: the mined programs in an order drawn by the seed.

    `packages`: importable names, "stdlib" for all of it, or folders (with a slash in their name). `tests`: also run a
    folder's tests, in isolation. `cache_dir`: folder
    where what was mined is kept, by content. `counts`: what was found, what was left out, and why.
    """

    def __init__(
        self,
        packages: Sequence[str] = ("stdlib",),
        exclude_constructs: Sequence[str] = (),
        licence: str = "",
        tests: bool = True,
        cache_dir: str | None = None,
    ) -> None:
        self.packages, self.licence, self.tests, self.cache_dir = tuple(packages), licence, tests, cache_dir
        self.excluded = frozenset(exclude_constructs)
        self.counts: Counter[str] = Counter()
        self._level: tuple[str, str | None] = ("auto", None)
        for package in packages:
            known(package)

    def isolated(self, trace: TraceConfig) -> None:
        """Of the tests that it runs."""
        self._level = trace.isolation, trace.require

    def programs(self, seed: int, split: Split | None = None) -> Iterator[Program]:
        found: list[Program] = []
        self.counts.clear()
        for package in self.packages:
            mined, counts = _mined(package, self.licence, self.tests, self.cache_dir, self._level)
            self.counts.update(counts)
            found += [one.program for one in mined]
        random.Random(f"mine:{seed}").shuffle(found)
        for program in found:
            if split is not None and (program.split != split or (split != "test" and held_out(program))):
                self.counts["left out: another split"] += 1
            elif self.excluded and not self.excluded.isdisjoint(constructs(program.source)):
                self.counts["left out: a construct of exclude_constructs"] += 1
            else:
                yield program

    def fingerprint(self) -> str:
        """What the programs depend on beside seed and config."""
        return ", ".join(f"{name} {version(name)}" for name in self.packages)


def held_out(program: Program) -> bool:
    """The top package that the program was mined from belongs to the test split."""
    unit = program.origin.removeprefix("mine:").partition(".")[0]
    return split_of(f"package:{unit}") == "test"


@cache
def _mined(
    package: str, licence: str, tests: bool, keep: str | None, level: tuple[str, str | None]
) -> tuple[list[Mined], Counter[str]]:
    trace = TraceConfig(isolation=level[0], require=level[1])
    return mine(collection(package, licence), tests, Path(keep) if keep else None, trace=trace)
