"""What the generator knows while it writes: names in scope with proven bounds, lines, indentation, random choices."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from ewm.programs.levels import Level

T = TypeVar("T")


@dataclass(frozen=True)
class Int:
    """An integer in [lo, hi]."""

    lo: int
    hi: int

    def join(self, other: Int) -> Int:
        return Int(min(self.lo, other.lo), max(self.hi, other.hi))


@dataclass(frozen=True)
class Str:
    """A lower-case word of length in [lo, hi]."""

    lo: int
    hi: int


@dataclass(frozen=True)
class List:
    """A list of integers (or of words when `element` is Str) of length in [lo, hi]."""

    lo: int
    hi: int
    element: Int | Str


@dataclass(frozen=True)
class Dict:
    """A dict with these keys for certain and integer values."""

    keys: tuple[str, ...]
    value: Int


@dataclass(frozen=True)
class Other:
    """A value that later statements only show."""


Type = Int | Str | List | Dict | Other


@dataclass
class Gen:
    """One program being written. `budget`: how much each accumulator may still change in one turn of the loop."""

    rng: random.Random
    level: Level
    scope: dict[str, Type] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    defs: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    indent: int = 0
    locked: set[str] = field(default_factory=set)
    budget: dict[str, float] = field(default_factory=dict)
    times: int = 1  # how often the current line may run
    entry: str | None = None
    changed: list[str] = field(default_factory=list)  # targets of the written lines, in order

    def emit(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)
        if target := re.match(r"(\w+)(?: [-+*/%]*= |\[|\.(?:append|pop|insert|extend|sort|reverse)\()", text):
            self.changed.append(target[1])

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        self.emit(header)
        self.indent += 1
        yield
        self.indent -= 1

    def fresh(self, pool: Sequence[str]) -> str:
        free = [name for name in pool if name not in self.taken] or [f"{pool[0]}{len(self.taken)}"]
        name = self.rng.choice(free)
        self.taken.add(name)
        return name

    def pick(self, weights: dict[str, float]) -> str:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def between(self, lo: int, hi: int) -> int:
        return self.rng.randint(lo, hi)

    def names(self, kind: type[Type], free: bool = False) -> list[str]:
        return [n for n, t in self.scope.items() if isinstance(t, kind) and not (free and n in self.locked)]

    def one(self, options: Sequence[T]) -> T:
        return self.rng.choice(options)

    def function(self) -> Gen:
        """A writer for a function's body: same choices, own scope."""
        return Gen(self.rng, self.level, indent=1)
