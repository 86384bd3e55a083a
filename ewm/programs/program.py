"""One program: its text, how it is called, where it comes from. Nothing here runs anything.

`id` is the hash of what runs; `family` is the hash of its shape (alpha-renamed AST without the call; for grammar
programs constants are erased too), so that near copies never part across splits; what was made of a program (a mutant,
a twin, a call with statements before it) has the family of that one. `split` depends on the family and one salt fixed
here, whatever the data seed: it holds for every stage, pretraining included.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Literal

from ewm.programs.family import normal_form

SCHEMA = 1
SALT = "ewm-families-1"  # changing it voids every held-out figure

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Program:
    """A program as data. `entry` is a call expression run after the module body (None: the body only)."""

    source: str
    entry: str | None = None
    stdin: str = ""
    origin: str = ""  # e.g. "grammar:loop:0:17", "mine:textwrap.dedent", "user"
    licence: str = ""
    level: str = ""  # grammar level or ""
    parent: str = ""  # source of the program that this one was made from, the first one of a chain
    relation: str = ""  # to it: "mutant" (behaves otherwise, proved by running), "twin" (behaves the same), or "call"
    # (a function's own text, to which statements before the call were added)
    schema: int = SCHEMA

    @cached_property
    def id(self) -> str:
        return digest(json.dumps([self.source, self.entry, self.stdin]))

    @cached_property
    def family(self) -> str:
        return digest(normal_form(self.parent or self.source, erase_constants=self.origin.startswith("grammar:")))

    @property
    def split(self) -> Split:
        return split_of(self.family)

    def to_json(self) -> dict[str, object]:
        return {"id": self.id, **asdict(self)}

    @classmethod
    def from_json(cls, row: dict[str, object]) -> Program:
        fields = {k: v for k, v in row.items() if k in cls.__dataclass_fields__}
        return cls(**fields)  # type: ignore[arg-type]


def split_of(family: str) -> Split:
    """80 % train, 5 % validation, 15 % test, by hash(family, salt)."""
    share = int(hashlib.sha256(f"{SALT}:{family}".encode()).hexdigest()[:8], 16) / 2**32
    return "train" if share < 0.80 else "validation" if share < 0.85 else "test"


def digest(text: str) -> str:
    """As ids and families are written."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
