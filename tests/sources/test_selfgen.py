"""What is taken from a model's text, and why a program of it is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewm.config.schema import FilterConfig, TraceConfig
from ewm.programs import Program
from ewm.sources.selfgen.extract import extract, parses
from ewm.sources.selfgen.filters import reason, run_reason
from ewm.sources.selfgen.prompt import read_prompt
from ewm.tracing import Runner


@pytest.mark.parametrize(
    "text, expected",
    [
        ("<think>\n```python\nx = 0\n```\n</think>\nHere:\n```python\nx = 1\n```\nDone.", "x = 1"),
        ("<think>x = 1", None),
        ("```\nnot code at all\n```\n```py\n  y = 2\n  z = y\n```", "y = 2\nz = y"),
        ("Here is the code:\n    a = 1\n    b = a\nThis adds two numbers.", "a = 1\nb = a"),
        ("if x:\n    y = 1\nelse:\n    y = 2\nThat is all of it.", "if x:\n    y = 1\nelse:\n    y = 2"),
        ("a = 1\r\nb = 2\r\n", "a = 1\nb = 2"),
        ("I cannot write one.", None),
        ("", None),
    ],
)
def test_extract(text, expected):
    assert extract(text) == expected


@given(st.text(alphabet="ab =\n`<>think/()[]:#\t\x00", max_size=80))
def test_what_is_extracted_parses_and_is_stable(text):
    found = extract(text)
    assert found is None or parses(found)


SUM = "t = 0\nfor i in range(3):\n    t += i\nu = t"


@pytest.mark.parametrize(
    "source, expected",
    [
        (SUM, None),
        ("x = (", "does not parse"),
        ("x = 1\n# one\n\ny = x + 1", "too few lines"),
        ("x = 1\nprint(x)\nprint(x + 1)", "too few assignments"),
        ("x = 1\ny = x\nz = y", "too few operations"),
        ("x = 1\ny = 2\nwhile True:\n    x = x + 1", "while True without break"),
        ("x = 1\ny = 2\nwhile True:\n    for i in [1]:\n        x += 1\n        break", "while True without break"),
        ("x = 1\ny = 2\nwhile True:\n    x += 1\n    if x > 3:\n        break", None),
        (SUM.replace("3", "1000"), None),
        (SUM.replace("3", "1001"), "range too long"),
        (SUM.replace("3", "0, -1001, -1"), "range too long"),
        (SUM.replace("3", "0, -1000, -1"), None),
        ("print(a := 1)\nprint(b := 2)\nprint(1 + 1)", "only prints"),
    ],
)
def test_reason(source, expected):
    assert reason(source, FilterConfig()) == expected


def test_thresholds_are_the_callers():
    assert reason("x = 1", FilterConfig(min_lines=1, min_assignments=1, min_operations=0)) is None


@pytest.mark.parametrize(
    "text, expected",
    [
        ("<|trace|>\nL1 def f(s):\nL2     return s\ncall f(3)", ("def f(s):\n    return s", "f(3)")),
        ("L1 x = 1\nL2 y = x", ("x = 1\ny = x", None)),
        ("<|trace|>\nL1 x = 1\nL3 y = x", None),
        ("<|trace|>\nL1 x = 1\ny = x", None),
        ("<|trace|>\nL1 x = 1\ncall 3", None),
        ("<|program|>\nloop", None),
        ("", None),
    ],
)
def test_read_prompt(text, expected):
    assert read_prompt(text) == expected


RUNS = {
    SUM: None,
    "a = 1\nb = [][a]": "run: too few steps",
    "a = 1\na = 2\na = 3\nb = [][a]": "run: too few variables",
    "a = b = 1\nwhile a:\n    a += 1": "run: event_limit",
    "a = 1\nb = 2\nc = id(object()) * 0 + __import__('time').time_ns()\nd = c": "run: two runs differ",
    "a = 1\nb = list(range(300))\nc = 1\nd = 1": "run: too long for the limits",
    "a = 1\nb = 2\nc = a + b\nd = {}[c]": None,  # it raises, and is kept
}


def test_run_reason():
    programs = [Program(source) for source in RUNS]
    with Runner(TraceConfig(workers=1, max_events=200)) as runner:
        pairs = zip(runner.trace_all(programs), list(runner.trace_all(programs)), strict=True)
        assert [run_reason(*pair, FilterConfig()) for pair in pairs] == list(RUNS.values())
