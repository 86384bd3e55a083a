"""Small programs and the events they must give, checked by eye against the schema."""

from __future__ import annotations

import pytest

from tests.tracing.conftest import short

CASES = {
    "the last assignment is not lost": ("x = 1\nx = 2\n", None, ["0 line 1", "0 line 2 x=1", "0 return 2 x=2 -> None"]),
    "aliasing: the state of then, not of later": (
        "a = [1]\nb = a\nb.append(2)\nb = 0\n",
        None,
        ["0 line 1", "0 line 2 a=[1]", "0 line 3 a=[1] b=[1]", "0 line 4 a=[1, 2] b=[1, 2]", "0 return 4 a=[1, 2] b=0 -> None"],
    ),
    "recursion": (
        "def f(n):\n    return n and f(n - 1)\n",
        "f(1)",
        [
            "0 line 1", "0 return 1 -> None",
            "1 call 1 n=1", "1 line 2 n=1", "2 call 1 n=0", "2 line 2 n=0", "2 return 2 n=0 -> 0", "1 return 2 n=1 -> 0",
        ],
    ),
    "a generator is called again at each resumption": (
        "def g():\n    x = yield 1\n    return x\nfor i in g():\n    pass\n",
        None,
        [
            "0 line 1", "0 line 4", "1 call 1", "1 line 2", "1 yield 2 -> 1", "0 line 5 i=1", "0 line 4 i=1",
            "1 call 2", "1 line 3 x=None", "1 return 3 x=None -> None", "0 return 4 i=1 -> None",
        ],
    ),
    "a generator that is closed early": (
        "def g():\n    yield 1\nit = g()\nnext(it)\nit.close()\n",
        None,
        [
            "0 line 1", "0 line 3", "0 line 4", "1 call 1", "1 line 2", "1 yield 2 -> 1", "0 line 5",
            "1 call 2", "1 unwind 2 -> GeneratorExit", "0 return 5 -> None",
        ],
    ),
    "a generator that is ended before it began has no frame": (
        "def g():\n    yield 1\nit = g()\ntry:\n    it.throw(KeyError(1))\nexcept KeyError:\n    pass\n",
        None,
        [
            "0 line 1", "0 line 3", "0 line 4", "0 line 5",
            "0 exception 5 -> KeyError", "0 line 6", "0 line 7", "0 return 7 -> None",
        ],
    ),
    "a statement over lines on the line of its head": (
        "k = 1\nif (k and\n    k): x = [\n    1,\n    k]\nfor i in (1,\n    2): x = [\n    i]\n",
        None,
        [
            "0 line 1", "0 line 2 k=1", "0 line 6 k=1 x=[1, 1]", "0 line 6 k=1 x=[1] i=1", "0 line 6 k=1 x=[2] i=2",
            "0 return 6 k=1 x=[2] i=2 -> None",
        ],
    ),
    "what Python adds after an exception is no step": (
        "class M:\n    def __enter__(s): pass\n    def __exit__(s, *e): return 1\ntry:\n    [][0]\nfinally:\n    try:\n        {}[1]\n"
        "    finally:\n        with M():\n            int('x')\n    k = 1\n    while k:\n        k = 0\n",
        None,
        [
            "0 line 1", "1 call 1", "1 line 1", "1 line 2", "1 line 3", "1 return 3 -> None", "0 line 4", "0 line 5",
            "0 exception 5 -> IndexError", "0 line 7", "0 line 8", "0 exception 8 -> KeyError", "0 line 10",
            "1 call 2", "1 line 2", "1 return 2 -> None", "0 line 11", "0 exception 11 -> ValueError", "0 line 10",
            "1 call 3 e=(<class ValueError>, <ValueError>, <traceback>)", "1 line 3 e=(<class ValueError>, <ValueError>, <traceback>)",
            "1 return 3 e=(<class ValueError>, <ValueError>, <traceback>) -> 1", "0 unwind 10 -> KeyError",
        ],
    ),
    "a finally that ends in a match raises again where it stands": (
        "try:\n    [][0]\nfinally:\n    match 1:\n        case 2:\n            k = 1\n        case k:\n            k = 2\n",
        None,
        [
            "0 line 1", "0 line 2", "0 exception 2 -> IndexError", "0 line 4", "0 line 5", "0 line 7", "0 line 8 k=1",
            "0 unwind 8 k=2 -> IndexError",
        ],
    ),
    "a finally that ends in pass": (
        "try:\n    [][0]\nfinally:\n    try:\n        k = 1\n    except KeyError:\n        k = 2\n    pass\n",
        None,
        [
            "0 line 1", "0 line 2", "0 exception 2 -> IndexError", "0 line 4", "0 line 5", "0 line 8 k=1",
            "0 unwind 8 k=1 -> IndexError",
        ],
    ),
    "yield from": (
        "def g():\n    yield 1\ndef h():\n    yield from g()\nx = list(h())\n",
        None,
        [
            "0 line 1", "0 line 3", "0 line 5", "1 call 3", "1 line 4", "2 call 1", "2 line 2", "2 yield 2 -> 1", "1 yield 4 -> 1",
            "1 call 4", "2 call 2", "2 return 2 -> None", "1 return 4 -> None", "0 return 5 x=[1] -> None",
        ],
    ),
    "finally runs between the exception and the unwinding": (
        "def f():\n    try:\n        return 1 / 0\n    finally:\n        k = 1\n",
        "f()",
        [
            "0 line 1", "0 return 1 -> None", "1 call 1", "1 line 2", "1 line 3",
            "1 exception 3 -> ZeroDivisionError", "1 line 5", "1 unwind 5 k=1 -> ZeroDivisionError",
        ],
    ),
    "what finally raises again is the first exception, not the one handled inside": (
        "def f():\n    try:\n        1 / 0\n    finally:\n        try:\n            [][0]\n        except IndexError:\n            k = 1\ntry:\n    f()\nexcept ZeroDivisionError:\n    x = 1\n",
        None,
        [
            "0 line 1", "0 line 9", "0 line 10", "1 call 1", "1 line 2", "1 line 3", "1 exception 3 -> ZeroDivisionError",
            "1 line 5", "1 line 6", "1 exception 6 -> IndexError", "1 line 7", "1 line 8",
            "1 unwind 8 k=1 -> ZeroDivisionError", "0 exception 10 -> ZeroDivisionError", "0 line 11", "0 line 12",
            "0 return 12 x=1 -> None",
        ],
    ),
    "caught": (
        "try:\n    int('a')\nexcept ValueError:\n    x = 1\n",
        None,
        ["0 line 1", "0 line 2", "0 exception 2 -> ValueError", "0 line 3", "0 line 4", "0 return 4 x=1 -> None"],
    ),
    "uncaught: one event a frame": (
        "def f():\n    raise KeyError('k')\nf()\n",
        None,
        ["0 line 1", "0 line 3", "1 call 1", "1 line 2", "1 unwind 2 -> KeyError", "0 unwind 3 -> KeyError"],
    ),
    "a comprehension is one step": (
        "def f(x):\n    return x\ny = [x\n     for x in\n     range(2)]\nz = sum(x for x in y)\n",
        None,
        ["0 line 1", "0 line 3", "0 line 6 y=[0, 1]", "0 return 6 y=[0, 1] z=1 -> None"],
    ),
    "calls inside a comprehension are frames of the caller": (
        "y = [k(1) for k in [lambda v: v + 1]]\n",
        None,
        ["0 line 1", "1 call 1 v=1", "1 line 1 v=1", "1 return 1 v=1 -> 2", "0 return 1 y=<+> -> None"],
    ),
    "a global changed from a function": (
        "t = 0\ndef f():\n    global t\n    t = 5\n    return t\nf()\n",
        None,
        [
            "0 line 1", "0 line 2 t=0", "0 line 6 t=0", "1 call 2", "1 line 4", "1 line 5 global t=5", "1 return 5 -> 5",
            "0 return 6 t=5 -> None",
        ],
    ),
    "a global list changed in the entry call": (
        "xs = []\ndef f():\n    xs.append(1)\n",
        "f()",
        ["0 line 1", "0 line 2 xs=[]", "0 return 2 xs=[] -> None", "1 call 2", "1 line 3", "1 return 3 global xs=[1] -> None"],
    ),
    "a statement of three lines": (
        "def f(a, b):\n    return a\nx = f(\n    1,\n    2)\ny = 0\n",
        None,
        [
            "0 line 1", "0 line 3", "1 call 1 a=1 b=2", "1 line 2 a=1 b=2", "1 return 2 a=1 b=2 -> 1",
            "0 line 6 x=1", "0 return 6 x=1 y=0 -> None",
        ],
    ),
    "a loop without a condition keeps its rounds": (
        "it = iter([1, 2])\ntry:\n    while True:\n        x = next(it)\nexcept StopIteration:\n    pass\n",
        None,
        [
            "0 line 1", "0 line 2", "0 line 3", "0 line 4", "0 line 3 x=1", "0 line 4 x=1", "0 line 3 x=2", "0 line 4 x=2",
            "0 exception 4 x=2 -> StopIteration", "0 line 5 x=2", "0 line 6 x=2", "0 return 6 x=2 -> None",
        ],
    ),
    "a program without a statement has no events": ("# nothing\n\n", "len([0])", []),
    "a deleted name is gone": ("x = 1\ndel x\n", None, ["0 line 1", "0 line 2 x=1", "0 return 2 -> None"]),
    "user dunder methods are frames, the tracer calls none": (
        "class A:\n    def __repr__(self):\n        return 'A!'\na = A()\nprint(a)\n",
        None,
        [
            "0 line 1", "1 call 1", "1 line 1", "1 line 2", "1 return 2 -> None", "0 line 4", "0 line 5",
            "1 call 2", "1 line 3", "1 return 3 -> 'A!'", "0 return 5 -> None",
        ],
    ),
    "StopIteration of a user iterator is the end of the loop": (
        "class I:\n    def __iter__(self):\n        return self\n    def __next__(self):\n        raise StopIteration\nfor i in I():\n    pass\nx = 1\n",
        None,
        [
            "0 line 1", "1 call 1", "1 line 1", "1 line 2", "1 line 4", "1 return 4 -> None", "0 line 6",
            "1 call 2", "1 line 3", "1 return 3 -> <I>", "1 call 4", "1 line 5", "1 unwind 5 -> StopIteration",
            "0 line 8", "0 return 8 x=1 -> None",
        ],
    ),
    "code made by exec is not the program's": ("exec('y = 1\\nz = 2')\nx = 1\n", None, ["0 line 1", "0 line 2 y=1 z=2", "0 return 2 y=1 z=2 x=1 -> None"]),
}  # fmt: skip
CASES["calls inside a comprehension are frames of the caller"][2][-1] = "0 return 1 y=[2] -> None"


@pytest.mark.parametrize("source, entry, expected", CASES.values(), ids=CASES.keys())
def test_events(trace, source, entry, expected):
    assert short(trace(source, entry)) == expected


def test_result_output_and_exception(trace):
    done = trace("def f(s):\n    print(input())\n    return {s: [1, None]}\n", "f('é')", "hello\n")
    assert (done.status, done.result, done.stdout) == ("ok", "{'é': [1, None]}", "hello\n")
    failed = trace("def f():\n    raise ValueError('no')\n", "f()")
    assert (failed.status, failed.exception) == ("exception", {"type": "ValueError", "message": "no"})
    assert failed.result is None
    assert failed.finished


def test_names_of_the_machinery_are_hidden(trace):
    state = trace("import math\ndef f(): pass\nclass C: pass\nc = C()\n").events[-1].locals
    assert state == {"math": "<module math>", "f": "<function f>", "C": "<class C>", "c": "<C>"}


def test_body_can_be_left_out():
    from ewm.config.schema import TraceConfig
    from ewm.programs import Program
    from ewm.tracing import Runner

    with Runner(TraceConfig(workers=1, body=False)) as runner:
        done = runner.trace(Program("t = [1]\ndef f():\n    t.append(2)\n", "f()"))
    assert short(done) == ["1 call 2", "1 line 3", "1 return 3 global t=[1, 2] -> None"]
