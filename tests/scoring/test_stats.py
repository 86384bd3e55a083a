import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from ewm.scoring import stats

INTERVALS = [stats.wilson(k, 100) for k in range(101)]


@pytest.mark.parametrize(
    "successes, n, low, high",
    [
        (1, 5, 0.036, 0.624),  # the recipe's headline
        (0, 0, 0.0, 1.0),
        (0, 10, 0.0, 0.278),
        (10, 10, 0.722, 1.0),
        (50, 100, 0.404, 0.596),
    ],
)
def test_wilson(successes, n, low, high):
    assert stats.wilson(successes, n) == pytest.approx((low, high), abs=5e-4)


def test_wilson_covers_as_it_says():
    covered = []
    for share in np.linspace(0.05, 0.95, 50):
        chances = binom.pmf(range(101), 100, share)
        covered.append(sum(c for k, c in enumerate(chances) if INTERVALS[k][0] <= share <= INTERVALS[k][1]))
    assert np.mean(covered) == pytest.approx(0.95, abs=0.005)


def test_bootstrap_matches_the_normal_interval_where_families_are_single():
    values = np.random.default_rng(1).normal(0.5, 0.2, 400)
    found = stats.bootstrap_mean(values.tolist(), [str(i) for i in range(400)])
    half = 1.96 * values.std() / 20
    assert found.mean == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.003)


def test_copies_of_a_family_do_not_narrow_the_interval():
    values = np.random.default_rng(2).random(50).tolist()
    names = [str(i) for i in range(50)]
    once, ten_times = stats.bootstrap_mean(values, names), stats.bootstrap_mean(values * 10, names * 10)
    assert ten_times.high - ten_times.low == pytest.approx(once.high - once.low, rel=0.05)
    assert (ten_times.n, ten_times.families) == (500, 50)


def test_no_spread_is_no_certainty():
    assert stats.bootstrap_mean([0.0] * 20, list("abcdefghijklmnopqrst")).high == pytest.approx(stats.wilson(0, 20)[1])
    assert stats.bootstrap_mean([1.0] * 5, list("abcde")).low == pytest.approx(1 - stats.wilson(0, 5)[1])
    same = stats.paired_difference([1.0, 0.0], [1.0, 0.0], ["a", "b"])
    assert same.low < 0 < same.high


def test_paired_difference_is_tighter_than_two_means():
    rng = np.random.default_rng(3)
    base = rng.random(200)
    better = base + 0.05 + rng.normal(0, 0.01, 200)
    found = stats.paired_difference(better.tolist(), base.tolist(), [str(i) for i in range(200)])
    assert 0.045 < found.low < found.high < 0.055


def test_the_same_seed_gives_the_same_interval():
    values, names = [0.0, 1.0, 1.0, 0.5], ["a", "a", "b", "c"]
    assert stats.bootstrap_mean(values, names) == stats.bootstrap_mean(values, names)


@pytest.mark.parametrize(
    "a, b, p",
    [
        ([1, 1, 1], [1, 1, 1], 1.0),
        ([1] * 5 + [0], [0] * 5 + [0], 0.0625),
        ([1] * 10, [0] * 10, 2 * 0.5**10),
        ([1, 0], [0, 1], 1.0),
    ],
)
def test_mcnemar(a, b, p):
    assert stats.mcnemar(a, b) == pytest.approx(p)


def test_holm():
    assert stats.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert stats.holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_value(p_values):
    assert all(p <= adjusted <= 1 for p, adjusted in zip(p_values, stats.holm(p_values), strict=True))


def test_two_levels_are_wider_than_one_where_seeds_differ():
    rng, names = np.random.default_rng(4), [str(i) for i in range(100)]
    runs = [((rng.random(100) * 0.1 + shift).tolist(), names) for shift in (0.1, 0.3, 0.5, 0.7, 0.9)]
    found = stats.two_level(runs)
    assert found.mean == pytest.approx(0.55, abs=0.01)
    assert found.high - found.low > 0.4
    assert (found.n, found.families) == (500, 100)


def test_equal_runs_are_as_sure_as_one_of_them():
    rng, names = np.random.default_rng(5), [str(i) for i in range(200)]
    values = rng.integers(0, 2, 200).astype(float).tolist()
    one, five = stats.bootstrap_mean(values, names), stats.two_level([(values, names)] * 5)
    assert five.mean == pytest.approx(one.mean)
    assert five.high - five.low == pytest.approx(one.high - one.low, rel=0.15)


def test_runs_that_share_no_family_are_pooled():
    found = stats.two_level([([1.0, 0.0, 1.0], ["a", "b", "c"]), ([0.0, 1.0, 1.0, 1.0], ["d", "e", "f", "g"])])
    assert found.mean == pytest.approx((2 / 3 + 3 / 4) / 2)
    assert 0 <= found.low < found.mean < found.high <= 1
    assert (found.n, found.families) == (7, 7)


def test_wrong_lengths_are_refused():
    with pytest.raises(ValueError, match="2 values but 1 families"):
        stats.bootstrap_mean([1.0, 2.0], ["a"])
    with pytest.raises(ValueError, match="no values"):
        stats.bootstrap_mean([], [])
    with pytest.raises(ValueError, match="no values"):
        stats.two_level([([1.0], ["a"]), ([], [])])
