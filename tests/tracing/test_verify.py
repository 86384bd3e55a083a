"""Sound traces have no problems; forged ones do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ewm.programs import Program
from ewm.tracing.verify import consistent

PROGRAMS = [
    Program("def f(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s\n", "f(3)"),
    Program("def g():\n    yield 1\n    yield 2\nx = sum(g())\nprint(x)\n"),
    Program("def f():\n    try:\n        return int('x')\n    finally:\n        print(1)\n", "f()"),
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_sound(runner, program):
    assert consistent(program, runner.trace(program), runner) == []


@pytest.mark.parametrize(
    "change, problem",
    [
        (lambda t: {"result": "99"}, "result: traced '99', untraced '3'"),
        (lambda t: {"stdout": "x"}, "stdout: traced 'x', untraced ''"),
        (lambda t: {"events": (*t.events[:-1], replace(t.events[-1], line=99))}, "line 99 does not exist"),
        (lambda t: {"events": t.events[:-1]}, "1 frames were not closed"),
        (lambda t: {"events": (*t.events[:2], *t.events[3:])}, "event 2: depth 1, but the frames before lead to -1"),
    ],
)
def test_forged(runner, change, problem):
    trace = runner.trace(PROGRAMS[0])
    assert problem in consistent(PROGRAMS[0], replace(trace, **change(trace)), runner)
