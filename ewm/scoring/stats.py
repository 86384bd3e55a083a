"""Intervals and tests for evaluation figures. Seeded: the same numbers give the same interval.

`families` names the cluster of each value: items of one program family are not independent, so resampling draws whole
families. Where nothing varies (every family alike) a bootstrap would claim a width of zero; Wilson's bound on the
number of families stands in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import binomtest, norm

RESAMPLES = 5_000
_CELLS = 2_000_000  # of the resampling matrix at a time


@dataclass(frozen=True)
class Interval:
    """A mean over n values of so many families, and its interval."""

    mean: float
    low: float
    high: float
    n: int
    families: int


def wilson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a share; only where each item is its own family. n = 0 says nothing: (0, 1)."""
    if n == 0:
        return 0.0, 1.0
    z = float(norm.ppf((1 + level) / 2))
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (0.0 if successes == 0 else max(0.0, centre - half)), (1.0 if successes == n else min(1.0, centre + half))


def bootstrap_mean(
    values: Sequence[float], families: Sequence[str], level: float = 0.95, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """Mean of all values, percentile interval over resampled families."""
    return _interval(values, families, level, seed, resamples, lowest=0.0)


def _interval(
    values: Sequence[float], families: Sequence[str], level: float, seed: int, resamples: int, lowest: float
) -> Interval:
    sums, counts = _by_family(values, families)
    if not len(sums):
        raise ValueError("no values to average")
    mean = float(sums.sum() / counts.sum())
    low, high = _percentiles(_resampled_means(sums, counts, np.random.default_rng(seed), resamples), level)
    if np.ptp(sums / counts) == 0:
        low, high = _without_spread(mean, len(sums), level, lowest)
    return Interval(mean, low, high, len(values), len(sums))


def paired_difference(
    a: Sequence[float], b: Sequence[float], families: Sequence[str], level: float = 0.95, seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:  # fmt: skip
    """a - b on the same items."""
    difference = np.asarray(a, dtype=float) - np.asarray(b, dtype=float)
    return _interval(difference.tolist(), families, level, seed, resamples, lowest=-1.0)


def two_level(
    runs: Sequence[tuple[Sequence[float], Sequence[str]]], level: float = 0.95, seed: int = 0, resamples: int = 2_000
) -> Interval:
    """Mean over training runs, one (values, families) each: seeds are resampled, then families.

    A resample draws its families once, for all its seeds: runs that were asked the same programs share the luck of
    having been asked those, and averaging over seeds does not take it away.
    """
    if not runs:
        raise ValueError("no runs to average")
    rng = np.random.default_rng(seed)
    codes: dict[str, int] = {}
    for _, families in runs:
        for family in families:
            codes.setdefault(family, len(codes))
    tables = [_by_family(values, families, codes) for values, families in runs]
    sums, counts = (np.stack(parts) for parts in zip(*tables, strict=True))
    if not counts.sum(1).all():
        raise ValueError("no values to average")
    means = sums.sum(1) / counts.sum(1)
    drawn = rng.integers(0, len(runs), (resamples, len(runs)))
    inner = _resampled_means(sums, counts, rng, resamples)
    low, high = _percentiles(np.take_along_axis(inner, drawn, axis=1).mean(1), level)
    if low == high:
        low, high = _without_spread(float(means.mean()), len(codes), level, lowest=-1.0)
    return Interval(float(means.mean()), low, high, sum(len(values) for values, _ in runs), len(codes))


def mcnemar(a: Sequence[bool], b: Sequence[bool]) -> float:
    """Exact two-sided p of two fixed models being right equally often on the same items."""
    only_a = sum(bool(x) and not y for x, y in zip(a, b, strict=True))
    only_b = sum(bool(y) and not x for x, y in zip(a, b, strict=True))
    if only_a + only_b == 0:
        return 1.0
    return float(binomtest(only_a, only_a + only_b, 0.5).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values of one study, in the given order: reject where the adjusted one is below alpha."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def _by_family(
    values: Sequence[float], families: Sequence[str], codes: dict[str, int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Sum and count of the values of each family, in the order of `codes` (family -> place)."""
    if len(values) != len(families):
        raise ValueError(f"{len(values)} values but {len(families)} families")
    codes = {} if codes is None else codes
    index = np.array([codes.setdefault(family, len(codes)) for family in families], dtype=np.int64)
    size = len(codes)
    return np.bincount(index, np.asarray(values, dtype=float), size), np.bincount(index, minlength=size).astype(float)


def _resampled_means(sums: np.ndarray, counts: np.ndarray, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """[families] -> [resamples]; [runs, families] -> [resamples, runs], one draw of families for all runs. A run of
    whose families none was drawn keeps its mean."""
    size, parts, left = sums.shape[-1], [], resamples
    mean = sums.sum(-1) / counts.sum(-1)
    while left:
        now = min(left, max(1, _CELLS // size))
        times = rng.multinomial(size, np.full(size, 1 / size), now)
        number = times @ counts.T
        parts.append(np.where(number > 0, (times @ sums.T) / np.maximum(number, 1), mean))
        left -= now
    return np.concatenate(parts)


def _percentiles(means: np.ndarray, level: float) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _without_spread(mean: float, families: int, level: float, lowest: float) -> tuple[float, float]:
    """Metrics lie in [0, 1] and their differences in [-1, 1]; other values get the width without the ends."""
    width = wilson(0, families, level)[1]
    if lowest <= mean <= 1:
        return max(lowest, mean - width), min(1.0, mean + width)
    return mean - width, mean + width
