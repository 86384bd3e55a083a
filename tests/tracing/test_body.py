"""trace.body=false: the events of the entry call only; what the body did is known all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing import Runner
from ewm.tracing.verify import consistent

SOURCE = """\
k = 1
def g():
    yield 1
    yield k
it = g()
next(it)
def f(n):
    global k
    k += n
    return next(it)
"""


@pytest.fixture(scope="module")
def calls() -> Iterator[Runner]:
    with Runner(TraceConfig(workers=1, body=False)) as runner:
        yield runner


def test_only_the_entry_call_is_there(calls):
    done = calls.trace(Program(SOURCE, "f(2)"))
    assert [(e.kind, e.line, e.depth) for e in done.events] == [
        ("call", 7, 1), ("line", 9, 1), ("line", 10, 1), ("call", 3, 2), ("line", 4, 2), ("yield", 4, 2), ("return", 10, 1),
    ]  # fmt: skip
    assert [e.globals for e in done.events if e.globals] == [{"k": "3"}]
    assert (done.status, done.result) == ("ok", "3")
    assert consistent(Program(SOURCE, "f(2)"), done, calls) == []


def test_without_an_entry_the_body_is_what_there_is(calls, runner):
    assert calls.trace(Program(SOURCE)).events == runner.trace(Program(SOURCE)).events != ()


@pytest.mark.parametrize(
    "body, status",
    [
        ("x = 1\nraise ValueError(x)\n", "exception"),
        ("raise SystemExit(2)\n", "exit"),
        ("open('/etc/passwd')\n", "policy"),
        ("x = [0] * 10**10\n", "memory"),
        ("def f(:\n", "syntax_error"),
        ("f = 1\n", "exception"),
    ],
)
def test_how_a_body_ends_is_said_as_ever(calls, runner, body, status):
    program = Program(body, "f(1)")
    done, whole = calls.trace(program), runner.trace(program)
    assert (done.status, whole.status) == (status, status)
    assert done.exception == whole.exception
    assert done.events == ()


def test_a_stack_used_up_where_nothing_is_traced_is_an_exception(calls):
    done = calls.trace(Program("def f(n):\n    return f(n)\nf(1)\n", "f(1)"))
    assert (done.status, done.exception["type"], done.events) == ("exception", "RecursionError", ())
    assert calls.trace(Program("def f(n):\n    return f(n)\n", "f(1)")).status == "trace_lost"
