"""Statements on integers, branches and loops. Each writer appends lines and keeps the bounds in scope true."""

from __future__ import annotations

from collections.abc import Callable

from ewm.programs.grammar.expressions import atom, condition, integer, literal, middle
from ewm.programs.grammar.scope import Gen, Int, List, Type
from ewm.programs.names import LISTS, LOOP, NUMBERS

Writer = Callable[[Gen], None]


def literal_assign(g: Gen) -> None:
    name = g.fresh(NUMBERS)
    text, g.scope[name] = literal(g)
    g.emit(f"{name} = {text}")


def assign(g: Gen) -> None:
    """A new variable, or an old one overwritten (never inside a loop: its earlier lines rely on the old bounds)."""
    ensure(g, 1)
    text, bounds = integer(g)
    old = [n for n in g.names(Int, free=True) if n not in g.budget]
    name = g.one(old) if old and g.times == 1 and g.chance(0.35) else g.fresh(NUMBERS)
    g.scope[name] = bounds
    g.emit(f"{name} = {text}")


def augment(g: Gen) -> None:
    """x += e and its kin on an old variable, outside loops."""
    ensure(g, 1)
    names = [n for n in g.names(Int, free=True) if n not in g.budget]
    if not names:
        return assign(g)
    name = g.one(names)
    bounds = g.scope[name]
    assert isinstance(bounds, Int)
    for _ in range(6):
        operator = g.pick({"+=": 4, "-=": 3, "*=": 1.2, "//=": 0.6, "%=": 0.6})
        if operator in ("+=", "-="):
            text, b = atom(g, avoid=(name,))
            new = (
                Int(bounds.lo + b.lo, bounds.hi + b.hi) if operator == "+=" else Int(bounds.lo - b.hi, bounds.hi - b.lo)
            )
        else:
            n = g.between(2, 5)
            text = str(n)
            corners = {"*=": (bounds.lo * n, bounds.hi * n), "//=": (bounds.lo // n, bounds.hi // n), "%=": (0, n - 1)}
            new = Int(*corners[operator])
        if max(abs(new.lo), abs(new.hi)) <= g.level.max_abs:
            g.scope[name] = new
            return g.emit(f"{name} {operator} {text}")
    literal_assign(g)


def swap(g: Gen) -> None:
    ensure(g, 2)
    a, b = g.rng.sample(g.names(Int), 2)
    g.emit(f"{a}, {b} = {b}, {a}")
    g.scope[a], g.scope[b] = g.scope[b], g.scope[a]


def ensure(g: Gen, count: int) -> None:
    """At least `count` integers in scope."""
    while len(g.names(Int)) < count:
        literal_assign(g)


def branches(g: Gen, conditions: int, otherwise: bool, body: Writer, test: Callable[[Gen], str] = condition) -> None:
    """if / elif / else with `body` in each; afterwards every bound covers all the ways."""
    before = dict(g.scope)
    ends: list[dict[str, Type]] = [] if otherwise else [before]
    headers = [f"{'elif' if i else 'if'} {test(g)}:" for i in range(conditions)] + ["else:"] * otherwise
    for header in headers:
        g.scope = dict(before)
        with g.block(header):
            body(g)
        ends.append(g.scope)
    g.scope = {name: _join([end[name] for end in ends]) for name in before}


def _join(kinds: list[Type]) -> Type:
    first = kinds[0]
    for other in kinds[1:]:
        if isinstance(first, Int) and isinstance(other, Int):
            first = first.join(other)
    return first


def if_statement(g: Gen) -> None:
    ensure(g, 2)

    def body(g: Gen) -> None:
        for _ in range(g.between(1, 2)):
            run(g, g.pick(g.level.body))

    branches(g, 2 if g.chance(0.2) else 1, g.chance(0.6), body)


def update(g: Gen) -> None:
    """An accumulator of the current loop changes within its budget; outside loops, plain augment."""
    names = [n for n in g.budget if g.budget[n] >= 1]
    if not names:
        return temporary(g)
    name = g.one(names)
    room = int(g.budget[name])
    text, b = _within(g, room, tuple(g.budget))
    operator = g.pick({"+=": 4, "-=": 1.5})
    g.budget[name] -= max(abs(b.lo), abs(b.hi), 1)
    g.emit(f"{name} {operator} {text}" if g.chance(0.85) else f"{name} = {name} {operator[0]} {text}")


def _within(g: Gen, room: int, avoid: tuple[str, ...]) -> tuple[str, Int]:
    for _ in range(5):
        text, b = atom(g, avoid) if g.chance(0.7) else integer(g, avoid, room)
        if max(abs(b.lo), abs(b.hi)) <= room and (" " not in text or "(" not in text):
            return text, b
    value = g.between(1, max(1, min(room, 9)))
    return str(value), Int(value, value)


def temporary(g: Gen) -> None:
    text, bounds = integer(g)
    name = g.fresh(NUMBERS)
    g.emit(f"{name} = {text}")
    g.scope[name] = bounds


def modulo(g: Gen) -> None:
    """acc = (acc * k + e) % m stays below m whatever happened before."""
    names = [n for n in g.budget if g.budget[n] >= 1]
    if not names:
        return temporary(g)
    name = g.one(names)
    bounds = g.scope[name]
    assert isinstance(bounds, Int)
    m = g.between(5, 20)
    if bounds.lo > 0 or bounds.hi < m - 1 or bounds.hi * 3 > g.level.max_abs * 4:
        return update(g)
    g.emit(f"{name} = ({name} * {g.between(2, 3)} + {atom(g, tuple(g.budget))[0]}) % {m}")
    g.budget[name] = 0


def accumulators(g: Gen, count: int, times: int) -> dict[str, float]:
    """Declares variables that the loop may change; their bounds cover the whole loop from here on."""
    names = [n for n in g.names(Int, free=True) if abs(g.scope[n].lo) + abs(g.scope[n].hi) <= g.level.max_abs]  # type: ignore[union-attr]
    chosen = g.rng.sample(names, min(count, len(names))) if names and g.chance(0.6) else []
    while len(chosen) < count:
        name = g.fresh(NUMBERS)
        value = g.one((0, 0, 0, 1, g.between(0, 10)))
        g.emit(f"{name} = {value}")
        g.scope[name] = Int(value, value)
        chosen.append(name)
    budgets = {}
    for name in chosen:
        bounds = g.scope[name]
        assert isinstance(bounds, Int)
        room = max(2, min(30, (g.level.max_abs - max(abs(bounds.lo), abs(bounds.hi))) // times))
        budgets[name] = float(room)
        g.scope[name] = Int(bounds.lo - room * times, bounds.hi + room * times)
    return budgets


def loop(g: Gen, header: str, variables: dict[str, Type], times: int, body: Writer, count: int = 0) -> None:
    """Writes a loop that turns at most `times` times; what the body made is forgotten after it."""
    outer = g.budget, g.times, set(g.locked)
    fresh = accumulators(g, count or g.between(1, 2), times * g.times)
    shared = {n: left / times for n, left in outer[0].items()}
    g.budget, g.times = {**shared, **fresh}, g.times * times
    before = set(g.scope)
    g.scope.update(variables)
    g.locked |= set(variables)
    with g.block(header):
        body(g)
    g.scope = {n: t for n, t in g.scope.items() if n in before}
    for n in outer[0]:
        outer[0][n] -= (shared[n] - g.budget[n]) * times
    g.budget, g.times, g.locked = outer
    g.changed += fresh  # what a loop accumulates is what is worth returning


def plain_body(g: Gen) -> None:
    for _ in range(g.between(*g.level.body_statements)):
        run(g, g.pick(g.level.body))


def for_header(g: Gen) -> tuple[str, dict[str, Type], int]:
    """`for i in range(...)` in its three forms, with the loop variable's bounds and the count."""
    count = g.between(*g.level.loops)
    name = g.fresh(LOOP)
    form = g.pick({"stop": 4, "start": 2, "step": 1, "down": 0.7})
    if form == "stop":
        return f"for {name} in range({count}):", {name: Int(0, count - 1)}, count
    start = g.between(1, 6)
    if form == "start":
        return f"for {name} in range({start}, {start + count}):", {name: Int(start, start + count - 1)}, count
    if form == "step":
        stride = g.between(2, 3)
        stop = start + stride * count
        return f"for {name} in range({start}, {stop}, {stride}):", {name: Int(start, stop - 1)}, count
    return f"for {name} in range({count}, 0, -1):", {name: Int(1, count)}, count


def list_header(g: Gen) -> tuple[str, dict[str, Type], int]:
    """`for x in xs` over a list in scope or a new one."""
    lists = [n for n in g.names(List) if g.scope[n].hi <= g.level.loops[1] + 1 and isinstance(g.scope[n].element, Int)]  # type: ignore[union-attr]
    if not lists:
        make_list(g, g.between(*g.level.loops))
        lists = g.names(List)[-1:]
    kind = g.scope[name := g.one(lists)]
    assert isinstance(kind, List)
    g.locked.add(name)
    variable = g.fresh(LOOP)
    return f"for {variable} in {name}:", {variable: kind.element}, max(1, kind.hi)


def make_list(g: Gen, size: int) -> str:
    name = g.fresh(LISTS)
    values = [g.between(0, min(10, g.level.literals)) for _ in range(size)]
    g.emit(f"{name} = {values}")
    g.scope[name] = List(size, size, Int(min(values, default=0), max(values, default=0)))
    return name


def for_range(g: Gen) -> None:
    loop(g, *for_header(g), plain_body)


def for_list(g: Gen) -> None:
    loop(g, *list_header(g), plain_body)


def while_header(g: Gen) -> tuple[str, dict[str, Type], int, str]:
    """A counter, its condition, how often it turns, and the last line of the body that moves it."""
    name = g.fresh(NUMBERS)
    times = g.between(*g.level.loops)
    form = g.pick({"down": 3, "up": 3, "halve": 1, "double": 1})
    if form == "down":
        stride = g.between(1, 3)
        start = stride * times - g.between(0, stride - 1)
        g.emit(f"{name} = {start}")
        return f"while {name} > 0:", {name: Int(1, start)}, times, f"{name} -= {stride}"
    if form == "up":
        stride, start = g.between(1, 3), g.between(0, 5)
        stop = start + stride * times - g.between(0, stride - 1)
        g.emit(f"{name} = {start}")
        return f"while {name} < {stop}:", {name: Int(start, stop - 1)}, times, f"{name} += {stride}"
    times = min(times, 5)
    if form == "halve":
        start = g.between(2 ** (times - 1), 2**times - 1)
        g.emit(f"{name} = {start}")
        return f"while {name} > 0:", {name: Int(1, start)}, times, f"{name} //= 2"
    start = g.between(1, 3)
    stop = start * 2 ** (times - 1) + 1
    g.emit(f"{name} = {start}")
    return f"while {name} < {stop}:", {name: Int(start, stop - 1)}, times, f"{name} *= 2"


def while_loop(g: Gen, body: Writer = plain_body, count: int = 0) -> None:
    header, variables, times, move = while_header(g)

    def whole(g: Gen) -> None:
        body(g)
        g.emit(move)

    loop(g, header, variables, times, whole, count or (1 if g.chance(0.7) else 2))
    for name in variables:  # only its last value is left; later lines may show it, so keep wide bounds
        g.scope[name] = Int(-3, g.level.max_abs // 2)


def if_body(g: Gen) -> None:
    """An if inside a loop; its branches change accumulators."""
    if g.chance(0.3):
        run(g, g.pick(g.level.body))
    branches(g, 2 if g.chance(0.15) else 1, g.chance(0.4), update)
    if g.chance(0.2):
        update(g)


def while_if(g: Gen) -> None:
    while_loop(g, if_body, count=1 if g.chance(0.6) else 2)


def for_if(g: Gen) -> None:
    header = list_header(g) if g.chance(0.5) else for_header(g)
    loop(g, *header, if_body)


def for_break(g: Gen) -> None:
    """A loop that ends early on a condition about its variable or accumulator."""
    header, variables, times = list_header(g) if g.chance(0.5) else for_header(g)

    def body(g: Gen) -> None:
        first = g.chance(0.5)
        if not first:
            update(g)
        name = g.one([*variables, *g.budget])
        bounds = g.scope[name]
        assert isinstance(bounds, Int)
        with g.block(f"if {name} {g.one(('>', '>=', '=='))} {max(0, middle(g, bounds))}:"):
            g.emit("break")
        if first:
            update(g)

    loop(g, header, variables, times, body, count=1)


def run(g: Gen, name: str) -> None:
    """Writes the statement of this name."""
    WRITERS[name](g)


WRITERS: dict[str, Writer] = {
    "literal": literal_assign, "assign": assign, "augment": augment, "swap": swap, "if": if_statement,
    "accumulate": update, "temporary": temporary, "modulo": modulo, "for_range": for_range,
    "for_list": for_list, "while": while_loop, "while_if": while_if, "for_if": for_if, "for_break": for_break,
}  # fmt: skip
