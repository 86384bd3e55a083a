"""Identity, family and split of programs."""

from collections import Counter

import pytest

from ewm.programs import Program, split_of

ADD = "def f(x):\n    return x + 1\n"


@pytest.mark.parametrize(
    "other, same",
    [
        ("def g(y):\n    'A docstring.'\n    # a comment\n    return y+1\n", True),
        ("def f(x):\n    return x + 2\n", False),
        ("def f(x):\n    return 1 + x\n", False),
        ("def f(x: int) -> int:\n    return (x + 1)\n", True),
        ("def len(x):\n    return x + 1\n", False),  # a builtin's name says something
    ],
)
def test_family_is_blind_to_names_and_spacing_only(other, same):
    assert (Program(ADD).family == Program(other).family) is same


def test_family_ignores_the_call_and_grammar_constants():
    assert Program(ADD, "f(1)").family == Program(ADD, "f(2)").family
    assert Program(ADD, "f(1)").id != Program(ADD, "f(2)").id
    one, two = (Program(f"x = {n}\ny = x + {n}", origin="grammar:straight:0:0") for n in (3, 9))
    assert one.family == two.family
    assert Program("x = 3\ny = x + 3").family != Program("x = 9\ny = x + 9").family


def test_a_text_that_does_not_parse_still_has_a_family():
    assert Program("def f(:").family == Program("  def f(:\n").family


def test_split_is_stable_and_has_the_stated_shares():
    counts = Counter(split_of(str(i)) for i in range(20_000))
    assert counts["train"] / 20_000 == pytest.approx(0.80, abs=0.01)
    assert counts["test"] / 20_000 == pytest.approx(0.15, abs=0.01)
    assert [split_of(str(i)) for i in range(6)] == ["train", "train", "train", "train", "train", "train"]  # the salt


def test_json_round_trip():
    program = Program(ADD, "f(1)", origin="user", level="loop")
    assert Program.from_json(program.to_json()) == program
