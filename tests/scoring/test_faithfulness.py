"""Claims in a thought against the true run."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewm.formats import literal
from ewm.scoring.faithfulness import claims, faithfulness
from tests.scoring.made import ANSWER, LOOP, RAISES, STRAIGHT, truth

NAMES = truth("L1 ok=True; s='a=1'; d={'k': (1,)}\nL2 -ok\nend")


@pytest.mark.parametrize(
    "thought, true, share",
    [
        ("L1 a=3\nL2 b=7\nL3 a=7\nL4\nend", STRAIGHT, 1.0),  # the trace itself
        ("a = 3, so b is 7. Then a becomes `7`.", STRAIGHT, 1.0),
        ("First a = 3; then b = 8.", STRAIGHT, 0.5),
        ("Line 3: State: {a=3, b=7}", STRAIGHT, 1.0),  # Line and State are no variables
        ("b = a + 4 and a == 5, a=3+4, a = [3][0]", STRAIGHT, None),  # computed or compared: no claims
        ("a: 3\nb equals **9**", STRAIGHT, 0.5),
        ("c = 3, step = 7", STRAIGHT, None),  # no variables of this program
        ("nothing to see", STRAIGHT, None),
        ("", STRAIGHT, None),
        ("s goes up: s = 0, s = 1, s = 2, i = 1", LOOP, 0.75),
        ("n is 2 and s is [2]", RAISES, 1.0),
        ("ok = 1, ok = True", NAMES, 0.5),  # type-strict
        ("s = 'a=1'", NAMES, 1.0),  # what stands inside a string is no claim
        ("d = {'k': (1,)}", NAMES, 1.0),
        ("n = 2", ANSWER, None),  # this truth has no variables
    ],
)
def test_share_of_claims_that_hold(thought, true, share):
    assert faithfulness(thought, true) == share


def test_without_steps_the_recipes_text_tells():
    known = truth(
        "3", "output", actual_trace="<execution_trace>\nLine 1: State: {}\nLine 2: State: {x=1}\n</execution_trace>"
    )
    assert faithfulness("x = 1 and x = 2", known) == 0.5


@given(st.text(max_size=300))
def test_any_text_gives_a_share_or_nothing(text):
    found = faithfulness(text, LOOP)
    assert found is None or 0 <= found <= 1


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b_2"]), st.sampled_from(["1", "-2.5", "'x'", "[1, (2,)]", "{'k': 1}"])))
)
def test_claims_are_found_as_they_were_written(pairs):
    found = list(claims("; ".join(f"{name} = {value}" for name, value in pairs)))
    assert [name for name, _ in found] == [name for name, _ in pairs]
    assert all(literal.is_literal(value) for _, value in pairs)


@pytest.mark.parametrize(
    "text", ["a=[" * 300_000, "a=" * 500_000, "a = 'x" * 200_000, "_" * 1_000_000, "a=1 " * 250_000]
)
def test_a_megabyte_does_not_take_long(text):
    began = time.process_time()
    faithfulness(text, STRAIGHT)
    assert time.process_time() - began < 2
