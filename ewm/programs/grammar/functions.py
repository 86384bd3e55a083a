"""Functions: simple, with early return, default arguments, recursion, loops, chains. Each writes a def and a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ewm.programs.grammar.arithmetic import WRITERS, branches, for_header, loop, plain_body, run, update
from ewm.programs.grammar.expressions import condition, integer
from ewm.programs.grammar.scope import Gen, Int, Type
from ewm.programs.names import FUNCTIONS, LISTS, LOOP, NUMBERS


@dataclass(frozen=True)
class Function:
    """A written function: its name, the bounds of what it returns, and a way to write arguments that fit."""

    name: str
    returns: Int
    arguments: Callable[[Gen], str]


def define(g: Gen, params: str, inner: Gen, name: str | None = None) -> str:
    name = name or g.fresh(FUNCTIONS)
    g.defs += [f"def {name}({params}):", *inner.lines]
    return name


def parameters(g: Gen, inner: Gen, count: int) -> tuple[list[str], Callable[[Gen], str]]:
    """Integer parameters in [0, 15] and a writer of arguments for them."""
    names = [inner.fresh(NUMBERS) for _ in range(count)]
    inner.scope |= {n: Int(0, 15) for n in names}
    return names, lambda caller: ", ".join(argument(caller, Int(0, 15)) for _ in range(count))


def argument(g: Gen, bounds: Int) -> str:
    fitting = [n for n in g.names(Int) if bounds.lo <= g.scope[n].lo and g.scope[n].hi <= bounds.hi]  # type: ignore[union-attr]
    return g.one(fitting) if fitting and g.chance(0.6) else str(g.between(bounds.lo, bounds.hi))


def simple(g: Gen) -> Function:
    inner = g.function()
    names, arguments = parameters(g, inner, g.between(1, 3))
    for _ in range(g.between(0, 2)):
        run(inner, g.pick({"assign": 3, "augment": 2}))
    text, bounds = integer(inner)
    inner.emit(f"return {text}")
    return Function(define(g, ", ".join(names), inner), bounds, arguments)


def early(g: Gen) -> Function:
    inner = g.function()
    names, arguments = parameters(g, inner, g.between(1, 2))
    bounds = None
    for _ in range(g.between(1, 2)):
        with inner.block(f"if {condition(inner)}:"):
            text, b = integer(inner)
            inner.emit(f"return {text}")
            bounds = b if bounds is None else bounds.join(b)
    if g.chance(0.4):
        run(inner, "assign")
    text, b = integer(inner)
    inner.emit(f"return {text}")
    assert bounds is not None
    return Function(define(g, ", ".join(names), inner), bounds.join(b), arguments)


def default(g: Gen) -> Function:
    inner = g.function()
    names, _ = parameters(g, inner, 2)
    value = g.between(1, 10)
    text, bounds = integer(inner)
    inner.emit(f"return {text}")

    def arguments(caller: Gen) -> str:
        first = argument(caller, Int(0, 15))
        form = caller.pick({"": 2, ", ": 1, "kw": 1})
        return first if not form else f"{first}, {f'{names[1]}=' if form == 'kw' else ''}{caller.between(0, 15)}"

    return Function(define(g, f"{names[0]}, {names[1]}={value}", inner), bounds, arguments)


def looping(g: Gen) -> Function:
    """A function whose loop turns over its parameter (a count or a list)."""
    inner = g.function()
    lo, hi = g.level.loops
    header: tuple[str, dict[str, Type], int]
    if g.chance(0.5):
        name = inner.fresh(NUMBERS)
        inner.scope[name] = Int(lo, hi)
        inner.locked.add(name)
        variable = inner.fresh(LOOP)
        header = (f"for {variable} in range({name}):", {variable: Int(0, hi - 1)}, hi)

        def arguments(caller: Gen) -> str:
            return str(caller.between(lo, hi))

    else:
        name = inner.fresh(LISTS)
        variable = inner.fresh(LOOP)
        header = (f"for {variable} in {name}:", {variable: Int(0, 10)}, hi)

        def arguments(caller: Gen) -> str:
            return str([caller.between(0, 10) for _ in range(caller.between(lo, hi))])

    made: list[str] = []

    def body(inner: Gen) -> None:
        made.extend(inner.budget)
        if g.chance(0.4):
            branches(inner, 1, g.chance(0.4), update)
        else:
            plain_body(inner)

    loop(inner, *header, body, count=1)
    result = made[0]
    bounds = inner.scope[result]
    assert isinstance(bounds, Int)
    inner.emit(f"return {result}")
    return Function(define(g, name, inner), bounds, arguments)


def recursive(g: Gen) -> Function:
    inner, name = g.function(), g.fresh(FUNCTIONS)
    n = inner.fresh(("n", "k", "m", "x", "a"))
    form = g.pick({"sum": 3, "product": 1.5, "fib": 0.7, "digits": 1, "list": 1.5, "power": 1, "step": 1})
    if form == "list":
        xs = inner.fresh(LISTS)
        inner.lines = [f"    if not {xs}:", "        return 0", f"    return {xs}[0] + {name}({xs}[1:])"]
        return Function(
            define(g, xs, inner, name),
            Int(0, 40),
            lambda caller: str([caller.between(0, 9) for _ in range(caller.between(1, 4))]),
        )
    base, c = g.between(0, 1), g.between(1, 4)
    forms = {
        "sum": (f"if {n} <= {base}:", f"return {g.between(0, 3)}", f"return {n} + {name}({n} - 1)", 5, 20),
        "product": (f"if {n} <= 1:", "return 1", f"return {n} * {name}({n} - 1)", 5, 120),
        "fib": (f"if {n} < 2:", f"return {n}", f"return {name}({n} - 1) + {name}({n} - 2)", 4, 3),
        "digits": (f"if {n} < 10:", f"return {n}", f"return {n} % 10 + {name}({n} // 10)", 999, 27),
        "power": (f"if {n} == 0:", "return 1", f"return {g.between(2, 3)} * {name}({n} - 1)", 4, 81),
        "step": (f"if {n} <= {c}:", f"return {n}", f"return {name}({n} - {c}) + {g.between(1, 5)}", 12, 60),
    }
    test, stop, again, top, most = forms[form]
    inner.lines = [f"    {test}", f"        {stop}", f"    {again}"]
    return Function(
        define(g, n, inner, name), Int(0, most), lambda caller: str(caller.between(0 if form != "product" else 1, top))
    )


def search(g: Gen) -> Function:
    """Returns from inside a loop."""
    inner = g.function()
    xs, target, i = inner.fresh(LISTS), inner.fresh(("target", "t", "x", "k")), inner.fresh(("i", "j", "v"))
    over_index = g.chance(0.6)
    header, item = (f"for {i} in range(len({xs})):", f"{xs}[{i}]") if over_index else (f"for {i} in {xs}:", i)
    inner.lines = [
        f"    {header}", f"        if {item} {g.one(('==', '>', '==', '>='))} {target}:", f"            return {i}",
        f"    return {g.one(('-1', '-1', '0', target))}",
    ]  # fmt: skip
    hi = g.level.loops[1]
    return Function(
        define(g, f"{xs}, {target}", inner), Int(-1, 20),
        lambda caller: f"{[caller.between(0, 9) for _ in range(caller.between(2, hi))]}, {caller.between(0, 9)}",
    )  # fmt: skip


def call(g: Gen, make: Callable[[Gen], Function]) -> None:
    """Defines and calls; as the program's entry when nothing stands before it, else as an assignment."""
    function = make(g)
    if not g.lines and g.times == 1 and g.chance(0.6):
        g.entry = f"{function.name}({function.arguments(g)})"
        return
    name = g.fresh(NUMBERS)
    g.emit(f"{name} = {function.name}({function.arguments(g)})")
    g.scope[name] = function.returns


def twice(g: Gen) -> None:
    function = g.one((simple, early, default, looping))(g)
    for _ in range(2):
        name = g.fresh(NUMBERS)
        g.emit(f"{name} = {function.name}({function.arguments(g)})")
        g.scope[name] = function.returns


def chain(g: Gen) -> None:
    """One function calls another."""
    helper = g.one((simple, early))(g)
    inner = g.function()
    names, arguments = parameters(g, inner, g.between(1, 2))
    result = inner.fresh(NUMBERS)
    inner.emit(f"{result} = {helper.name}({helper.arguments(inner)})")
    inner.scope[result] = helper.returns
    text, bounds = integer(inner)
    inner.emit(f"return {text}")
    name = define(g, ", ".join(names), inner)
    call(g, lambda g: Function(name, bounds, arguments))


def call_in_loop(g: Gen) -> None:
    function = g.one((simple, early))(g)
    header, variables, times = for_header(g)
    total = g.fresh(NUMBERS)
    g.emit(f"{total} = 0")
    variable = next(iter(variables))
    with g.block(header):
        _, *rest = function.arguments(g).split(", ")
        g.emit(f"{total} += {function.name}({', '.join([variable, *rest])})")
    g.scope[total] = Int(function.returns.lo * times, function.returns.hi * times)


def while_call(g: Gen) -> None:
    function = simple(g)
    n, total = g.fresh(NUMBERS), g.fresh(NUMBERS)
    g.emit(f"{n} = {g.between(2, g.level.loops[1])}")
    g.emit(f"{total} = {g.between(0, 5)}")
    with g.block(f"while {n} > 0:"):
        _, *rest = function.arguments(g).split(", ")
        g.emit(f"{total} += {function.name}({', '.join([n, *rest])})")
        g.emit(f"{n} -= 1")
    g.scope[total] = Int(-200, 200)


WRITERS |= {
    "call_simple": lambda g: call(g, simple),
    "call_early": lambda g: call(g, early),
    "call_default": lambda g: call(g, default),
    "call_loop": lambda g: call(g, looping),
    "call_recursive": lambda g: call(g, recursive),
    "search_return": lambda g: call(g, search),
    "call_twice": twice,
    "call_chain": chain,
    "call_in_loop": call_in_loop,
    "while_call": while_call,
}
