"""Which level a candidate program comes from: drawn by weight, after a first part that is given in counts."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Curriculum:
    """`levels`: weights of the draw. `first`: level -> number of candidates before it, one level after the other.
    `knobs`: level -> how it is written, where not by its own (presets)."""

    levels: Mapping[str, float]
    first: Mapping[str, int] = field(default_factory=dict)
    knobs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def level(self, rng: random.Random, index: int) -> str:
        """The level of candidate `index`; takes one draw from `rng` whatever the index."""
        drawn = rng.choices(list(self.levels), list(self.levels.values()))[0]
        for name, count in self.first.items():
            if index < count:
                return name
            index -= count
        return drawn
