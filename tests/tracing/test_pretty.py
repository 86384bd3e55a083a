"""What a person sees: one row a line that ran, in any width, with nothing that a program could do to the terminal."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from ewm.programs import Program
from ewm.tracing import Event, Trace
from ewm.tracing.loops import Gap, fold
from ewm.tracing.pretty import Row, plain, rows, show

SOURCE = """\
def double(n):
    result = n * 2
    return result

def fail():
    try:
        return int("é中文")
    finally:
        x = 1

total = 0
for i in range(3):
    total += double(i)
del i
print("out", total)
fail()
"""
SHOWN = """\
P
 # line  source                         changed
 0    1  def double(n):                 double=<function double>
 1    5  def fail():                    fail=<function fail>
 2   11  total = 0                      total=0
 3   12  for i in range(3):             i=0
 4   13      total += double(i)
 5    1  │ def double(n):               call n=0
 6    2  │     result = n * 2           result=0
 7    3  │     return result            return 0
 9   12  for i in range(3):             i=1
10   13      total += double(i)         total=2
11    1  │ def double(n):               call n=1
12    2  │     result = n * 2           result=2
13    3  │     return result            return 2
15   12  for i in range(3):             i=2
16   13      total += double(i)         total=6
17    1  │ def double(n):               call n=2
18    2  │     result = n * 2           result=4
19    3  │     return result            return 4
21   12  for i in range(3):
22   14  del i                          del i
23   15  print("out", total)
24   16  fail()
25    5  │ def fail():                  call
26    6  │     try:
27    7  │         return int("é中文")  raise ValueError: invalid literal for int() with base 10:
                                        'é中文'
29    9  │         x = 1                x=1  raise ValueError (leaves fail)
31   16  fail()                         raise ValueError (leaves <module>)
exception  ValueError: invalid literal for int() with base 10: 'é中文'
stdout out 6
32 events, 1.0 ms CPU, isolation L2, Python 3
"""


def screen(width, **keys):
    return Console(file=io.StringIO(), width=width, highlight=False, **keys)


def shown(program, trace, width=100, most=0, **keys):
    where = screen(width, **keys)
    show(program, trace, where, most)
    return where.file.getvalue()


def test_a_whole_picture(trace):
    done = trace(SOURCE)
    done = Trace(**{**vars(done), "id": "P", "cpu_s": 0.001, "python": "3", "isolation": "L2"})
    assert shown(Program(SOURCE), done, 100) == SHOWN + "\n"


def test_a_function_on_one_line_is_one_row(trace):
    done = trace("f = lambda n: n + 1\nx = f(1)\n")
    table = rows(done.events)
    assert [(r.line, r.depth, r.parts) for r in table] == [
        (1, 0, [("", "f=<function <lambda>>")]),
        (2, 0, [("", "x=2")]),
        (1, 1, [("call", "n=1"), ("return", "2")]),
    ]


def test_the_number_of_a_row_is_the_events_own(trace):
    done = trace(SOURCE)
    assert all(done.events[row.number].line == row.line for row in rows(done.events))


def test_changed_globals_and_the_entry(trace):
    source = "n = 0\ndef f():\n    global n\n    n = 5\n    yield n\n    return 7\n"
    text = shown(Program(source, "list(f())"), trace(source, "list(f())"))
    assert re.search(r"n = 5 +global n=5$", text, re.MULTILINE)
    assert re.search(r"yield n +yield 5$", text, re.MULTILINE)
    assert re.search(r"^result \[5\]$", text, re.MULTILINE)
    assert text.splitlines()[0].endswith("   list(f())")


LOOPS = """\
for i in range(40):
    for j in range(30):
        x = i * j
    y = i
z = 1
"""


def test_rounds_of_loops_are_folded(trace):
    with_loops = trace(LOOPS.replace("40", "4").replace("30", "25"))
    table = rows(with_loops.events)
    folded = fold(table, LOOPS, 60)
    assert len(folded) < 60 < len(table)
    gaps = [one for one in folded if isinstance(one, Gap)]
    assert {(gap.first, gap.last, gap.rounds) for gap in gaps} == {(2, 3, 22)}
    text = shown(Program(LOOPS), with_loops, most=60)
    assert "⋮ 22 more rounds of lines 2-3, 44 rows" in text
    assert fold(table, LOOPS, 0) == fold(table, LOOPS, len(table)) == table


def test_the_outer_loop_is_folded_too(trace):
    source = LOOPS.replace("40", "20")
    table = rows(trace(source).events)
    gaps = [(g.first, g.rounds, g.rows) for g in fold(table, source, 40) if isinstance(g, Gap)]
    assert gaps == [(2, 27, 27 * 2), (2, 27, 27 * 2), (1, 17, 17 * 63), (2, 27, 27 * 2)]  # two rounds at either end
    folded = fold(table, source, 20)
    assert [(g.first, g.rounds, g.rows) for g in folded if isinstance(g, Gap)] == [(2, 29, 29 * 2), (1, 19, 19 * 63)]
    assert [row.line for row in folded if isinstance(row, Row)] == [1, 2, 3, 2, 4, 1, 5]


def test_what_is_no_loop_is_cut_in_the_middle(trace):
    source = "def f(n):\n    if n:\n        return f(n - 1)\nf(100)\n"
    table = rows(trace(source).events)
    folded = fold(table, source, 30)
    assert len(folded) == 31
    assert folded[20] == Gap(len(table) - 30)
    assert folded[:20] == table[:20] and folded[21:] == table[-10:]
    assert "rows left out (--max-rows 0 shows all)" in shown(Program(source), trace(source), most=30)


ROWS = st.lists(
    st.builds(Row, *[st.integers(0, 9)] * 2, st.integers(1, 8), st.integers(0, 2), st.booleans()), max_size=60
)


@given(ROWS, st.integers(1, 30))
@settings(max_examples=300, deadline=None)
def test_every_row_is_shown_or_counted(table, most):
    folded = fold(
        table, "for a in b:\n    for c in d:\n        e\n        while f:\n            g\n    h\ni\nj\n", most
    )
    kept = [one for one in folded if isinstance(one, Row)]
    positions = iter(map(id, table))
    assert all(id(row) in positions for row in kept)  # in order
    assert len(kept) + sum(one.rows for one in folded if isinstance(one, Gap)) == len(table)
    assert len(folded) <= max(len(table) if len(table) <= most else 0, most + 1, 3)


@pytest.mark.parametrize("width", [30, 80, 140])
@pytest.mark.parametrize("colour", [None, "standard"])
def test_no_line_is_wider_than_the_screen(trace, width, colour):
    source = (
        SOURCE.removesuffix("fail()\n") + "s = '中文' * 60\nt = '" + "名前 " * 40 + "'\ne = [{'k': '名前' * 3}] * 9\n"
    )
    source += "def g(n):\n    return n and g(n - 1)\ng(70)\nassert s < 'a long message ' * 9, 'a long message ' * 9\n"
    done = trace(source)
    assert "g" in done.events[-1].locals
    text = shown(Program(source), done, width, color_system=colour, force_terminal=bool(colour))
    bare = re.sub(r"\x1b\[[\d;]*m", "", text)
    assert max(cell_len(line) for line in bare.splitlines() if not line.startswith(("result", "stdout"))) <= max(
        width, 46
    )
    assert ("\x1b" in text) == bool(colour)
    assert "│ ·60· def g(n):" in bare or width == 30
    assert re.search(r"^ *\d+ +\d+  t = '名前.*…  ?t='名前", bare, re.MULTILINE) or width == 30


@given(st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=100, deadline=None)
def test_nothing_moves_the_cursor(text, other):
    events = (
        Event("line", 1, text, 0, {text: other}),
        Event("exception", 1, text, 0, {other: text}, {text: other}, {"type": text, "message": other}, True),
    )
    trace = Trace(text, "exception", events, {"type": text, "message": other}, text, other + "\n" + text)
    for line in shown(Program(text + "\x1b[2J\u202e", text), trace).split("\n"):
        assert line.isprintable(), line


def test_plain():
    assert plain("a\x1b[31m\tb\r\u202e\ud800é") == "a\\x1b[31m  b\\r\\u202e\\ud800é"


def test_an_ascii_terminal(trace):
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    from ewm.tracing.pretty import console

    show(Program(SOURCE), trace(SOURCE), console(file))
    file.flush()
    assert b"\\u2502 def double(n):" in file.buffer.getvalue()


def test_long_output_and_values_are_cut(trace):
    done = trace("for i in range(100):\n    print(i)\nx = 'ab' * 900\n")
    text = shown(Program("\n\n\n"), done)
    assert "stdout ⋮ 60 more lines" in text
    assert max(len(block) for block in re.findall(r"x='[ab\s…]+", text)) < 600
