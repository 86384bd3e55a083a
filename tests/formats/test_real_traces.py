"""What the runner really records, through every format: parse is the inverse of render."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewm import formats
from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.programs.grammar import program as grammar_program
from ewm.programs.levels import LEVELS
from ewm.scoring.metrics import score
from ewm.tracing import Runner


@pytest.fixture(scope="module")
def runner():
    with Runner(TraceConfig(workers=1)) as runner:
        yield runner


@settings(max_examples=150, deadline=None)
@given(index=st.integers(0, 10**6), level=st.sampled_from(sorted(LEVELS)))
def test_grammar_programs(runner, index, level):
    program = grammar_program(7, index, level)
    trace = runner.trace(program)
    assert trace.finished
    for name in formats.NAMES:
        form = formats.get(name)
        said = form.parse(form.render(trace))
        assert said.parsed
        assert said.steps == form.steps(trace)
    truth = formats.truth(trace, program, "trace", "delta")
    assert truth.complete
    assert truth.prediction.stdout == trace.stdout
    if program.entry:
        assert truth.prediction.value == trace.result
        assert truth.given == 0 or truth.prediction.steps[truth.given - 1].kind == "call"
    assert (truth.prediction.exception is not None) == (trace.status == "exception")
    seen = {(e.line, e.depth) for e in trace.events}
    assert {(s.line, s.depth) for s in truth.prediction.steps} <= seen


@pytest.mark.parametrize("form", [formats.get(n) for n in formats.NAMES], ids=formats.NAMES)
@pytest.mark.parametrize("source", ["", "\n\n", "# nothing\n", "# a\n# b"])
def test_a_program_without_a_statement(runner, source, form):
    trace = runner.trace(Program(source))
    said = form.parse(form.render(trace))
    assert (trace.status, said.parsed, said.steps, form.steps(trace)) == ("ok", True, (), ())


BY_EYE = {
    "generator": (
        "def g(n):\n    for i in range(n):\n        x = yield i\n\nfor a in g(2):\n    print(a)",
        "L1\nL1 call n=2\nL2 i=0\nL3 yield 0\nL5 a=0\nL6\nL3 call\nL3 x=None\nL2 i=1\nL3 yield 1\nL5 a=1\nL6\nL3 call\nL3\nL2 return None\nL5"
        + "\nout '0\\n1\\n'\nend",
    ),
    "suspended for ever": (
        "def g(n):\n    yield n\n\nit = g(1)\nx = next(it)",
        "L1\nL4 it=<generator>\nL1 call n=1\nL2 yield 1\nL5 x=1\nend",
    ),
    "handled": (
        "def f():\n    raise ValueError('no')\n\ntry:\n    f()\nexcept ValueError:\n    x = 1",
        "L1\nL4\nL1 call\nL2 unwind ValueError\nL5 raise ValueError\nL6\nL7 x=1\nend",
    ),
    "finally": (
        "def f(xs):\n    try:\n        return xs[3]\n    finally:\n        xs.append(1)\n\nf([])",
        "L1\nL1 call xs=[]\nL2\nL3 raise IndexError\nL5 xs=[1]\nL5 unwind IndexError\nL7 unwind IndexError\nend",
    ),
    "changed before it raised": (
        "def f(xs):\n    xs.append(1)\n    1 / 0\n\nys = []\nf(ys)",
        "L1\nL5 ys=[]\nL1 call xs=[]\nL2 xs=[1]; global ys=[1]\nL3 unwind ZeroDivisionError\nL6 ys=[1]\nL6 unwind ZeroDivisionError\nend",
    ),
    "globals": (
        "total = 0\ndef add(n):\n    global total\n    total += n\n    return total\n\nadd(2)",
        "L1 total=0\nL2\nL2 call n=2\nL4 global total=2\nL5 return 2\nL7 total=2\nend",
    ),
    "global deleted": (
        "def f():\n    global h\n    h = 5\n    del h\n\nf()",
        "L1\nL1 call\nL3 global h=5\nL4 -global h\nL4 return None\nL6\nend",
    ),
    "class": (
        "class A:\n    k = 1\n    def get(self):\n        return self.k\n\na = A()\nb = a.get()\ndel b",
        "L1 call\nL1\nL2 k=1\nL3 return None\nL1\nL6 a=<A>\nL3 call self=<A>\nL4 return 1\nL7 b=1\nL8 -b\nend",
    ),
    "lambda and comprehension": (
        "f = lambda x: x + 1\nys = [f(y) for y in (1, 2)]",
        "L1\nL1 call x=1\nL1 return 2\nL1 call x=2\nL1 return 3\nL2 ys=[2, 3]\nend",
    ),
    "recursion": (
        "def f(n):\n    if n == 0:\n        return 0\n    return n + f(n - 1)\n\nr = f(1)",
        "L1\nL1 call n=1\nL2\nL1 call n=0\nL2\nL3 return 0\nL4 return 1\nL6 r=1\nend",
    ),
}


@pytest.mark.parametrize("name", BY_EYE)
def test_by_eye(runner, name):
    source, text = BY_EYE[name]
    trace = runner.trace(Program(source))
    form = formats.get("delta")
    assert form.render(trace) == text
    assert form.parse(text).steps == form.steps(trace)
    assert form.parse(text).parsed


def test_entry_and_answer(runner):
    program = Program("import math\ndef f(x):\n    return [x, math.floor(x)]", "f(2.5)")
    trace = runner.trace(program)
    truth = formats.truth(trace, program, "trace", "delta")
    assert truth.prediction.text == "L1\nL2\nL2 call x=2.5\nL3 return [2.5, 2]\nend"
    assert truth.given == 3
    assert truth.prediction.value == "[2.5, 2]"
    assert formats.truth(trace, program, "output", "delta").prediction.value == "[2.5, 2]"


@pytest.mark.parametrize(
    "source, entry, given",
    [
        ("def f(x):\n    return x", "f(1)", 2),
        ("import math\nimport functools\n@functools.lru_cache\ndef f(x):\n    return x", "f(1)", 4),
        ("def f(x):\n    return x", None, 0),
        ("k = 2\ndef f(x):\n    return x", "f(1)", 0),  # the body computes
        ("def f(x):\n    return x\nf(3)", "f(1)", 0),  # the first call is the body's own
        ("class A:\n    pass\ndef f(x):\n    return x", "f(1)", 0),
        ("def f(x):\n    return x", "g(1)", 0),  # nothing is entered
    ],
)
def test_what_the_prompt_gives_away(runner, source, entry, given):
    program = Program(source, entry)
    trace = runner.trace(program)
    assert formats.truth(trace, program, "trace", "delta").given == given
    assert formats.truth(trace, program, "trace", "ellora").given == 0


TWO = "def f(n):\n    return [1, 2][:n]\n"
GENERATOR = "def g(n=2):\n    while True:\n        yield n\n        n += 1\n"


@pytest.mark.parametrize(
    "source, entry, result, value, exception",
    [
        (TWO, "f(2)", "[1, 2]", "[1, 2]", None),
        (TWO, "len(f(2))", "2", None, None),  # the last step returns another value than the call
        (TWO, "len(f(2)) + f(1)[0]", "3", None, None),
        (TWO, "len(f(2)) and f(1)", "[1]", "[1]", None),
        (TWO, "f(2) + 1", None, None, None),  # raised by the call's own expression: no step tells of it
        (TWO, "f(None) + f('a')", None, None, "TypeError"),
        (GENERATOR, "next(g())", "2", None, None),
        (GENERATOR + "from itertools import islice\n", "list(islice(g(3), 1))", "[3]", None, None),
        ("def g(n):\n    yield n\n", "list(g(3))", "[3]", None, None),
    ],
)
def test_result_and_exception_are_the_entry_calls_or_absent(runner, source, entry, result, value, exception):
    program = Program(source, entry)
    trace = runner.trace(program)
    truth = formats.truth(trace, program, "trace", "delta")
    assert (trace.result, truth.complete) == (result, True)
    assert (truth.prediction.value, truth.prediction.exception) == (value, exception)
    found = score(truth.prediction, truth)
    assert found["exact"] == 1.0
    assert found["output"] == (None if value is None else 1.0)
    assert found["exception"] == (None if exception is None else 1.0)
