"""Every kind of edit makes what its name says: one program, the line that the edit leaves, as a person would write it.

`mutant` also says how the run differs; a mutant that behaves as before would not be taken.
"""

import pytest

from ewm.programs import Program
from ewm.sources import Mutants, Twins
from ewm.sources.mutate.mutants import MUTATIONS
from ewm.sources.mutate.twins import KINDS

GRADE = "def f(x):\n    if x > 5 and x < 9:\n        y = 1\n    else:\n        y = 2\n    return y"
TOTAL = "def f(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total"
FIND = "def f(xs):\n    k = 0\n    for x in xs:\n        if x < 0:\n            break\n        k += x\n    return k"
SUM = "def f(xs):\n    if not xs:\n        return 0\n    return xs[0] + f(xs[1:])"
FIRST = "def f(xs):\n    if not xs:\n        return None\n    return xs[0]"

MUTANTS = [
    ("off_by_one", TOTAL, "f(4)", "    for i in range(n - 1):"),
    ("off_by_one", TOTAL, "f(4)", "    for i in range(n + 1):"),
    ("comparison", GRADE, "f(7)", "    if x < 5 and x < 9:"),
    ("boundary", GRADE, "f(5)", "    if x >= 5 and x < 9:"),
    ("arithmetic", TOTAL, "f(4)", "        total -= i"),
    ("initial_value", TOTAL, "f(4)", "    total = 1"),
    ("swapped_arguments", "def f(a, b):\n    return divmod(a, b)", "f(7, 2)", "    return divmod(b, a)"),
    ("swapped_operands", "def f(a, b):\n    return a - b", "f(7, 2)", "    return b - a"),
    ("negated_condition", GRADE, "f(7)", "    if not (x > 5 and x < 9):"),
    ("connective", GRADE, "f(10)", "    if x > 5 or x < 9:"),
    ("missing_condition", GRADE, "f(10)", "    if x > 5:"),
    ("wrong_variable", "def f(a, b):\n    c = a * b\n    return c", "f(7, 2)", "    return b"),
    ("wrong_function", "def f(xs):\n    return min(xs)", "f([3, 1])", "    return max(xs)"),
    ("shared_value", "def f(xs):\n    ys = xs[:]\n    ys.append(1)\n    return xs", "f([3])", "    ys = xs"),
    ("shared_value", "def f(xs):\n    ys = list(xs)\n    ys.append(1)\n    return xs", "f([3])", "    ys = xs"),
    ("missing_return", "def f(x):\n    return abs(x)", "f(-3)", "    abs(x)"),
    ("removed_statement", TOTAL, "f(4)", "        pass"),
    ("missing_base_case", SUM, "f([3, 4])", "def f(xs):\n    return xs[0]"),
    ("unhandled_case", FIRST, "f([])", "def f(xs):\n    return xs[0]"),
    ("unhandled_case", FIRST, "f([3])", "def f(xs):\n    return xs[0]"),  # proved on f([])
    ("loop_exit", FIND, "f([3, -1, 4])", "            continue"),
    ("loop_exit", FIND, "f([3, -1, 4])", "            pass"),
    ("early_return", TOTAL, "f(4)", "        total += i\n        return total"),
    ("reset_in_loop", TOTAL, "f(4)", "    for i in range(n):\n        total = 0\n        total += i"),
    ("outside_loop", FIND, "f([3, 1, 4])", "            break\n    k += x"),
    ("missing_else", GRADE, "f(7)", "        y = 1\n    y = 2"),
]  # fmt: skip
TWINS = [
    ("swapped_branches", GRADE, "f(7)", "    if not (x > 5 and x < 9):\n        y = 2\n    else:\n        y = 1"),
    ("augmented", TOTAL, "f(4)", "        total = total + i"),
    ("augmented", "def f(a):\n    a = a - (2\n        - 1)\n    return a", "f(4)", "    a -= (2\n        - 1)"),
    ("commuted", "def f(a, b):\n    return (a + 2) * b", "f(7, 2)", "    return b * (a + 2)"),
    ("folded_constant", "def f(x):\n    return x + 2 * 3", "f(1)", "    return x + 6"),
    ("folded_constant", "def f(x):\n    return x + 6", "f(1)", "    return x + (3 * 2)"),
    ("temporary", "def f(x):\n    return x * 3", "f(1)", "    tmp = x * 3\n    return tmp"),
    ("temporary", "def f(x):\n    return (x\n        * 3)", "f(1)", "    tmp = (x\n        * 3)\n    return (tmp)"),
    ("inlined", "def f(x):\n    y = x + 1\n    return y * 3", "f(1)", "    return (x + 1) * 3"),
    ("dead_assignment", "def f(x):\n    y = 3\n    return x", "f(1)", "def f(x):\n    return x"),
    ("conditional", GRADE, "f(7)", "    y = 1 if x > 5 and x < 9 else 2"),
    ("conditional", "def f(x):\n    y = 1 if x else 2\n    return y", "f(7)", "    if x:\n        y = 1\n    else:"),
    ("exchanged_lines", "def f(x):\n    a = 1\n    b = x\n    return a + b", "f(7)", "    b = x\n    a = 1\n"),
    ("for_to_while", TOTAL, "f(4)", "    while i < n:\n        total += i\n        i += 1"),
    ("while_to_for", "def f(n):\n    t = 0\n    i = 2\n    while i < (n + 3):\n        t += i\n        i += 2\n    return t",
     "f(4)", "    for i in range(2, n + 3, 2):\n        t += i\n    return t"),
    ("comprehension_to_loop", "def f(xs):\n    ys = [x * 2 for x in xs if x]\n    return ys", "f([1, 0])",
     "    for x in xs:\n        if x:\n            ys.append(x * 2)"),
    ("loop_to_comprehension", "def f(xs):\n    ys = []\n    for x in xs:\n        if x:\n            ys.append(x * 2)\n"
     "    return ys", "f([1, 0])", "    ys = [x * 2 for x in xs if x]"),
]  # fmt: skip


HELD_OUT = next(text for n in range(99) if Program(text := f"x = {n}").split == "test")


class One:
    """Of a held-out family, so that no edit's own shape is left out for being held out."""

    def __init__(self, source, entry):
        self.given = Program(source, entry, parent=HELD_OUT)

    def programs(self, seed, split=None):
        yield self.given

    def fingerprint(self):
        return ""


@pytest.mark.parametrize("kind, source, entry, line", MUTANTS)
def test_a_mutant_of_each_kind(kind, source, entry, line):
    mutants = Mutants(One(source, entry), per_program=30, kinds=[kind], outcome=True, workers=1)
    found = list(mutants.pairs(0))
    assert any(line in pair.program.source for pair in found), [pair.program.source for pair in found] or mutants.counts
    assert {pair.kinds for pair in found} == {(kind,)}
    assert all(f"/mutant:{kind}:" in pair.program.origin for pair in found)


@pytest.mark.parametrize("kind, source, entry, line", TWINS)
def test_a_twin_of_each_kind(kind, source, entry, line):
    twins = Twins(One(source, entry), per_program=30, edits=1, kinds=[kind], workers=1)
    found = list(twins.pairs(0))
    assert any(line in pair.program.source for pair in found), [pair.program.source for pair in found] or twins.counts
    assert all(f"/twin:{kind}:" in pair.program.origin for pair in found)


def test_no_kind_is_missing_here():
    assert {row[0] for row in MUTANTS} == set(MUTATIONS)
    assert {row[0] for row in TWINS} == set(KINDS) - {"rename"}


def test_a_base_case_shows_where_the_stack_is_far_from_full():
    """Recursion without an end fills the stack, and then the tracer has nothing whole to show."""
    (pair,) = Mutants(One(SUM, "f([3, 4])"), kinds=["missing_base_case"], workers=1).pairs(0)
    assert pair.trace.exception == {"type": "IndexError", "message": "list index out of range"}
    endless = Mutants(
        One("def f(n):\n    if n == 0:\n        return 1\n    return n * f(n - 1)", "f(3)"), kinds=["missing_base_case"], workers=1
    )  # fmt: skip
    assert list(endless.pairs(0)) == [] and endless.counts["candidates"] == 1


def test_an_outer_variable_of_an_inner_function_stays():
    source = "def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n    g()\n    return n"
    mutants = Mutants(One(source, "f()"), per_program=9, kinds=["removed_statement"], workers=1)
    assert len(list(mutants.pairs(0))) == 2 and mutants.counts["left out: does not compile"] == 0
