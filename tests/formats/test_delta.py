import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewm.formats import delta, parse, truth
from ewm.formats.prediction import Step
from ewm.tracing.events import Trace
from tests.formats.tables import LOOP, LOOP_DELTA, LOOP_TRACE, F, event
from tests.scoring.made import traces


def trace(*events, stdout="", **keys):
    return Trace("x", keys.pop("status", "ok"), (event("call", 1, 0), *events), stdout=stdout, **keys)


def test_the_example_of_the_contract():
    assert delta.render(LOOP_TRACE) == LOOP_DELTA
    said = delta.parse(LOOP_DELTA)
    assert said.steps == delta.steps(LOOP_TRACE)
    assert (said.parsed, said.ended, said.value, said.exception) == (True, True, "1", None)
    assert [s.depth for s in said.steps] == [0] + [1] * 8


TABLE = [
    ("nothing ran", trace(event("return", 1, 0, value="None")), "end"),
    (
        "order of names, deletion, a function is no value, output",
        trace(
            event("line", 1, 0, old="1", f=F),
            event("line", 2, 0, x="3", f=F, ys="[1, 2]"),
            event("return", 2, 0, value="None", x="3", f=F, ys="[1, 2]"),
            stdout="a\n'",
        ),
        'L1 x=3; ys=[1, 2]\nL2\nout "a\\n\'"\nend',
    ),
    (
        "a line with a call completes after it; a global is told where it changes, and again where its own frame goes on",
        trace(
            event("line", 4, 0, t="0", f=F),
            event("call", 1, 1),
            event("line", 2, 1),
            event("line", 3, 1, globals={"t": "5"}),
            event("return", 3, 1, value="7"),
            event("return", 4, 0, value="None", t="5", f=F, r="7"),
        ),
        "L1 call\nL2 global t=5\nL3 return 7\nL4 t=5; r=7\nend",
    ),
    (
        "implicit return after a change, and after none",
        trace(
            event("line", 4, 0),
            event("call", 1, 1, xs="[]"),
            event("line", 2, 1, xs="[]"),
            event("return", 2, 1, value="None", xs="[1]"),
            event("call", 1, 1, xs="[]"),
            event("line", 2, 1, xs="[]"),
            event("return", 2, 1, value="None", xs="[]"),
            event("return", 4, 0, value="None"),
        ),
        "L1 call xs=[]\nL2 xs=[1]\nL2 return None\nL1 call xs=[]\nL2 return None\nL4\nend",
    ),
    (
        "raised in a callee, caught above",
        trace(
            event("line", 5, 0),
            event("line", 6, 0),
            event("call", 1, 1),
            event("line", 2, 1),
            event("exception", 2, 1, value={"type": "ValueError", "message": "m"}, unwound=True),
            event("exception", 6, 0, value={"type": "ValueError", "message": "m"}),
            event("line", 7, 0),
            event("line", 8, 0),
            event("return", 8, 0, value="None", x="1"),
        ),
        "L5\nL1 call\nL2 unwind ValueError\nL6 raise ValueError\nL7\nL8 x=1\nend",
    ),
    (
        "a generator is entered, suspended and resumed",
        trace(
            event("line", 4, 0),
            event("call", 1, 1, n="1"),
            event("line", 2, 1, n="1"),
            event("yield", 2, 1, value="1", n="1"),
            event("line", 5, 0, x="1"),
            event("line", 4, 0, x="1"),
            event("call", 2, 1, n="1"),
            event("line", 3, 1, n="1"),
            event("return", 3, 1, value="None", n="1"),
            event("return", 4, 0, value="None", x="1"),
        ),
        "L1 call n=1\nL2 yield 1\nL4 x=1\nL5\nL2 call\nL2\nL3 return None\nL4\nend",
    ),
    (
        "an uncaught exception leaves the module",
        trace(
            event("line", 1, 0),
            event("exception", 1, 0, value={"type": "KeyError", "message": "1"}, unwound=True),
            status="exception",
        ),
        "L1 unwind KeyError\nend",
    ),
]  # fmt: skip


@pytest.mark.parametrize("name, true, text", TABLE, ids=[row[0] for row in TABLE])
def test_by_eye(name, true, text):
    assert delta.render(true) == text
    said = delta.parse(text)
    assert said.parsed
    assert said.steps == delta.steps(true)
    assert said.stdout == true.stdout


def test_result_and_exception_of_the_outermost_frame():
    assert delta.parse("L1\nL1 call\nL2 return [1]\nend").value == "[1]"
    assert delta.parse("L1 raise KeyError\nL1 unwind KeyError\nend").exception == "KeyError"
    assert delta.parse("L1 call\nL2 return 1\nL3 x=1\nend").value is None


LITERALS = [
    "0", "-1", "1.5", "1e-05", "inf", "-inf", "nan", "1j", "(1+2j)", "(-0-2.5j)", "True", "None", "''", "'; x=1'", '"\'"', "b'\\x00'",
    "'\\n'", "[]", "()", "{}", "set()", "(1,)", "(1, 2)", "[1, [2, (3,)]]", "{1: 'a', 2: [3]}", "{1, 2}", "{(1, 2): {3}}",
    "frozenset({1})", "range(0, 3)", "<C object>", "[1, <+7>]", "'ab'<+7>", "[<function <lambda>>]", "'é'", "'\\ud800'",
]  # fmt: skip
NOT_LITERALS = [
    "f(2)", "1 + 1", "x", "[1,2]", "[1, ]", "(1)", "{1: 2, 3}", "{1, 2: 3}", "[1", "'a", "01x", "1_0", "'a' 'b'", "f'a'", "Tru",
    "Truex", "'\\q'", "[1)", "__import__('os')", "lambda: 0", "1.", "--1", "",
]  # fmt: skip


@pytest.mark.parametrize("value", LITERALS)
def test_literals(value):
    said = delta.parse(f"L1 x={value}; y=1\nend")
    assert said.parsed
    assert said.steps == (Step("line", 1, 0, (("x", value), ("y", "1"))),)


@pytest.mark.parametrize("value", NOT_LITERALS)
def test_what_is_no_literal_keeps_its_line_but_is_ill_formed(value):
    said = delta.parse(f"L1 x={value}\nend")
    assert not said.parsed
    assert [s.line for s in said.steps] == [1]
    assert not delta.parse(f"L1 return {value}\nend").parsed


@pytest.mark.parametrize(
    "text, steps",
    [
        ("", 0), ("L1", 1), ("end\n", 0), ("L1\nend\nL2", 1), ("L1 \nend", 0), ("L1 x=1;\nend", 1), ("L1 x=1; \nend", 0),
        ("L1\n\nL2\nend", 1), ("L0\nend", 0), ("L01\nend", 0), ("L1  x=1\nend", 0), ("L1x=1\nend", 0), ("L1 x\nend", 0),
        ("L1 raise\nend", 0), ("L1 raise a b\nend", 1), ("L1 x=1; x=2\nend", 1), ("L1\nout 3\nend", 1), ("out 'a'\nL1\nend", 0),
        ("L1 return \nend", 0), ("L1 callx=1\nend", 1), ("L12345678901234567890\nend", 0), ("L1\r\nend", 0),
    ],
)  # fmt: skip
def test_ill_formed(text, steps):
    said = delta.parse(text)
    assert len(said.steps) == steps
    assert not said.parsed or text == "L1 callx=1\nend"


@given(st.text(alphabet="L123 xy=;-'\"[](){}:,.\\<>\nendcalrtuowiy", max_size=200))
def test_never_raises(text):
    parse(text, "trace", "delta")
    parse(text, "trace", "ellora")
    parse(text, "output", "delta")


@pytest.mark.parametrize(
    "text",
    [
        "L1 x=" + "[" * 500_000, "L1 x=" + "[" * 10_000 + "]" * 10_000 + "\nend", "L1 x='" + "a" * 1_000_000, "L1 x=1\n" * 150_000,
        "L1 " + "x='; " * 200_000, "L1 x=" + "'\\" * 500_000, "L1 x=" + "1" * 1_000_000 + "e", "L1 x=[" + "'', " * 250_000,
        "L1 " + "x=1; " * 200_000, "</think>" * 120_000, "<" * 1_000_000, "L1 raise " + "a." * 500_000,
        "12345[ANSWER]" + "['a', " * 80_000 + "[ANSWER]'" * 50_000 + "[/ANSWER]",
    ],
    ids=range(13),
)  # fmt: skip
def test_a_megabyte_takes_no_time(text):
    start = time.process_time()
    parse(text, "trace", "delta")
    parse("<execution_trace>\nLine 1: State: {" + text[3:], "trace", "ellora")
    parse(text[5:], "output", "delta")
    assert time.process_time() - start < 6.0


@given(traces)
def test_what_is_written_is_read_and_written_again(text):
    said = delta.parse(text)
    assert said.parsed and said.ended
    printed = [f"out {said.stdout!r}"] if said.stdout else []
    assert "\n".join([*map(delta._line, said.steps), *printed, "end"]) == text


def test_truth_tells_what_is_given_and_what_is_whole():
    said = truth(LOOP_TRACE, LOOP, "trace", "delta")
    assert said.given == 2
    assert said.complete
    opaque = trace(event("line", 1, 0), event("return", 1, 0, value="None", x="<C object>"))
    assert not truth(opaque, LOOP, "trace", "delta").complete
    quoted = trace(event("line", 1, 0), event("return", 1, 0, value="None", x="'<C object>...'"))
    assert truth(quoted, LOOP, "trace", "delta").complete


def test_thinking_is_dropped():
    for thought in ("<think>\nL1 x=2\n</think>\n\n", "so the loop runs twice\n</think>\n"):
        assert parse(thought + LOOP_DELTA, "trace", "delta").steps == delta.steps(LOOP_TRACE)
    assert parse("L1 x='</think>'\nend", "trace", "delta").parsed
    assert not parse("<think>\nstill thinking", "trace", "delta").steps


BODIES = [
    "x=1",
    "x=[1, 'a']",
    "y='a; b=2'",
    "global t=3",
    "-x",
    "x=(",
    "x=1; y=2",
    "call",
    "call=2",
    "call x=1",
    "return 1",
]
BODIES += ["return", "raise KeyError", "unwind A.b", "x=1 ", "x= 1", "é=1", "1x=1", "x=1;", "x==1", "global", "x=<y>"]


@given(st.integers(0, 12), st.sampled_from(BODIES) | st.text("x=1[' ;", max_size=6), st.integers(0, 3))
def test_a_plain_line_is_read_as_any_line(number, body, depth):
    """With and without the short way, and whether or not it was read before."""
    line = f"L{number} {body}"
    step, good = delta._step(line, depth)
    assert delta._read(line, depth)[:2] == (step, good)
    assert delta._known(line, depth) == delta._known(line, depth) == delta._read(line, depth)
