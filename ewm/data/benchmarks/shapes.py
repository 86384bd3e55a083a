"""Shapes (names and constants erased) that belong to benchmarks: no training data may have one."""

from __future__ import annotations

from functools import cache

from ewm.data.benchmarks.texts import texts
from ewm.sources.dedup import Text


@cache
def banned() -> frozenset[str]:
    """Of ellora5's five programs and their seeded variants."""
    return frozenset(Text(source).shape for source in texts("ellora5"))
