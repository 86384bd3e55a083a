"""Edits: made where they say, seen at once, and equal to the same assignment written into the program."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing import Edited, EditError, Runner, Trace
from ewm.tracing.edits import parse

SOURCE = """\
def outer(a):
    t = 0
    def inner(b):
        nonlocal t
        t = t + b
        return t
    for i in range(2):
        inner(a)
    return t, z
z = 5
class C:
    y = 1
    w = y + 1
"""
# events: 6 w = y + 1, 9 outer called, 10 t = 0, 12 for, 13 inner(a), 15 t = t + b, 17 return, 18 for
MADE = [
    ((9, "a", "10"), "(20, 5)"),  # an argument
    ((10, "t", "9"), "(6, 5)"),  # has no value yet, gets another one at once
    ((12, "t", "100"), "(106, 5)"),  # a cell, in the frame that owns it
    ((15, "t", "100"), "(106, 5)"),  # the same from inside
    ((15, "b", "-3"), "(0, 5)"),
    ((14, "b", "-3"), "(0, 5)"),
    ((18, "z", "{'new': [1]}"), "(6, {'new': [1]})"),  # a global, from a function
    ((2, "outer", "None"), None),  # a name of the module
    ((6, "y", "40"), "(6, 5)"),  # in a class body
]


@pytest.mark.parametrize("edit, result", MADE)
def test_an_edit_is_made_before_its_event(runner, edit, result):
    event, name, literal = edit
    done = runner.trace(Program(SOURCE, "outer(3)"), edits=[edit])
    shown = done.events[event]
    assert (shown.globals if name == "z" else shown.locals)[name] == literal
    assert done.result == result
    assert done.status == ("ok" if result else "exception")
    plain = runner.trace(Program(SOURCE, "outer(3)"))
    assert done.events[:event] == plain.events[:event]


def test_a_class_body_goes_on_with_the_edit(runner):
    done = runner.trace(Program(SOURCE), edits=[(6, "y", "40")])
    assert done.events[7].locals["w"] == "41"


def test_several_edits_in_any_order(runner):
    done = runner.trace(Program("x = 1\ny = x\nz = x\n"), edits=[(2, "x", "9"), (1, "x", "5"), (2, "y", "''")])
    assert done.events[-1].locals == {"x": "9", "y": "''", "z": "9"}


def test_events_are_counted_as_emitted():
    program = Program("x = 1\ndef f(a):\n    return a + x\n", "f(1)")
    with Runner(TraceConfig(workers=1, body=False)) as runner:
        assert runner.trace(program, edits=[(1, "x", "5")]).result == "6"


WRONG = [
    [(0, "x", "f()")],
    [(0, "x", "[1, y]")],
    [(0, "x", "(" * 300 + ")" * 300)],
    [(0, "x", "'" + "a" * 20_000 + "'")],
    [(-1, "x", "1")],
    [(True, "x", "1")],
    [(0, "x y", "1")],
    [(0, "__builtins__", "{}")],
    [(0, "x")],
    [(0, "x", 1)],
    "abc",
    [(0, "x", "1")] * 1001,
]


@pytest.mark.parametrize("edits", WRONG)
def test_what_can_be_no_edit_is_refused_before_the_run(edits):
    with pytest.raises(EditError):
        parse(edits)
    with Runner(TraceConfig(workers=1)) as runner:
        with pytest.raises(ValueError, match="edits"):
            runner.trace(Program("x = 1\n"), edits=edits)
        assert runner._workers == []


@pytest.mark.parametrize(
    "edit, said",
    [
        ((99, "a", "1"), "but there are 27 events"),
        ((10, "q", "1"), "outer sees no such variable"),
        ((5, "t", "1"), "C sees no such variable"),
        ((17, "t", "1"), "a return: no line runs after it"),
    ],
)
def test_what_the_run_shows_to_be_impossible_is_an_error_after_it(edit, said):
    with Runner(TraceConfig(workers=1)) as runner:
        with pytest.raises(EditError, match=said):
            runner.trace(Program(SOURCE, "outer(3)"), edits=[edit])
        assert runner.trace(Program("x = 1\n")).status == "ok"


def test_a_run_that_is_cut_before_its_edit_says_so_itself():
    with Runner(TraceConfig(workers=1, max_events=10)) as runner:
        done = runner.trace(Program("x = 1\nwhile x:\n    x += 1\n"), edits=[(50, "x", "0")])
    assert done.status == "event_limit"


def test_edited_and_other_programs_in_one_stream(runner):
    program = Program("x = 1\ny = x\n")
    stream = [program, Edited(program, ((1, "x", "2"),)), program, Edited(program, ((1, "x", "3"),))]
    assert [t.events[-1].locals["y"] for t in runner.trace_all(stream)] == ["1", "2", "1", "3"]
    rows = json.loads('[[1, "x", "7"]]')
    assert runner.trace(program, edits=rows).events[-1].locals["y"] == "7"


NAMES = st.sampled_from("abc")
VALUES = st.one_of(st.integers(-9, 9), st.text("xy", max_size=2), st.lists(st.integers(0, 3), max_size=2)).map(repr)
LINES = st.one_of(
    st.tuples(NAMES, VALUES).map(" = ".join),
    st.tuples(NAMES, NAMES).map(" = ".join),
    st.tuples(NAMES, NAMES, NAMES).map(lambda n: f"{n[0]} = [{n[1]}, {n[2]}]"),
    st.tuples(NAMES, NAMES).map(lambda n: f"{n[0]} = {n[1]} + {n[1]}"),
)


@settings(max_examples=60)
@given(
    lines=st.lists(LINES, min_size=1, max_size=6),
    where=st.integers(0, 5),
    name=NAMES,
    value=VALUES,
    in_function=st.booleans(),
)
def test_an_edit_equals_the_assignment_written_there(runner, lines, where, name, value, in_function):
    body = ["a = b = c = 0", *lines]
    where = 1 + where % len(lines)
    inserted = [*body[:where], f"{name} = {value}", *body[where:]]
    edited = runner.trace(_program(body, in_function), edits=[(_first(in_function) + where, name, value)])
    expected = runner.trace(_program(inserted, in_function))
    assert _facts(edited, shift=_line(in_function) + where) == _facts(expected, without=_first(in_function) + where)


def _program(lines: list[str], in_function: bool) -> Program:
    if not in_function:
        return Program("\n".join(lines) + "\n")
    return Program("def f():\n" + "".join(f"    {line}\n" for line in lines) + "    return a, b, c\n", "f()")


def _first(in_function: bool) -> int:
    """The event of the first line: after the body's two and the call."""
    return 3 if in_function else 0


def _line(in_function: bool) -> int:
    return 2 if in_function else 1


def _facts(trace: Trace, shift: int = 1000, without: int = -1) -> tuple[object, ...]:
    events = [replace(e, line=e.line + (e.line >= shift)) for i, e in enumerate(trace.events) if i != without]
    return trace.status, trace.result, trace.exception, [(e.kind, e.line, e.locals, e.value) for e in events]


OTHERS = [p for v in ("3.12", "3.13") for p in sorted(Path.home().glob(f".pyenv/versions/{v}.*/bin/python{v}"))]
SCRIPT = """\
import sys
space = {'__name__': 'assign'}
exec(compile(open(sys.argv[1]).read(), 'assign.py', 'exec'), space)
def f(a):
    b = a
    c = lambda: (a, b)
    return c(), b, d
def trace(frame, event, arg):
    if frame.f_code is f.__code__ and event == 'line' and frame.f_lineno == f.__code__.co_firstlineno + 3:
        names = None
        for name, value in {'a': 10, 'b': 20, 'd': 30}.items():
            seen, names = space['assign'](frame, name, value, names)
            assert seen
        assert not space['assign'](frame, 'nothing', 1, names)[0]
        assert (names['a'], names['b']) == (10, 20)
    return trace
d = 3
sys.settrace(trace)
print(f(1))
"""


@pytest.mark.skipif(not OTHERS, reason="no other Python here")
@pytest.mark.parametrize("python", OTHERS, ids=lambda p: p.name)
def test_on_other_pythons(python):
    path = Path(__file__).parents[2] / "ewm/tracing/assign.py"
    done = subprocess.run([python, "-S", "-c", SCRIPT, path], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("((10, 20), 20, 30)\n", "")
