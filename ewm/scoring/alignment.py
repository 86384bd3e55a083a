"""Global alignment of two step lists by place alone, unit costs, ties leftmost. Values never steer it.

Exact up to LIMIT steps a side; what lies beyond is left unaligned (it counts as missing or as extra), so that an
answer of a hundred thousand steps costs no more than one of LIMIT.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

LIMIT = 2_000


def align(predicted: Sequence[Hashable], true: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pairs (index in `predicted`, index in `true`) of equal items, in order, of the cheapest alignment."""
    predicted, true = predicted[:LIMIT], true[:LIMIT]
    start = 0
    while start < min(len(predicted), len(true)) and predicted[start] == true[start]:
        start += 1
    pairs = [(i, i) for i in range(start)]
    pairs += [(p + start, t + start) for p, t in _table(predicted[start:], true[start:])]
    return pairs


def _table(predicted: Sequence[Hashable], true: Sequence[Hashable]) -> list[tuple[int, int]]:
    if not predicted or not true:
        return []
    codes: dict[Hashable, int] = {}
    p = np.array([codes.setdefault(item, len(codes)) for item in predicted], dtype=np.int32)
    t = np.array([codes.setdefault(item, len(codes)) for item in true], dtype=np.int32)
    columns = np.arange(len(p) + 1, dtype=np.int32)
    cost = np.empty((len(t) + 1, len(p) + 1), dtype=np.int32)
    cost[0] = columns
    for i in range(1, len(t) + 1):
        above = cost[i - 1]
        best = above + 1  # the true step is missing from the prediction
        best[1:] = np.minimum(best[1:], above[:-1] + (p != t[i - 1]))
        cost[i] = np.minimum.accumulate(best - columns) + columns  # then extra predicted steps
    return _walk_back(cost, p, t)


def _walk_back(cost: np.ndarray, p: np.ndarray, t: np.ndarray) -> list[tuple[int, int]]:
    """Gaps are taken as late as the cost allows, so that matches lie leftmost."""
    pairs = []
    i, j = len(t), len(p)
    while i and j:
        here = cost[i, j]
        if here == cost[i, j - 1] + 1:
            j -= 1
        elif here == cost[i - 1, j] + 1:
            i -= 1
        else:
            i, j = i - 1, j - 1
            if p[j] == t[i]:
                pairs.append((j, i))
    return pairs[::-1]
