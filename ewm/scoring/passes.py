"""pass@k, and what a curve of it tells: has the model come to solve more, or does it say more surely what it had?"""

from __future__ import annotations

import math


def pass_at_k(n: int, right: int, k: int) -> float:
    """Chance that one of k samples is right, drawn without replacement from n of which `right` are.

    The unbiased estimator of Chen et al. 2021 (arXiv:2107.03374, equation 1).
    """
    if not 0 <= right <= n or not 1 <= k <= n:
        raise ValueError(f"pass@{k} of {right} right among {n}: wants 1 <= k <= n and 0 <= right <= n")
    return 1.0 - math.comb(n - right, k) / math.comb(n, k)
