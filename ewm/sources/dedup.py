"""Stand-in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ewm.programs import Program
from ewm.sources.mix import shape


@dataclass(frozen=True)
class Fingerprint:
    id: str
    family: str
    shape: str
    bands: tuple[int, ...] = ()


def fingerprint(program: Program) -> Fingerprint:
    return Fingerprint(program.id, program.family, shape(program))


class Distinct:
    def __init__(self, per_family: int, near: float | None = None) -> None:
        self.per_family = per_family
        self._ids: set[str] = set()
        self._families: Counter[str] = Counter()

    def reason(self, fp: Fingerprint) -> str | None:
        if fp.id in self._ids:
            return "duplicate"
        if self._families[fp.family] >= self.per_family:
            return "family is full"
        self._ids.add(fp.id)
        self._families[fp.family] += 1
        return None
