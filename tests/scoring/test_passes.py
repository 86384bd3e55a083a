"""The estimator against all ways to draw."""

from itertools import combinations
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewm.scoring.passes import change, pass_at_k


@given(st.lists(st.booleans(), min_size=1, max_size=8).flatmap(lambda s: st.tuples(st.just(s), st.integers(1, len(s)))))
def test_it_is_the_mean_over_all_draws(case):
    samples, k = case
    assert pass_at_k(len(samples), sum(samples), k) == pytest.approx(fmean(map(any, combinations(samples, k))))


@pytest.mark.parametrize("n, right, k", [(4, 5, 1), (4, -1, 1), (4, 2, 5), (4, 2, 0)])
def test_what_cannot_be_is_refused(n, right, k):
    with pytest.raises(ValueError, match="wants"):
        pass_at_k(n, right, k)


@pytest.mark.parametrize("first, last, meaning", [
    ([0] * 20, [8] * 20, "capability, it solves what it did not solve before"),
    ([2] * 10 + [0] * 10, [8] * 10 + [0] * 10, "sharpening, it says more surely what 8 samples already held"),
    ([2] * 20, [8] * 12 + [0] * 8, "sharpening, it says more surely what 8 samples already held and holds less"),
    ([8] * 20, [0] * 20, "worse than at the start"),
    ([4] * 20, [4] * 20, "no change that so few can show"),
    ([1] * 2 + [0] * 8, [2] * 2 + [0] * 8, "no change that so few can show"),
    ([8] * 10 + [0] * 10, [1] * 20, "8 samples hold more, one is no surer"),
])  # fmt: skip
def test_what_a_change_means(first, last, meaning):
    said = change(first, last, 8, 8, [str(i) for i in range(len(first))])
    assert said.endswith(f"on {len(first)} validation examples x 8 samples: {meaning}.")


def test_a_change_in_figures():
    said = change([1, None, 0, 3], [2, 4, None, 3], 4, 2, ["a", "b", "c", "d"])  # two have both
    assert said.startswith("pass@1 50.0 -> 62.5 (+12.5 [") and "pass@2 75.0 -> 91.7 (+16.7 [" in said
    assert change([None], [None], 4, 2, ["a"]) == "No validation example has a complete truth: pass@1 is not known."
