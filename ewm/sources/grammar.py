"""Programs of the seeded grammar, drawn from levels by weight."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from types import MappingProxyType
from typing import Annotated, Any

from ewm.config.signature import AtLeast, OneOf
from ewm.programs import Program, Split
from ewm.programs.curriculum import Curriculum
from ewm.programs.grammar import mark, program
from ewm.programs.levels import VERSION
from ewm.programs.presets import ALL, given, turned

SEEDS = 1_000_003  # apart from the seeds that pretraining draws from

Weight = Annotated[float, AtLeast(0)]
Count = Annotated[int, AtLeast(0)]


class Grammar:
    """Endless. Candidate i is a function of (seed, levels, first, knobs, i); a split takes those of its families."""

    def __init__(
        self,
        levels: Annotated[Mapping[str, Weight], OneOf(tuple(ALL))],
        first: Annotated[Mapping[str, Count], OneOf(tuple(ALL))] = MappingProxyType({}),
        knobs: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        unknown = [name for name in (*levels, *first) if name not in ALL]
        if unknown:
            raise ValueError(f"no grammar level {', '.join(unknown)}. Levels: {', '.join(ALL)}.")
        if not sum(levels.values()) > 0:
            raise ValueError("levels: the weights sum to zero. Give one of them a weight above zero.")
        self.knobs = given(knobs)
        for name in (*levels, *first):
            turned(name, self.knobs)
        self.curriculum = Curriculum(dict(levels), dict(first))

    def programs(self, seed: int, split: Split | None = None) -> Iterator[Program]:
        for draft in self.drafts(seed):
            candidate = draft()
            if split is None or candidate.split == split:
                yield candidate

    def drafts(self, seed: int) -> Iterator[Callable[[], Program]]:
        """The candidates of every split, each to be made by whoever calls it, in another process too."""
        rng = random.Random(f"levels:{seed}")
        for index in count():
            yield partial(program, SEEDS + seed, index, self.curriculum.level(rng, index), self.knobs)

    def fingerprint(self) -> str:
        """What the programs depend on beside seed and config."""
        return f"grammar {VERSION}{mark(self.knobs)}"
