"""Shapes (names and constants erased) that belong to benchmarks: no training data may have one."""

from __future__ import annotations

from functools import cache

from ewm.data.benchmarks.ellora5 import variant
from ewm.sources.mix import shape

VARIANTS = 500


@cache
def banned() -> frozenset[str]:
    """Of the five programs and their 500 seeded variants."""
    return frozenset(shape(variant(index)) for index in range(VARIANTS + 5))
