import pytest

from ewm.scoring.baselines import GUESSES, majority
from ewm.scoring.outline import Outline, arguments, literals, write
from tests.scoring.made import ANSWER, BODY, ENTRY, LOOP, SOURCE, truth


def outline(source, entry=None, branch="then", format="delta"):
    return write(Outline(branch).of(source, entry), format).splitlines()


@pytest.mark.parametrize(
    "source, entry, branch, text",
    [
        (SOURCE, ENTRY, "then", "L1|L1 call n=2|L2 s=0|L3 i=0|L4|L3|L5 return None|end"),
        (SOURCE, ENTRY, "else", "L1|L1 call n=2|L2 s=0|L3 i=0|L5 return 0|end"),
        (BODY, None, "then", "L1 a=3|L2|L3|L4|end"),
        ("x = 1\nif x > 2:\n    y = 'a'\nelse:\n    y = 'b'", None, "then", "L1 x=1|L2|L3 y='a'|end"),
        ("x = 1\nif x > 2:\n    y = 'a'\nelse:\n    y = 'b'", None, "else", "L1 x=1|L2|L5 y='b'|end"),
        ("a, b = 1, [2]\nc = a", None, "then", "L1 a=1; b=[2]|L2 c=1|end"),
        ("def g(k=4):\n    return k\nr = g()", None, "then", "L1|L1 call k=4|L2 return 4|L3|end"),
        ("not a program (", None, "then", "end"),
    ],
)
def test_outline(source, entry, branch, text):
    assert outline(source, entry, branch) == text.split("|")


def test_outline_ellora():
    assert outline(BODY, format="ellora")[1:3] == ["Line 1: State: {}", "Line 2: State: {a=3}"]


def test_what_can_be_seen():
    assert literals("x = [1, 2]\ny = f('a', -3)") == ["[1, 2]", "'a'", "-3"]
    assert arguments("f([1], k='a', other=g(2))") == ["[1]", "'a'"]
    assert majority(["1", "2", "2"]) == "2"
    assert majority([]) == "None"


def test_guesses_read_the_prompt_only():
    blank = truth("0", "output", source=ANSWER.source, entry=ANSWER.entry)
    assert {n: g(ANSWER) for n, g in GUESSES.items()} == {n: g(blank) for n, g in GUESSES.items()}
    assert {n: g(ANSWER) for n, g in GUESSES.items()} == {
        "empty": "", "echo": "2", "last_literal": "1", "visible_literals": "1",
    }  # fmt: skip
    assert GUESSES["last_literal"](LOOP).splitlines()[:3] == ["L1", "L1 call", "L2"]


@pytest.mark.parametrize(
    "source", ["", "def f():\n    return f()\nf()", "x = " + "[" * 90 + "]" * 90, "while True:\n  pass"]
)
def test_any_source_is_read(source):
    for guess in GUESSES.values():
        guess(truth("end", source=source, entry="f()"))
