"""Which programs may share a child, and that sharing changes nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing import Runner
from ewm.tracing import runner as runner_module
from ewm.tracing.purity import State, pure
from ewm.tracing.tracer import own_codes


@pytest.mark.parametrize(
    "source, expected",
    [
        ("def f(xs):\n    return sorted(xs, key=lambda x: -x)\n", True),
        ("import math\nfrom collections import Counter\nx = Counter('aab').most_common()\n", True),
        ("import os\n", False),
        ("import math\nmath.pi = 3\n", False),
        ("from math import *\n", False),
        ("x = ().__class__\n", False),
        ("def f():\n    return [lambda: open('x')]\n", False),
        ("class A: pass\n", False),
        ("g = (i for i in ())\ng.gi_frame\n", False),
        ("import collections.abc\ncollections.abc.sys\n", False),
        ("import math\n" + "".join(f"a{i} = {i}\n" for i in range(300)) + "import sys\n", False),
    ],
)
def test_pure(source, expected):
    assert pure(own_codes(compile(source, "x", "exec")).values()) is expected


def test_a_program_with_sets_in_several_functions_runs():
    source = "def f(n):\n    return {n, n + 1}\ndef g(n):\n    return sorted(set(f(n)))\n"
    with Runner(TraceConfig(workers=1)) as runner:
        trace = runner.trace(Program(source, "set(g(3))"))
    assert (trace.status, trace.result) == ("ok", "{3, 4}")


def test_sharing_a_child_changes_nothing():
    sources = [
        "x = [1]\n", "import sys\nx = 2\n", "x = (\n", "while True:\n    pass\n", "x = 1 / 0\n", "print('a' * 20_000)\n",
        "x = 'aab'\ny = set(x)\n", "import os\nos._exit(1)\n", "def f():\n    f()\nf()\n", "x = [0] * 10**10\n", "x = 9\n",
        "def g():\n    try:\n        yield 1\n    finally:\n        print('late')\nit = g()\nnext(it)\n", "raise SystemExit\n", "y = 2\n",
        "sum(range(10**12))\n", "z = 3\n",
    ]  # fmt: skip
    runs = []
    for batch in (1, 16):
        with Runner(TraceConfig(workers=1, batch=batch, cpu_s=0.2)) as runner:
            runs.append([replace(t, wall_s=0, cpu_s=0) for t in runner.trace_all(map(Program, sources))])
    assert runs[0] == runs[1]
    assert [t.status for t in runs[0]] == [
        "ok", "ok", "syntax_error", "event_limit", "exception", "output_limit", "ok", "exited_without_result",
        "trace_lost", "memory", "ok", "ok", "exit", "ok", "timeout", "ok",
    ]  # fmt: skip


def test_the_state_check_sees_what_changed():
    import math
    import string

    state = State()
    assert not state.changed(["math", "string"])
    string.Template.flags_ = {}
    before = math.pi
    try:
        math.pi = 3
        assert state.changed(["math"])
        assert not state.changed(["string", "re"])
    finally:
        math.pi = before
        del string.Template.flags_
    assert not state.changed(["math"])


CONTAMINATE = [
    ("import math\nmath.pi = 3\n", "import math\nx = math.pi\n"),
    ("import builtins\nbuiltins.len = lambda x: 99\n", "x = len('a')\n"),
    ("import copy\ncopy.dispatch_table[int] = 3\n", "import copy\nx = len(copy.dispatch_table)\n"),
]


@pytest.mark.parametrize("first, second", CONTAMINATE)
def test_a_program_that_leaves_something_behind_is_not_believed(monkeypatch, tmp_path, first, second):
    """`pure` is made to let everything pass: the state check alone stands."""
    folder = tmp_path / "tracing"
    shutil.copytree(Path(runner_module.__file__).parent, folder)
    text = (folder / "purity.py").read_text()
    (folder / "purity.py").write_text(text.replace('    """No state of one', '    return True\n    """No state of one'))
    monkeypatch.setattr("ewm.tracing.worker.ZYGOTE", folder / "zygote.py")
    sources = ["y = 1\n", first, second, "y = 2\n"]
    runs = []
    for batch in (1, 4):
        with Runner(TraceConfig(workers=1, batch=batch)) as runner:
            runs.append([replace(t, wall_s=0, cpu_s=0) for t in runner.trace_all(map(Program, sources))])
    assert runs[0] == runs[1]
    assert runs[0][2].events[-1].locals["x"] != "99"


WAITING = "def f():\n def g():\n  try: yield 1\n  finally: print('bye')\n h = g(); next(h)\n return h\n"
PAIRS = [
    (WAITING, "f()", "x = 1\n"),
    ("import typing\n@typing.overload\ndef f(x: int): ...\ndef f(x): return x\n", None, "import typing\ndef f(x): return x\nprint(len(typing.get_overloads(f)))\n"),
    ("import collections, typing\ntyping.final(collections.Counter)\n", None, "import collections\nprint(len(dir(collections.Counter)))\n"),
    ("x = bytes(200 * 10**6)\n", None, "try:\n    y = bytes(200 * 10**6); r = 1\nexcept Exception: r = 2\nprint(r)\n"),
    ("a = 1\n", None, "a = 1\nx = " + "+".join("a" * 2990) + "\n"),
]  # fmt: skip


@pytest.mark.parametrize("first, entry, second", PAIRS, ids=range(len(PAIRS)))
def test_neighbours_in_a_child_change_nothing(first, entry, second):
    programs = [Program("import time\ntime.sleep(0.1)\n"), Program(first, entry), Program(second), Program("y = 2\n")]
    runs = []
    for batch in (1, 32):
        with Runner(TraceConfig(workers=1, batch=batch)) as runner:
            runs.append([replace(t, wall_s=0, cpu_s=0) for t in runner.trace_all(programs)])
    assert runs[0] == runs[1]
