import json
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewm.config.schema import TraceConfig
from ewm.formats import cwm, truth
from ewm.formats.prediction import Step
from ewm.programs import Program
from ewm.rewards.blind import SPAM
from ewm.scoring.metrics import score
from ewm.scoring.outline import Outline, write
from ewm.tracing import Runner
from tests.formats.tables import LOOP, LOOP_TRACE
from tests.tracing.random_programs import program as random_program


@pytest.fixture(scope="module")
def runner():
    with Runner(TraceConfig(workers=1)) as runner:
        yield runner


def frames(text):
    """Sep and action spelled out: `call {...} L1` for `<|call_sep|>{...}<|action_sep|>L1<|frame_sep|>`."""
    out = []
    for frame in filter(None, text.split("\n")):
        word, _, rest = frame.strip().partition(" ")
        rest, _, arg = rest.partition(" -> ")
        shown, _, line = rest.rpartition(" ")
        out.append(
            f"<|{word}_sep|>{shown}<|action_sep|>{line}" + (f"<|arg_sep|>{arg}" if arg else "") + "<|frame_sep|>"
        )
    return "".join(out) + "<|end_of_text|>"


LOOP_CWM = """
line {} L1
call {"n": "2"} L1
line {"n": ".."} L2
line {"n": "..", "s": "0"} L3
line {"n": "..", "s": "..", "i": "0"} L4
line {"n": "..", "s": "..", "i": ".."} L3
line {"n": "..", "s": "..", "i": "1"} L4
line {"n": "..", "s": "1", "i": ".."} L3
line {"n": "..", "s": "..", "i": ".."} L5
return L5 -> "1"
"""
BY_EYE = {
    "two variables, the last one told where the body ends": (
        "x = 1\nys = [x]",
        'line {} L1\nline {"x": "1"} L2\nreturn {"x": "..", "ys": "[1]"} L2 -> ""',
    ),
    "deleted, and a string that looks like a mark": (
        "x = '<|frame_sep|>\"'\ndel x\nprint(1)",
        'line {} L1\nline {"x": "\'\\u003c|frame_sep|>\\"\'"} L2\nline {} L3',
    ),
    "an exception that is handled above": (
        "def f():\n    raise ValueError('no')\ntry:\n    f()\nexcept ValueError:\n    x = 1",
        'line {} L1\nline {} L3\nline {} L4\ncall {} L1\nline {} L2\nexception L2 -> "ValueError"\nreturn L2 -> null\n'
        'exception L4 -> "ValueError"\nline {} L5\nline {} L6\nreturn {"x": "1"} L6 -> ""',
    ),
    "an exception that ends the program": (
        "xs = []\nxs[0]",
        'line {} L1\nline {"xs": "[]"} L2\nexception L2 -> "IndexError"\nreturn L2 -> null',
    ),
    "a generator": (
        "def g(n):\n    yield n\n    n += 1\nfor a in g(1):\n    pass",
        'line {} L1\nline {} L4\ncall {"n": "1"} L1\nline {"n": ".."} L2\nreturn L2 -> "1"\nline {"a": "1"} L5\n'
        'line {"a": ".."} L4\ncall {"n": "1"} L2\nline {"n": ".."} L3\nreturn L3 -> "None"',
    ),
}  # fmt: skip


def test_the_example_of_the_other_formats():
    assert cwm.render(LOOP_TRACE) == frames(LOOP_CWM)
    said = cwm.parse(frames(LOOP_CWM))
    assert said.steps == cwm.steps(LOOP_TRACE)
    assert (said.parsed, said.ended, said.value, said.exception) == (True, True, "1", None)
    assert said.steps[3:5] == (Step("line", 3, 1, (("s", "0"),)), Step("line", 4, 1, (("i", "0"),)))
    assert truth(LOOP_TRACE, LOOP, "trace", "cwm").given == 2


@pytest.mark.parametrize("name", BY_EYE)
def test_by_eye(runner, name):
    source, text = BY_EYE[name]
    trace = runner.trace(Program(source))
    assert cwm.render(trace) == frames(text)
    assert cwm.parse(frames(text)).steps == cwm.steps(trace)
    assert cwm.parse(frames(text)).parsed


def test_what_leaves_a_scope_and_what_does_not(runner):
    trace = runner.trace(Program(BY_EYE["an exception that is handled above"][0]))
    assert [(s.kind, s.depth) for s in cwm.steps(trace)][3:7] == [("call", 1), ("line", 1), ("unwind", 1), ("raise", 0)]
    said = cwm.parse(cwm.render(runner.trace(Program(BY_EYE["an exception that ends the program"][0]))))
    assert said.exception == "IndexError"


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_what_the_runner_records_is_read_back(runner, seed):
    program = Program(random_program(Random(seed)))
    trace = runner.trace(program)
    text = cwm.render(trace)
    said = cwm.parse(text)
    assert said.parsed
    assert said.steps == cwm.steps(trace)
    if trace.finished and truth(trace, program, "trace", "cwm").complete:
        assert score(said, truth(trace, program, "trace", "cwm"))["exact"] == 1.0


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=60), st.sampled_from(["<|frame_sep|>", "<|end_of_text|>", '"}<|action_sep|>L1<|frame_sep|>', ""])
)
def test_a_string_of_the_program_is_never_a_mark(runner, text, mark):
    value = text + mark + text
    trace = runner.trace(Program(f"x = {value!r}\ny = 1"))
    if trace.status != "ok" or "<" in str(trace.events[-1].locals.get("x", "<")).replace(repr(value), ""):
        return
    said = cwm.parse(cwm.render(trace))
    assert said.parsed
    assert said.steps[1].writes == (("x", repr(value)),)
    assert cwm.render(trace).count("<|frame_sep|>") == 3


def one(locals_='{"x": "1"}', action="L1", end="<|end_of_text|>"):
    return f"<|line_sep|>{locals_}<|action_sep|>{action}<|frame_sep|>{end}"


@pytest.mark.parametrize(
    "text, steps",
    [
        ("", 0), (one(end=""), 1), (one() + "\n", 1), (one() + one(), 1), ("<|end_of_text|>" + one(), 0), (one('{"x":"1"}'), 0),
        (one('{"x": 1}'), 0), (one('{"x": "1", }'), 0), (one('{"x": "1"'), 0), (one("{'x': '1'}"), 0), (one('{"x y": "1"}'), 1),
        (one('{"x": "f(2)"}'), 1), (one('{"x": ".."}'), 1), (one('{"x": "1", "x": "1"}'), 1), (one('{"x": ""}'), 1), (one(""), 0),
        (one(action="L0"), 0), (one(action="x = 1"), 0), (one(action=""), 0), (one(action="L1234567890123"), 0), (one('{"x": "\n"}'), 0),
        ('<|return_sep|><|action_sep|>L1<|arg_sep|>"f(2)"<|frame_sep|><|end_of_text|>', 1),
        ("<|return_sep|><|action_sep|>L1<|arg_sep|>null<|frame_sep|><|end_of_text|>", 0),
        ("<|return_sep|><|action_sep|>L1<|frame_sep|><|end_of_text|>", 0),
        ('<|exception_sep|><|action_sep|>L1<|arg_sep|>"a b"<|frame_sep|><|end_of_text|>', 1),
        ('<|exception_sep|>{}<|action_sep|>L1<|arg_sep|>"E"<|frame_sep|><|end_of_text|>', 1),
    ],
)  # fmt: skip
def test_ill_formed(text, steps):
    said = cwm.parse(text)
    assert not said.parsed
    assert len(said.steps) == steps


def test_well_formed():
    assert cwm.parse(one()).parsed
    assert cwm.parse(one('{"x": "\'\\u003c|\'", "y": "<C>"}')).steps[0].writes == (("x", "'<|'"), ("y", "<C>"))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(
    ["<|call_sep|>", "<|line_sep|>", "<|return_sep|>", "<|exception_sep|>", "<|action_sep|>", "<|arg_sep|>", "<|frame_sep|>", "L1",
     "<|end_of_text|>", "{}", '{"x": "1"}', '{"x": ".."}', "null", '"1"', '"E"', '"', "{", "x"]), max_size=30))  # fmt: skip
def test_never_raises(parts):
    said = cwm.parse("".join(parts))
    assert not said.parsed or said.ended


@pytest.mark.parametrize(
    "text",
    [
        one('{"x": "' + "[" * 1_000_000 + '"}'), one('{"x": "' + "a" * 1_000_000), one() * 30_000, one(end="") * 30_000,
        one('{"x": "' + "\\u005b" * 170_000 + '"}'), one('{"' + "\\" * 1_000_000), "<|line_sep|>{" + '"x": "1", ' * 100_000,
        "<|line_sep|>" * 90_000, "<|call_sep|>{}<|action_sep|>L1<|frame_sep|>" * 25_000, one("{" * 1_000_000),
        '<|return_sep|><|action_sep|>L1<|arg_sep|>"' + "[1, " * 250_000,
    ],
    ids=range(11),
)  # fmt: skip
def test_a_megabyte_takes_no_time(text):
    start = time.process_time()
    cwm.parse(text)
    assert time.process_time() - start < 3.0


def test_guesses_are_written_in_this_format():
    source = "def f(n):\n    k = 3\n    return k"
    guess = cwm.parse(write(Outline("then").of(source, "f(2)"), "cwm"))
    assert guess.parsed
    assert [s.kind for s in guess.steps] == ["line", "call", "line", "line", "return"]
    assert cwm.parse(SPAM["cwm"]).parsed
    assert json.loads('"\\u003c|"') == "<|"
