"""Expressions with proven bounds: every function returns text and the interval that its value cannot leave."""

from __future__ import annotations

from ewm.programs.grammar.scope import Gen, Int, List


def literal(g: Gen) -> tuple[str, Int]:
    value = g.between(0, g.level.literals)
    return str(value), Int(value, value)


def atom(g: Gen, avoid: tuple[str, ...] = (), share: float = 0.6) -> tuple[str, Int]:
    """A variable (with this probability, when there is one) or a literal."""
    names = [n for n in g.names(Int) if n not in avoid]
    if names and g.chance(share):
        name = g.one(names)
        bounds = g.scope[name]
        assert isinstance(bounds, Int)
        return name, bounds
    return literal(g)


def integer(g: Gen, avoid: tuple[str, ...] = (), cap: int | None = None) -> tuple[str, Int]:
    """One or two operations on atoms, within +-cap; falls back to a literal when nothing else fits."""
    cap = g.level.max_abs if cap is None else cap
    for _ in range(8):
        text, bounds = _operation(g, avoid)
        if g.chance(0.15):
            text, bounds = _extend(g, text, bounds, avoid)
        if max(abs(bounds.lo), abs(bounds.hi)) <= cap:
            return text, bounds
    value = g.between(0, min(cap, g.level.literals))
    return str(value), Int(value, value)


def _operation(g: Gen, avoid: tuple[str, ...]) -> tuple[str, Int]:
    left, a = atom(g, avoid, share=0.93)
    operator = g.pick({"+": 4, "-": 3, "*": 2, "//": 0.8, "%": 1.2})
    if operator in ("+", "-"):
        right, b = atom(g, avoid)
        if left == right:
            right, b = literal(g)
        return f"{left} {operator} {right}", plus(a, b) if operator == "+" else minus(a, b)
    n = g.between(2, 5) if operator == "*" else g.between(2, 9)
    if operator == "*":
        return (f"{left} * {n}" if g.chance(0.7) else f"{n} * {left}"), Int(a.lo * n, a.hi * n)
    if operator == "//":
        return f"{left} // {n}", Int(a.lo // n, a.hi // n)
    return f"{left} % {n}", Int(0, n - 1) if a.hi >= n or a.lo < 0 else a


def _extend(g: Gen, text: str, bounds: Int, avoid: tuple[str, ...]) -> tuple[str, Int]:
    right, b = atom(g, avoid)
    if g.chance(0.5):
        return f"({text}) % {(n := g.between(3, 9))}", Int(0, n - 1)
    return f"{text} + {right}", plus(bounds, b)


def plus(a: Int, b: Int) -> Int:
    return Int(a.lo + b.lo, a.hi + b.hi)


def minus(a: Int, b: Int) -> Int:
    return Int(a.lo - b.hi, a.hi - b.lo)


def condition(g: Gen, prefer: str | None = None, simple: bool = False) -> str:
    """A comparison whose two outcomes are both plausible from the bounds."""
    names = g.names(Int)
    name = prefer if prefer is not None and (g.chance(0.75) or len(names) < 2) else g.one(names)
    bounds = g.scope[name]
    assert isinstance(bounds, Int)
    roll = g.rng.random()
    if roll < 0.2:
        return f"{name} % {(n := g.between(2, 4))} == {g.between(0, n - 1) if g.chance(0.3) else 0}"
    if roll < 0.4 and len(names) > 1:
        other = g.one([n for n in names if n != name])
        return f"{name} {g.one(('>', '<', '>=', '<=', '=='))} {other}"
    if roll < 0.48 and not simple and len(names) > 1:
        joined = g.one((" and ", " or "))
        return joined.join((condition(g, name, simple=True), condition(g, None, simple=True)))
    if roll < 0.53 and not simple:
        return f"not {name} {g.one(('>', '<'))} {middle(g, bounds)}"
    return f"{name} {g.one(('>', '<', '>=', '<=', '>', '<', '!=', '=='))} {middle(g, bounds)}"


def middle(g: Gen, bounds: Int) -> int:
    """A literal near the middle of the bounds, so that comparisons with it go both ways."""
    if bounds.hi - bounds.lo <= 1:
        return max(0, bounds.lo + g.between(-3, 3))
    quarter = (bounds.hi - bounds.lo) // 4
    return g.between(bounds.lo + quarter, bounds.hi - quarter)


def index(g: Gen, kind: List) -> str:
    """An index that is in range for certain; kind.lo must be at least 1."""
    return "-1" if g.chance(0.2) else str(g.between(0, min(kind.lo - 1, 4)))
