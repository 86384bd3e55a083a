"""Events that some version of Python gives otherwise: each program, and what every version must give, checked by eye."""

from __future__ import annotations

import pytest

from tests.tracing.conftest import short

CASES = {
    "GeneratorExit leaves a with: no yield": (
        """class C:
    def __enter__(self): pass
    def __exit__(self, *a): pass
def g():
    with C():
        yield
it = g()
next(it)
it.close()
""",
        None,
        ['0 line 1', '1 call 1', '1 line 1', '1 line 2', '1 line 3', '1 return 3 -> None', '0 line 4', '0 line 7',
            '0 line 8', '1 call 4', '1 line 5', '2 call 2', '2 line 2', '2 return 2 -> None', '1 line 6',
            '1 yield 6 -> None', '0 line 9', '1 call 6', '1 exception 6 -> GeneratorExit', '1 line 5',
            '2 call 3 a=...', '2 line 3 a=...', '2 return 3 a=... -> None', '1 unwind 6 -> GeneratorExit',
            '0 return 9 -> None'],
    ),
    "a generator that never began has no frame": (
        """def g():
    yield 1
g().close()
try:
    g().throw(KeyError)
except KeyError:
    x = 1
""",
        None,
        ['0 line 1', '0 line 3', '0 line 4', '0 line 5', '0 exception 5 -> KeyError', '0 line 6', '0 line 7',
            '0 return 7 x=1 -> None'],
    ),
    "thrown through a yield from that ends by it": (
        """def a():
    try:
        yield 1
    except KeyError:
        return 2
def b():
    x = yield from a()
    yield x
it = b()
next(it)
y = it.throw(KeyError)
""",
        None,
        ['0 line 1', '0 line 6', '0 line 9', '0 line 10', '1 call 6', '1 line 7', '2 call 1', '2 line 2',
            '2 line 3', '2 yield 3 -> 1', '1 yield 7 -> 1', '0 line 11', '1 call 3', '1 exception 3 -> KeyError',
            '1 line 4', '1 line 5', '1 return 5 -> 2', '1 call 7', '1 line 8 x=2', '1 yield 8 x=2 -> 2',
            '0 return 11 y=2 -> None'],
    ),
    "finally goes on raising behind an if": (
        """def f(n):
    try:
        1 / n
    finally:
        if n:
            return 5
""",
        'f(0)',
        ['0 line 1', '0 return 1 -> None', '1 call 1 n=0', '1 line 2 n=0', '1 line 3 n=0',
            '1 exception 3 n=0 -> ZeroDivisionError', '1 line 5 n=0', '1 unwind 5 n=0 -> ZeroDivisionError'],
    ),
    "a decorated def on one line": (
        """def d(f): return f
@d
@d
def g(): return 1
x = g()
""",
        None,
        ['0 line 1', '0 line 2', '1 call 1', '1 line 1', '1 return 1 -> <function g>', '1 call 1', '1 line 1',
            '1 return 1 -> <function g>', '0 line 5', '1 call 2', '1 line 2', '1 return 2 -> 1',
            '0 return 5 x=1 -> None'],
    ),
    "the end of an async for is no exception": (
        """class A:
    def __aiter__(self): return self
    async def __anext__(self): raise StopAsyncIteration
async def f():
    async for i in A():
        pass
    return 1
""",
        'f().send(None)',
        ['0 line 1', '1 call 1', '1 line 1', '1 line 2', '1 line 3', '1 return 3 -> None', '0 line 4',
            '0 return 4 -> None', '1 call 4', '1 line 5', '2 call 2', '2 line 2', '2 return 2 -> <A>', '2 call 3',
            '2 line 3', '2 unwind 3 -> StopAsyncIteration', '1 line 7', '1 return 7 -> 1'],
    ),
    "except star comes by once": (
        """try:
    raise ValueError
except* ValueError:
    x = 1
y = 2
""",
        None,
        ['0 line 1', '0 line 2', '0 exception 2 -> ValueError', '0 line 3', '0 line 4', '0 line 5 x=1',
            '0 return 5 x=1 y=2 -> None'],
    ),
    "the head and the body of a loop share a line": (
        """def f(n):
    while (n and
           n): n -= 1
    for i in (1,
              2): n = i
""",
        'f(2)',
        ['0 line 1', '0 return 1 -> None', '1 call 1 n=2', '1 line 2 n=2', '1 line 2 n=1', '1 line 4 n=0',
            '1 line 4 n=1 i=1', '1 line 4 n=2 i=2', '1 return 4 n=2 i=2 -> None'],
    ),
    "a comprehension's own variable stays its own": (
        """def f(xs):
    i = 'mine'
    try:
        return [1 // i for i in xs]
    except ZeroDivisionError:
        return i
""",
        'f([0])',
        ['0 line 1', '0 return 1 -> None', '1 call 1 xs=[0]', '1 line 2 xs=[0]', "1 line 3 xs=[0] i='mine'",
            "1 line 4 xs=[0] i='mine'", "1 exception 4 xs=[0] i='mine' -> ZeroDivisionError",
            "1 line 5 xs=[0] i='mine'", "1 line 6 xs=[0] i='mine'", "1 return 6 xs=[0] i='mine' -> 'mine'"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("source, entry, expected", CASES.values(), ids=CASES)
def test_events(trace, source, entry, expected):
    done = short(trace(source, entry))
    assert [row.replace("a=(<class GeneratorExit>, <GeneratorExit>, <traceback>)", "a=...") for row in done] == expected
