"""Statements that no figure names: each asks for one skill alone, many times a program, so that it is learned soon.

`sum` is arithmetic, `copy` finding a value by its name, `decide` which way an `if` goes. None of these
three stands in a loop; `sift` is `decide` in one.
"""

from __future__ import annotations

from operator import add, floordiv, mod, mul, sub

from ewm.programs.grammar.arithmetic import WRITERS, branches, ensure
from ewm.programs.grammar.expressions import condition, literal
from ewm.programs.grammar.scope import Gen, Int
from ewm.programs.names import LOOP, NUMBERS

OPERATIONS = {"+": add, "-": sub, "*": mul, "//": floordiv, "%": mod}
COMPARISONS = (">", "<", ">=", "<=", ">", "<", "!=", "==")


def sum_literals(g: Gen) -> None:
    """`x = -17 + 25`: an operation on literals that spans the values of the level; also on an old variable."""
    most = g.one((g.level.max_abs, g.level.max_abs // 2, 20, 9))
    operator = g.pick({"+": 4, "-": 4, "*": 2, "//": 1.2, "%": 1.5})
    if operator in ("+", "-"):
        a = g.between(-most, most)
        room = most - a if operator == "+" else most + a
        b = g.between(0, max(0, min(room, g.one((9, 20, most)))))
    elif operator == "*":
        b = g.between(2, 9)
        a = g.between(-most // b, most // b)
    else:
        a, b = g.between(-most, most), g.between(2, g.one((9, 20)))
    value = OPERATIONS[operator](a, b)
    old = g.names(Int, free=True)
    name = g.one(old) if old and g.chance(0.3) else g.fresh(NUMBERS)
    g.scope[name] = Int(value, value)
    g.emit(f"{name} = {a} {operator} {b}")


def copy(g: Gen) -> None:
    """`x = y`, into a new variable or an old one: nothing to compute, only to find the value."""
    ensure(g, 2)
    source = g.one(g.names(Int))
    old = [n for n in g.names(Int, free=True) if n != source]
    name = g.one(old) if g.chance(0.4) else g.fresh(NUMBERS)
    g.emit(f"{name} = {source}")
    g.scope[name] = g.scope[source]


def decide(g: Gen) -> None:
    """An `if` whose branches only set a digit: on literals alone in a third, else the conditions of every level."""
    while len(g.names(Int)) < 2 or (len(g.names(Int)) < 4 and g.chance(0.3)):
        signed(g)

    def settle(g: Gen) -> None:
        name = g.one(g.names(Int))
        text, g.scope[name] = literal(g) if g.chance(0.3) else (str(value := g.between(0, 9)), Int(value, value))
        g.emit(f"{name} = {text}")

    branches(g, 2 if g.chance(0.15) else 1, g.chance(0.6), settle, comparison)


def sift(g: Gen) -> None:
    """A loop over many numbers with ifs that only set a digit: as many decisions as can be had for so short a text.

    Half of the numbers lie within five of the literal that they are compared with.
    """
    marks = [g.fresh(NUMBERS) for _ in range(g.between(1, 2))]
    for name in marks:
        g.emit(f"{name} = 0")
    variable, tests = g.fresh(LOOP), []
    literals = []
    for _ in range(g.between(1, 3)):
        text, value = _of_variable(g, variable)
        tests.append(text)
        literals.append(value)
    values = []
    for _ in range(g.between(5, 9)):
        near = g.one(literals) + g.between(-5, 5)
        values.append(near if g.chance(0.5) else g.between(-g.level.max_abs // 3, g.level.max_abs))
    with g.block(f"for {variable} in {values}:"):
        for text in tests:
            with g.block(f"if {text}:"):
                g.emit(f"{g.one(marks)} = {g.between(0, 9)}")
            if g.chance(0.4):
                with g.block("else:"):
                    g.emit(f"{g.one(marks)} = {g.between(0, 9)}")
    g.scope |= {name: Int(0, 9) for name in marks}


def _of_variable(g: Gen, name: str) -> tuple[str, int]:
    """A condition on the loop's variable, and the literal in it."""
    roll = g.rng.random()
    if roll < 0.25:
        divisor = g.between(2, 4)
        return f"{name} % {divisor} == {g.between(0, divisor - 1) if g.chance(0.3) else 0}", divisor
    most = g.one((9, 20, g.level.max_abs - 5))
    value = g.between(-most // 4, most)
    text = f"{name} {g.one(COMPARISONS)} {value}"
    if roll < 0.35:
        return f"{text}{g.one((' and ', ' or '))}{_of_variable(g, name)[0]}", value
    if roll < 0.42:
        return f"not {name} {g.one(('>', '<'))} {value}", value
    return text, value


def signed(g: Gen) -> None:
    """`x = -17`: any value of the level, below zero in a quarter, one digit in a third."""
    value = g.between(0, 9) if g.chance(0.33) else g.between(0, g.level.max_abs)
    value = -value if g.chance(0.25) else value
    name = g.fresh(NUMBERS)
    g.scope[name] = Int(value, value)
    g.emit(f"{name} = {value}")


def comparison(g: Gen) -> str:
    """A comparison of two literals that lie near each other in half, or a condition on variables."""
    if g.chance(0.65):
        return condition(g)
    most = g.one((9, 20, g.level.max_abs))
    left = g.between(-most // 3, most)
    if g.chance(0.2):
        divisor = g.between(2, 4)
        return f"{left} % {divisor} == {g.between(0, divisor - 1) if g.chance(0.5) else 0}"
    right = g.between(left - 4, left + 4) if g.chance(0.5) else g.between(-most // 3, most)
    return f"{left} {g.one(COMPARISONS)} {right}"


WRITERS.update({"sum": sum_literals, "copy": copy, "decide": decide, "sift": sift})
