import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewm.sources.shares import Shares


def drawn(shares, n):
    for _ in range(n):
        name = shares.next()
        shares.take(name)
        yield name


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=9), st.integers(1, 400))
def test_every_prefix_has_its_shares_within_one(weights, n):
    names = [f"s{i}" for i in range(len(weights))]
    taken = dict.fromkeys(names, 0)
    for number, name in enumerate(drawn(Shares(dict(zip(names, weights, strict=True))), n), 1):
        taken[name] += 1
        for each, weight in zip(names, weights, strict=True):
            assert abs(taken[each] - weight / sum(weights) * number) < 1


def test_a_weight_of_zero_is_never_drawn():
    assert set(drawn(Shares({"a": 1, "never": 0, "b": 2}), 30)) == {"a", "b"}
    assert not Shares({"never": 0})


def test_who_leaves_leaves_the_rest_in_their_proportion():
    shares = Shares({"a": 5, "b": 3, "c": 1})
    list(drawn(shares, 7))
    shares.leave("a")
    found = list(drawn(shares, 8))
    assert (found.count("b"), found.count("c")) == (6, 2)


@pytest.mark.parametrize("after", [0, 1, 10, 33])
def test_a_restored_draw_goes_on_as_the_unbroken_one(after):
    whole, broken = Shares({"a": 0.7, "b": 0.2, "c": 0.1}), Shares({"a": 0.7, "b": 0.2, "c": 0.1})
    expected = list(drawn(whole, after + 50))[after:]
    list(drawn(broken, after))
    assert list(drawn(Shares.restored(json.loads(json.dumps(broken.state()))), 50)) == expected
