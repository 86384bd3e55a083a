"""pass@k, and what a curve of it tells: has the model come to solve more, or does it say more surely what it had?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ewm.scoring import stats


def pass_at_k(n: int, right: int, k: int) -> float:
    """Chance that one of k samples is right, drawn without replacement from n of which `right` are.

    The unbiased estimator of Chen et al. 2021 (arXiv:2107.03374, equation 1).
    """
    if not 0 <= right <= n or not 1 <= k <= n:
        raise ValueError(f"pass@{k} of {right} right among {n}: wants 1 <= k <= n and 0 <= right <= n")
    return 1.0 - math.comb(n - right, k) / math.comb(n, k)


def change(first: Sequence[int | None], last: Sequence[int | None], n: int, k: int, families: Sequence[str]) -> str:
    """From the first to the last evaluation of the same examples, n samples each, as a sentence.

    pass@1 up and pass@k up is capability; pass@1 up alone is sharpening. Up: the 95 % interval lies above 0.
    """
    both = [(a, b, f) for a, b, f in zip(first, last, families, strict=True) if a is not None and b is not None]
    if not both:
        return "No validation example has a complete truth: pass@1 is not known."
    names, right = [family for _, _, family in both], ([a for a, _, _ in both], [b for _, b, _ in both])
    parts, risen = [], {}
    for of in dict.fromkeys((1, k)):
        before, after = ([pass_at_k(n, c, of) for c in counts] for counts in right)
        moved = stats.paired_difference(after, before, names)
        risen[of] = (moved.low > 0) - (moved.high < 0)
        start, end, by, low, high = (100 * x for x in (_mean(before), _mean(after), moved.mean, moved.low, moved.high))
        parts.append(f"pass@{of} {start:.1f} -> {end:.1f} ({by:+.1f} [{low:+.1f}, {high:+.1f}])")
    return f"{', '.join(parts)} on {len(both)} validation examples x {n} samples: {_meaning(risen, k)}."


def _meaning(risen: dict[int, int], k: int) -> str:
    one, many = risen[1], risen[k]
    if k == 1:
        return ("worse than at the start", "no change that so few can show", "better than at the start")[one + 1]
    if one > 0 and many > 0:
        return "capability, it solves what it did not solve before"
    if one > 0:
        lost = " and holds less" if many < 0 else ""
        return f"sharpening, it says more surely what {k} samples already held{lost}"
    if many > 0:
        return f"{k} samples hold more, one is no surer"
    return "worse than at the start" if one < 0 or many < 0 else "no change that so few can show"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
