"""Statements made of several constructs: loops that collect, count and build; nested loops; exceptions."""

from __future__ import annotations

from collections.abc import Callable

from ewm.programs.grammar.arithmetic import (
    WRITERS,
    ensure,
    for_header,
    for_range,
    if_body,
    list_header,
    loop,
    make_list,
    plain_body,
    update,
)
from ewm.programs.grammar.collections import a_dict, a_list, a_string
from ewm.programs.grammar.expressions import atom, condition, integer
from ewm.programs.grammar.scope import Gen, Int, List, Other
from ewm.programs.names import CHARACTERS, COLLECTORS, DICTS, FUNCTIONS, GRIDS, LOOP, NUMBERS, WORDS


def for_collect(g: Gen) -> None:
    """A loop that appends to a new list, some under a condition."""
    out = g.fresh(COLLECTORS)
    g.emit(f"{out} = []")
    header, variables, times = list_header(g) if g.chance(0.5) else for_header(g)
    before = dict(g.scope)
    g.scope |= variables
    variable = next(iter(variables))
    with g.block(header):
        text, b = (variable, variables[variable]) if g.chance(0.3) else integer(g, cap=99)
        assert isinstance(b, Int)
        if g.chance(0.5):
            with g.block(f"if {condition(g, variable)}:"):
                g.emit(f"{out}.append({text})")
        else:
            g.emit(f"{out}.append({text})")
    g.scope = before
    g.scope[out] = List(0, times, b)


def for_string(g: Gen) -> None:
    """A loop over the characters of a word that counts some of them."""
    name, _ = a_string(g)
    count, c = g.fresh(NUMBERS), g.fresh(CHARACTERS)
    g.emit(f"{count} = 0")
    test = g.one((f"if {c} == '{g.one('aeilnr')}':", f"if {c} in 'aeiou':", f"if {c} > '{g.one('egmp')}':"))
    with g.block(f"for {c} in {name}:"), g.block(test):
        g.emit(f"{count} += {g.between(1, 2)}")
    g.scope[count] = Int(0, 20)


def build_string(g: Gen) -> None:
    name, _ = a_string(g)
    out, c = g.fresh(("out", "res", "new")), g.fresh(CHARACTERS)
    g.emit(f"{out} = ''")
    with g.block(f"for {c} in {name}:"):
        form = g.one(
            (f"{out} = {c} + {out}", f"{out} += {c}.upper()", f"{out} += {c} * 2", f"{out} += {c} + '-'", "if")
        )
        if form == "if":
            with g.block(f"if {c} != '{g.one('aeilnr')}':"):
                g.emit(f"{out} += {c}")
        else:
            g.emit(form)
    g.scope[out] = Other()


def count_dict(g: Gen) -> None:
    """Counting with get or with a membership test."""
    counts = g.fresh(DICTS)
    g.emit(f"{counts} = {{}}")
    if g.chance(0.5):
        over, key = a_string(g)[0], g.fresh(CHARACTERS)
    else:
        over, key = make_list(g, g.between(2, 5)), g.fresh(LOOP)
    with g.block(f"for {key} in {over}:"):
        if g.chance(0.6):
            g.emit(f"{counts}[{key}] = {counts}.get({key}, 0) + 1")
        else:
            with g.block(f"if {key} in {counts}:"):
                g.emit(f"{counts}[{key}] += 1")
            with g.block("else:"):
                g.emit(f"{counts}[{key}] = 1")
    g.scope[counts] = Other()


def for_dict(g: Gen) -> None:
    name, kind = a_dict(g)
    total = g.fresh(NUMBERS)
    g.emit(f"{total} = 0")
    key, value = g.fresh(("k", "key", "name")), g.fresh(("v", "value"))
    header = f"for {key}, {value} in {name}.items():" if g.chance(0.6) else f"for {value} in {name}.values():"
    with g.block(header):
        if g.chance(0.4):
            with g.block(f"if {value} > {g.between(2, 12)}:"):
                g.emit(f"{total} += {value}")
        else:
            g.emit(f"{total} += {value}")
    g.scope[total] = Int(0, 200)


def for_enumerate(g: Gen) -> None:
    name, kind = a_list(g)
    total, i, x = g.fresh(NUMBERS), g.fresh(("i", "j")), g.fresh(("x", "v", "n"))
    g.emit(f"{total} = 0")
    other = g.chance(0.5)
    header = f"for {i}, {x} in enumerate({name}):" if other else f"for {i} in range(len({name})):"
    item = x if other else f"{name}[{i}]"
    with g.block(header):
        g.emit(
            g.one(
                (
                    f"{total} += {item} + {i}",
                    f"{total} += {item}",
                    f"{total} = max({total}, {item})",
                    f"{total} += {i} * {g.between(2, 3)}",
                )
            )
        )
    g.scope[total] = Int(-50, 200)


def comprehension(g: Gen) -> None:
    out, x = g.fresh(COLLECTORS), g.fresh(LOOP)
    over = a_list(g)[0] if g.chance(0.7) else f"range({g.between(*g.level.loops)})"
    item = g.one(
        (
            f"{x} * {g.between(2, 4)}",
            f"{x} + {g.between(1, 9)}",
            f"{x} % {g.between(2, 5)}",
            f"{x} * {x}",
            x,
            f"{x} - {g.between(1, 5)}",
        )
    )
    test = g.one(("", "", f" if {x} > {g.between(1, 8)}", f" if {x} % 2 == {g.between(0, 1)}"))
    body = f"{item} for {x} in {over}{test}"
    if g.chance(0.25):
        g.emit(
            f"{(total := g.fresh(NUMBERS))} = sum({body})"
            if g.chance(0.7)
            else f"{(total := g.fresh(NUMBERS))} = len([{body}])"
        )
        g.scope[total] = Int(-100, 200)
        return
    g.emit(f"{out} = [{body}]")
    g.scope[out] = List(0, 6, Int(-10, 200))


def two_loops(g: Gen) -> None:
    for_range(g)
    (for_range if g.chance(0.5) else for_collect)(g)


def nested_for(g: Gen) -> None:
    outer, inner = for_header(g), for_header(g)

    def body(g: Gen) -> None:
        if g.chance(0.3):
            update(g)
        loop(g, *inner, plain_body if g.chance(0.6) else if_body, count=1)
        if g.chance(0.3):
            update(g)

    loop(g, *outer, body, count=1)


def nested_collect(g: Gen) -> None:
    out, i, j = g.fresh(COLLECTORS), *g.rng.sample(("i", "j", "k", "x", "y"), 2)
    g.taken |= {i, j}
    g.emit(f"{out} = []")
    with g.block(f"for {i} in range({g.between(2, 3)}):"), g.block(f"for {j} in range({g.between(2, 3)}):"):
        g.emit(f"{out}.append({g.one((f'{i} + {j}', f'{i} * {j}', f'({i}, {j})', f'{i} - {j}'))})")
    g.scope[out] = Other()


def grid(g: Gen) -> None:
    name, row, x, total = g.fresh(GRIDS), g.fresh(("row", "line", "r")), g.fresh(("x", "v", "n")), g.fresh(NUMBERS)
    g.emit(f"{name} = {[[g.between(0, 9) for _ in range(g.between(1, 3))] for _ in range(g.between(2, 3))]}")
    if g.chance(0.25):
        g.emit(f"{total} = {name}[{g.between(0, 1)}][0]")
    else:
        g.emit(f"{total} = 0")
        with g.block(f"for {row} in {name}:"):
            if g.chance(0.4):
                g.emit(f"{total} += {g.one((f'len({row})', f'sum({row})', f'{row}[0]', f'max({row})'))}")
            else:
                with g.block(f"for {x} in {row}:"):
                    g.emit(f"{total} += {x}")
    g.scope[total] = Int(0, 81)


def for_if_else(g: Gen) -> None:
    """A loop with if / elif / else whose branches do different things."""
    header, variables, times = list_header(g) if g.chance(0.5) else for_header(g)
    variable = next(iter(variables))

    def body(g: Gen) -> None:
        for keyword in ("if", "elif") if g.chance(0.6) else ("if",):
            with g.block(f"{keyword} {condition(g, variable, simple=True)}:"):
                update(g)
        with g.block("else:"):
            update(g)

    loop(g, header, variables, times, body, count=2)


def _failing(g: Gen) -> tuple[str, str]:
    """An expression that may or does raise, and the exception's name."""
    form = g.pick({"zero": 2, "index": 2, "key": 2, "value": 1.5, "type": 1})
    if form == "zero":
        return f"{atom(g)[0]} // {g.one((0, 0, 1, 2))}", "ZeroDivisionError"
    if form == "index":
        name, kind = a_list(g)
        return f"{name}[{g.one((kind.hi, kind.hi + 2, 0, kind.lo - 1))}]", "IndexError"
    if form == "key":
        name, keys = a_dict(g)
        return f"{name}['{g.one((g.one(WORDS), g.one(keys.keys)))}']", "KeyError"
    if form == "value":
        return f"int('{g.one((g.one(WORDS), str(g.between(0, 99))))}')", "ValueError"
    return f"{atom(g)[0]} + '{g.one(WORDS)}'", "TypeError"


def try_statement(g: Gen) -> None:
    """try / except (/ else / finally) around an expression that may raise."""
    ensure(g, 1)
    text, name = _failing(g)
    target = g.fresh(NUMBERS)
    with g.block("try:"):
        g.emit(f"{target} = {text}")
        if g.chance(0.4):
            g.emit(f"{target} += {g.between(1, 5)}")
    with g.block(f"except {name if g.chance(0.85) else 'Exception'}:"):
        g.emit(f"{target} = {g.one((-1, 0, g.between(1, 9)))}")
    if g.chance(0.2):
        with g.block("finally:"):
            g.emit(f"{g.fresh(('done', 'flag', 'ok'))} = True")
    g.scope[target] = Int(-50, 200)


def try_loop(g: Gen) -> None:
    """Exceptions caught inside a loop."""
    out, x, total = g.fresh(("items", "vals", "texts")), g.fresh(("s", "x", "t")), g.fresh(NUMBERS)
    values = [g.one((str(g.between(0, 20)), g.one(WORDS))) for _ in range(g.between(2, 3))]
    g.emit(f"{out} = {values}")
    g.emit(f"{total} = 0")
    with g.block(f"for {x} in {out}:"):
        with g.block("try:"):
            g.emit(f"{total} += int({x})")
        with g.block("except ValueError:"):
            g.emit(f"{total} -= 1")
    g.scope[total] = Int(-3, 60)


def raising(g: Gen) -> tuple[str, str, Callable[[], str]]:
    """A function that raises on some arguments."""
    name, x = g.fresh(FUNCTIONS), g.one(("x", "n", "a", "v"))
    error = g.one(("ValueError", "KeyError", "RuntimeError", "TypeError"))
    limit = g.between(3, 12)
    g.defs += [
        f"def {name}({x}):", f"    if {x} {g.one('<>')} {limit}:", f"        raise {error}('{g.one(WORDS)}')",
        f"    return {g.one((f'{x} * 2', f'{x} + {g.between(1, 9)}', f'{x} - {g.between(1, 9)}'))}",
    ]  # fmt: skip
    return name, error, lambda: str(limit + g.between(-4, 4))


def raise_caught(g: Gen) -> None:
    name, error, argument = raising(g)
    target = g.fresh(NUMBERS)
    with g.block("try:"):
        g.emit(f"{target} = {name}({argument()})")
    with g.block(f"except {error}:"):
        g.emit(f"{target} = {g.between(-1, 5)}")
    g.scope[target] = Int(-10, 40)


def uncaught(g: Gen) -> None:
    """A program that may end with an exception."""
    if g.chance(0.5):
        name, _, argument = raising(g)
        if not g.lines:
            g.entry = f"{name}({argument()})"
            return
        text = f"{name}({argument()})"
    else:
        ensure(g, 1)
        text, _ = _failing(g)
    target = g.fresh(NUMBERS)
    g.emit(f"{target} = {text}")
    g.scope[target] = Int(-50, 200)


WRITERS |= {
    "for_collect": for_collect,
    "for_string": for_string,
    "build_string": build_string,
    "count_dict": count_dict,
    "for_dict": for_dict,
    "for_enumerate": for_enumerate,
    "comprehension": comprehension,
    "two_loops": two_loops,
    "nested_for": nested_for,
    "nested_collect": nested_collect,
    "grid": grid,
    "for_if_else": for_if_else,
    "try": try_statement,
    "try_loop": try_loop,
    "raise_caught": raise_caught,
    "uncaught": uncaught,
}
