"""Held-out figures over a run, and whether they have fallen by more than their own noise.

A curve is compared by the means of two evaluations in a row. Its noise is taken from its second differences, which a
steady rise or fall leaves alone, and which are too few at first: until they are many, a usual noise counts beside them.
A fall is one if it is several times that noise, and so many points.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from ewm.evaluation.groups import level_kind

LEAST = 4  # evaluations before anything is said
TIMES = 4.0  # the noise
USUAL = 0.04  # noise of all items, or of all known levels together, before it is measured; of one level twice that
WEIGHT = 4  # the number of second differences that the usual noise counts for
FALL = 0.05  # of all items, or of all known levels together; one level, which has few items: three times that
RISE = 0.02  # of the reward in training

KNOWN = "validation/known/exact"
LEVEL = "validation/level/"


@dataclass(frozen=True)
class Fall:
    """From `before`, at `step`, to `now`."""

    before: float
    now: float
    step: int


@dataclass(frozen=True)
class Point:
    """`reward`: in training, on average over the lines before."""

    step: int
    value: float
    reward: float | None


@dataclass
class Heldout:
    """Every curve under validation/."""

    curves: dict[str, list[Point]] = field(default_factory=dict)

    def add(self, values: Mapping[str, Any], step: int, reward: float | None) -> bool:
        """Whether there were any."""
        found = {
            name: value for name, value in values.items() if name.startswith("validation/") and math.isfinite(value)
        }
        for name, value in found.items():
            self.curves.setdefault(name, []).append(Point(step, value, reward))
        return bool(found)

    def turned(self, metric: str) -> Fall | None:
        """The fall of this curve from its best, if the reward in training has risen meanwhile."""
        points = self.curves.get(metric, [])
        means = _pairs([point.value for point in points])
        if not means:
            return None
        best = max(range(len(means)), key=lambda at: means[at])
        gain = _reward(points[-2:]) - _reward(points[best : best + 2])
        return _fall(points, best, FALL, USUAL) if gain >= RISE else None

    def lost(self) -> Iterator[tuple[str, Fall]]:
        """Every known level, and all of them together, that is worse than at the beginning."""
        for metric, points in self.curves.items():
            one = metric.startswith(LEVEL) and _known(metric.removeprefix(LEVEL).removesuffix("/exact"))
            if one or metric == KNOWN:
                fall = _fall(points, 0, *((3 * FALL, 2 * USUAL) if one else (FALL, USUAL)))
                if fall is not None:
                    yield metric, fall


def _number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _known(level: str) -> bool:
    """Training has programs of it; no level of the grammar counts as one."""
    return level_kind(level) in ("known", "")


def _fall(points: Sequence[Point], since: int, least: float, usual: float) -> Fall | None:
    """From the pair of evaluations at `since` to the last pair, if it is a fall at all. `usual`: noise."""
    values = [point.value for point in points]
    if len(values) < LEAST:
        return None
    means = _pairs(values)
    fall = Fall(means[since], means[-1], points[since].step)
    deep = fall.before - fall.now >= max(least, TIMES * _noise(values, usual))
    return fall if deep else None


def _pairs(values: Sequence[float]) -> list[float]:
    return [(left + right) / 2 for left, right in zip(values, values[1:], strict=False)]


def _noise(values: Sequence[float], usual: float) -> float:
    """Standard deviation of one evaluation."""
    bends = [a - 2 * b + c for a, b, c in zip(values, values[1:], values[2:], strict=False)]
    return math.sqrt((sum(bend**2 / 6 for bend in bends) + WEIGHT * usual**2) / (len(bends) + WEIGHT))


def _reward(points: Sequence[Point]) -> float:
    known = [point.reward for point in points if point.reward is not None]
    return fmean(known) if known else math.nan
