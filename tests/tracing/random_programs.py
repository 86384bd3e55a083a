"""Random programs for property tests: statements of every kind in every other one, all of them short and all ending.

Loops count down or run over short lists, recursion is bounded by its argument. Names are few, so that they are read,
written, deleted and shadowed, and a program may raise at any place. All choices come from `rng`, so that hypothesis can
make and shrink them.
"""

from __future__ import annotations

from random import Random

NAMES = ("a", "b", "c", "d")
HEAD = """class M:
    def __init__(self, s=False): self.s = s
    def __enter__(self): return [0]
    def __exit__(self, *e):
        return self.s
def g(n):
    for i in range(n):
        got = yield i
    return n
def r(n):
    try:
        return [n] + (r(n - 1) if n else [])
    finally:
        n = -1
a = 1
b = [1, 2]
c = {'k': 1}
d = lambda x: (x, a)
"""
EXPRESSIONS = (
    "{x}", "1", "0", "-3", "'s'", "[{x}, 1]", "({x}, {y})", "{{1: {x}}}", "{x} + 1", "len({x})", "{x}[0]", "not {x}",
    "1 // {x}", "[i for i in range(3)]", "[d(i) for i in ({x}, {y})]", "d({x})", "list(g(2))", "r(2)", "{x} == {y}",
    "(lambda q: [q, {x}])({y})", "{{i: {x} for i in 'ab'}}", "{x} if {y} else 2", "sum(i for i in range(3))",
    "(e := {x})", "f'{{{x} == 1}}'", "next(iter({x}))", "set('ab')", "{x} and {y}", "M({x})", "globals().get('a')",
    "[\n1,\n    {x}]", "max({x}, {y},\n    key=lambda v: 1)",
)  # fmt: skip
ERRORS = ("ValueError", "KeyError", "(TypeError, IndexError)", "ZeroDivisionError", "Exception", "NameError")
LOOPS = ("range(3)", "'ab'", "g(2)", "list(b)[:3]", "[1, 0]", "(1, 2)")
MANAGERS = ("M()", "M(1) as a", "M(1), M() as b", "M() as b,\\\n        M(1)", "M(d)")
SIMPLE = (
    "{x} = {e}", "{x} = {e}", "{x} = {e}", "{x} += {e}", "{e}", "b.append({e})", "{x}, *{y} = {e}", "{x} = {e}; {y} = 5",
    "if {e}: {x} = 1", "for {x} in range(2): {y} = 1", "del {x}", "assert {e} != 7", "raise {r}({e})", "pass",
    "print({e} == 1)", "if ({x} and\n        {y}): {x} = 2", "for {x} in (1,\n        2): {y} = [\n    3]", "{x} = (\n    {e})", "with M({y}): {x} = {e}", "try: {e}\nexcept Exception: pass",
)  # fmt: skip
MORE = {
    "function": ("return {e}", "return"),
    "generator": ("{x} = yield {e}", "yield from g(2)", "{x} = yield from [{e}]"),
    "loop": ("break", "continue"),
    "handler": ("raise",),
}


def program(rng: Random, depth: int = 3) -> str:
    """One program's text; a text that Python does not compile is possible, but rare."""
    return HEAD + _block(rng, depth, frozenset()) + _block(rng, depth - 1, frozenset())


def _indent(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def _expression(rng: Random) -> str:
    return rng.choice(EXPRESSIONS).format(x=rng.choice(NAMES), y=rng.choice(NAMES))


def _simple(rng: Random, inside: frozenset[str]) -> str:
    kinds = list(SIMPLE)
    for place, more in MORE.items():
        kinds += more * 2 if place in inside else ()
    text = rng.choice(kinds)
    error = rng.choice(("ValueError", "KeyError", "TypeError"))
    return text.format(x=rng.choice(NAMES), y=rng.choice(NAMES), e=_expression(rng), r=error) + "\n"


def _block(rng: Random, depth: int, inside: frozenset[str]) -> str:
    return "".join(_statement(rng, depth, inside) for _ in range(rng.randint(1, 3)))


def _statement(rng: Random, depth: int, inside: frozenset[str]) -> str:
    kind = rng.randint(0, 13) if depth > 0 else 0

    def body(*more: str) -> str:
        return _indent(_block(rng, depth - 1, inside | set(more)))

    def maybe(head: str, *more: str) -> str:
        return f"{head}:\n{body(*more)}" if rng.randint(0, 1) else ""

    if kind < 4:
        return _simple(rng, inside)
    if kind == 4:
        return f"if {_expression(rng)}:\n{body()}" + maybe(f"elif {_expression(rng)}") + maybe("else")
    if kind == 5:
        return f"for {rng.choice(NAMES)} in {rng.choice(LOOPS)}:\n{body('loop')}" + maybe("else")
    if kind == 6:
        name = f"w{rng.randint(0, 99)}"
        return f"{name} = 3\nwhile {name}:\n    {name} -= 1\n" + body("loop") + maybe("else")
    if kind in (7, 8):
        return _try(rng, body, maybe)
    if kind == 9:
        return f"with {rng.choice(MANAGERS)}:\n{body()}"
    if kind == 10:
        cases = (f"[a, *_] if a:\n{body()}", f"{{'k': b}} | b:\n{body()}")
        return f"match {_expression(rng)}:\n" + _indent("".join(f"case {case}" for case in cases))
    if kind == 11:
        return f"class C:\n{_indent(_block(rng, depth - 1, frozenset()))}"
    return _function(rng, depth)


def _try(rng: Random, body, maybe) -> str:
    text = f"try:\n{body()}"
    handlers = rng.randint(0, 2)
    for _ in range(handlers):
        text += f"except {rng.choice(ERRORS)}{rng.choice(('', ' as e', ' as a'))}:\n{body('handler')}"
    text += maybe("else") if handlers else ""
    return text + (maybe("finally") if handlers else f"finally:\n{body()}")


def _function(rng: Random, depth: int) -> str:
    """A function and a call of it."""
    name, kind = f"f{rng.randint(0, 9)}", rng.choice(("function", "generator"))
    outer = rng.choice(("", "    global a\n", "    global a, b\n"))
    args = "c=1, *, d=d" if outer else "a=2, b=b, *c"
    text = f"def {name}({args}):\n{outer}{_indent(_block(rng, depth - 1, frozenset(('function', kind))))}"
    call = f"list({name}())" if kind == "generator" else f"{name}()"
    return text + f"{rng.choice(NAMES)} = {call}\n"
