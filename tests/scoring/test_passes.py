"""The estimator against all ways to draw."""

from itertools import combinations
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewm.scoring.passes import pass_at_k


@given(st.lists(st.booleans(), min_size=1, max_size=8).flatmap(lambda s: st.tuples(st.just(s), st.integers(1, len(s)))))
def test_it_is_the_mean_over_all_draws(case):
    samples, k = case
    assert pass_at_k(len(samples), sum(samples), k) == pytest.approx(fmean(map(any, combinations(samples, k))))


@pytest.mark.parametrize("n, right, k", [(4, 5, 1), (4, -1, 1), (4, 2, 5), (4, 2, 0)])
def test_what_cannot_be_is_refused(n, right, k):
    with pytest.raises(ValueError, match="wants"):
        pass_at_k(n, right, k)
