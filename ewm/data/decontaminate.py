"""Training data has nothing that a benchmark has: not a program under other names, not one with other constants, not a
near copy, whose constants are erased as well: one with a statement more and other numbers is caught.

Small shapes are nobody's: `x = 1; y = x + 1` with its constants erased is in every collection. A program whose names
alone are replaced counts at any size; one with constants erased, or a near copy, from LEAST nodes of syntax on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ewm.data.benchmarks.texts import NAMES, Missing, texts
from ewm.sources.dedup import Fingerprint, Near, Text

# Nodes. Of HumanEval's 164 solutions 10 are smaller than 15, 41 than 30, 83 than 45. Of 12,176 programs that are not
# of it one is banned at 15 and at 30, none at 45: experiments/02-data/near.py banned.
LEAST = 15
NEAR = 0.6
IN_A_BENCHMARK = "in a benchmark: "
SHAPES = frozenset({"ellora5"})  # made by a small grammar: every shape counts, and near copies are other programs


class Benchmarks:
    """Those of the names (`all`: every known one) that can be had here.

    `said`: benchmark -> number of programs, or how to get it.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.said: dict[str, str] = {}
        self._forms: dict[str, str] = {}
        self._shapes: dict[str, str] = {}
        self._near = Near(NEAR)
        self.near = False  # something is looked for by likeness
        for name in dict.fromkeys(known for given in names for known in (NAMES if given == "all" else (given,))):
            try:
                self.said[name] = str(self._add(name))
            except Missing as missing:
                self.said[name] = f"not here; {missing}"

    @property
    def digest(self) -> str:
        """Hash of all that is looked for."""
        return hashlib.sha256("\n".join(sorted({*self._forms, *self._shapes})).encode()).hexdigest()

    def reason(self, found: Fingerprint) -> str | None:
        """ "in a benchmark: NAME", or None: of the whole, or of a function or class in it."""
        names = [self._name(found), *map(self._name, found.parts)]
        name = next(filter(None, names), None)
        return name and IN_A_BENCHMARK + name

    def _name(self, found: Fingerprint) -> str | None:
        name = self._forms.get(found.form) or next(filter(None, map(self._shapes.get, found.shapes)), None)
        if name is None and self.near and found.bare is not None:
            name = min(self._near.names(found.bare), default=None)
        return name

    def _add(self, name: str) -> int:
        count = 0
        for source in texts(name):
            count += 1
            text = Text(source)
            self._look_for(name, text)
            for part in text.parts if name not in SHAPES else ():
                if len(part.nodes) >= LEAST:
                    self._look_for(name, part)
        return count

    def _look_for(self, name: str, text: Text) -> None:
        self._forms.setdefault(text.family, name)
        if name in SHAPES or len(text.nodes) >= LEAST:
            self._shapes.setdefault(text.shape, name)
        if name not in SHAPES and len(text.nodes) >= LEAST:
            self._near.add(name, text.bare)
            self.near = True
