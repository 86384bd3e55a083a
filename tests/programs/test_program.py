"""Identity, family and split of programs."""

import subprocess
import sys
from collections import Counter

import pytest

from ewm.programs import Program, split_of
from tests.tracing import versions

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


@pytest.mark.parametrize(
    "one, other",
    [
        ("'What it does.'\nx = 1\n", "x = 1\n"),
        ("'Only this.'\n", ""),
        ("import math as m\nx = m.floor(2.5)\n", "import math\ny = math.floor(2.5)\n"),
        ("from math import floor as down\nx = down(2.5)\n", "from math import floor\nx = floor(2.5)\n"),
        ("sum = 0\nfor n in range(1, 5):\n    sum += n\n", "total = 0\nfor i in range(1, 5):\n    total += i\n"),
        ("def f(list, max=1):\n    return list, max\n", "def f(xs, most=1):\n    return xs, most\n"),
        ("def f(x):\n    def sum():\n        nonlocal x\n        x = 1\n", "def g(y):\n    def sum():\n        nonlocal y\n        y = 1\n"),
        ("try:\n    f()\nexcept KeyError as id:\n    g(id)\n", "try:\n    f()\nexcept KeyError as e:\n    g(e)\n"),
        (
            "match x:\n    case [a, *rest]:\n        a\n    case {'k': 1, **more}:\n        more\n    case int() as n:\n        n\n",
            "match y:\n    case [b, *tail]:\n        b\n    case {'k': 1, **left}:\n        left\n    case int() as k:\n        k\n",
        ),
        ("match x:\n    case _:\n        y = 1\n", "match a:\n    case _:\n        b = 1\n"),
    ],
)  # fmt: skip
def test_a_name_that_the_program_binds_says_nothing(one, other):
    assert Program(one).family == Program(other).family


@pytest.mark.parametrize(
    "one, other",
    [
        ("x = sum([1, 2])\n", "x = max([1, 2])\n"),
        ("import math\nx = math.floor(2)\n", "import cmath\nx = cmath.floor(2)\n"),
        ("from math import floor as f\nx = f(2)\n", "from math import ceil as f\nx = f(2)\n"),
        ("match x:\n    case int():\n        y = 1\n", "match x:\n    case str():\n        y = 1\n"),
        ("match x:\n    case _:\n        y = 1\n", "match x:\n    case z:\n        y = 1\n"),
    ],
)
def test_a_name_from_outside_says_something(one, other):
    assert Program(one).family != Program(other).family


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


def test_a_mutant_keeps_the_family_and_split_of_its_parent():
    parent = Program(ADD, "f(1)", origin="grammar:loop:0:1")
    mutant = Program(
        "def f(a):\n    return a - 1", "f(1)", origin="grammar:loop:0:1/mutant", parent=ADD, relation="mutant"
    )
    assert mutant.family == parent.family != Program(mutant.source, origin="grammar:").family
    assert mutant.id != parent.id and mutant.split == parent.split
    assert Program.from_json(mutant.to_json()) == mutant


EVERYTHING = '''
"""Text."""
import os.path as p, json
from typing import Any
@staticmethod
def f(a: int, /, b=1, *c, d=2, **e) -> "int":
    "text"
    global g
    try:
        with open(a) as h, p: x = [i for i in c if i]
    except (ValueError, KeyError) as err: raise err from None
    else: return sorted(c, key=lambda v: -v), {**e}, {1: 2}, f"{a!r:>{b}}", b[1:2], a if b else u"d"
async def k(): return await f(1)
class C(dict, metaclass=type):
    def m(self): self.n = self.m; yield
match f:
    case [1, *rest, C(x=y)] | {"a": z, **other}: del rest
while (w := 3) > 2 > 1: w += 1
'''


def test_the_normal_form_is_the_same_under_every_python():
    """Splits hang on it: a change of this digest moves programs between training and test."""
    code = "import sys, hashlib, ewm.programs.family as f; print(hashlib.sha256(f.normal_form(sys.stdin.read()).encode()).hexdigest())"
    commands = [sys.executable, *filter(None, map(versions.path, ("3.12", "3.13", "3.14")))]
    told = {
        command: subprocess.run(
            [command, "-c", code], input=EVERYTHING, capture_output=True, text=True, check=True
        ).stdout
        for command in commands
    }
    assert {answer.strip() for answer in told.values()} == {
        "77cbeff1897c6e15adc527b0c7d34a9206e186057a5ada2633d4a117ffd1c2a8"
    }, told
