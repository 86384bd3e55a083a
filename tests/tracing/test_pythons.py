"""Other interpreters: trace.python itself, and that traces of 3.11, 3.12 and 3.13 agree after folding.

What still differs, by program, is KNOWN: the cause lies in the interpreter, and no event is there to fold.
"""

from __future__ import annotations

import json
import stat
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from ewm.config.errors import ConfigError
from ewm.config.preflight import problems
from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing import Runner, Trace, purity
from ewm.tracing.canonical import canonical
from ewm.tracing.pythons import interpreter
from tests.tracing import versions
from tests.tracing.conftest import short
from tests.tracing.test_runner import HOSTILE

LATER = ("3.12", "3.13")
HAND = (
    "exceptions", "control", "endings", "comprehensions", "scopes", "objects", "managers", "match", "generators", "coroutines",
    "more", "wording",
)  # fmt: skip
KNOWN = {
    ("objects: class with bases and keywords", "3.13"): "a class body's namespace has __firstlineno__ and more",
    ("wording: regex", "3.13"): "re.error was renamed PatternError",
    ("generators: generator dropped while its loop waits for another one", "3.13"):
        "the outer one is not run to drop it: the inner one is closed one level higher",
    ("endings: break as the end of finally", "3.12"): "no line event for the `break`: its jump was optimised away",
    ("endings: break as the end of finally", "3.13"): "the same",
}  # fmt: skip


def traces(version: str | None, programs: list[Program], **settings: object) -> list[Trace]:
    python = None if version is None else versions.wanted(version)
    with Runner(TraceConfig(workers=1, python=python, **settings)) as runner:  # type: ignore[arg-type]
        return list(runner.trace_all(programs))


@cache
def first(*names: str) -> list[Trace]:
    """The hand-written programs on 3.11."""
    return traces("3.11", list(versions.constructs(*names).values()))


@pytest.mark.parametrize("version", LATER)
def test_hand_written_programs_agree(version):
    programs = versions.constructs(*HAND)
    later = traces(version, list(programs.values()))
    assert {t.python.rpartition(".")[0] for t in later} == {version}
    pairs = zip(programs, first(*HAND), later, strict=True)
    differ = {name for name, a, b in pairs if canonical(a) != canonical(b)}
    assert differ == {name for name, where in KNOWN if where == version}
    assert len(programs) > 300
    assert all(t.status in ("ok", "exception", "syntax_error") for t in later)


def test_what_later_versions_alone_can_compile():
    programs = list(versions.constructs("modern").values())
    runs = [traces(version, programs) for version in LATER]
    assert [list(map(canonical, run)) for run in runs[:1]] == [list(map(canonical, run)) for run in runs[1:]]
    assert {t.status for run in runs for t in run} == {"ok"}
    assert short(runs[0][1]) == [  # no frames for the scopes of type parameters, one for the alias's value
        "0 line 1", "0 line 2", "0 line 3", "1 call 1", "1 line 1", "1 return 1 -> <GenericAlias>", "0 return 3 -> None",
    ]  # fmt: skip


@pytest.mark.parametrize("version", LATER)
def test_two_runs_are_equal_but_for_times(version):
    more = ["y = [hash('a'), hash(None), hash((None, 1)), object(), id(1), {None, 'b', (1, None)}]\nz = list(y[5])\n"]
    programs = [*versions.constructs("objects", "generators", "coroutines").values(), *map(Program, more)]
    rows = [[replace(t, wall_s=0, cpu_s=0).to_json() for t in traces(version, programs)] for _ in range(2)]
    assert json.dumps(rows[0]) == json.dumps(rows[1])


@pytest.mark.parametrize("version", LATER)
def test_sharing_a_child_changes_nothing(version):
    """`purity` reads opcodes; the wording programs end in all ways that an exception has."""
    programs = [*versions.constructs("wording", "comprehensions").values(), Program("from math import *\nx = pi\n")]
    runs = [
        [replace(t, wall_s=0, cpu_s=0) for t in traces(version, programs, batch=batch)] for batch in (1, 16)
    ]  # fmt: skip
    assert runs[0] == runs[1]


@pytest.mark.parametrize("source", [
    "import math\nmath.pi = 3\n", "from math import *\n", "class A: pass\n", "def f(x):\n    del x.y\n", "import sys\n",
    "x = ().__class__\n", "x = super(int, 1).real\nopen('x')\n", "def f():\n    import os.path as p\n",
])  # fmt: skip
@pytest.mark.parametrize("version", ["3.11", *LATER])
def test_what_must_not_share_a_child(source, version):
    folder = str(Path(purity.__file__).parent)
    code = (
        f"import sys\nsys.path.insert(0, {folder!r})\nimport purity\nfrom types import CodeType\n"
        f"def all(c):\n    yield c\n    for k in c.co_consts:\n        if isinstance(k, CodeType): yield from all(k)\n"
        f"print(purity.pure(all(compile({source!r}, 'x', 'exec'))), purity.pure(all(compile('x = len([1])', 'x', 'exec'))))"
    )
    python = interpreter(versions.wanted(version)).path
    done = subprocess.run([python, "-S", "-s", "-B", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.skipif(not HOSTILE.exists(), reason="shared data is not here")
@pytest.mark.slow
@pytest.mark.parametrize("level", ["auto", "L1", "L0"])
@pytest.mark.parametrize("version", LATER)
def test_hostile_programs(version, level):
    rows = [json.loads(line) for line in HOSTILE.read_text().splitlines()]
    found = traces(version, [Program(row["source"]) for row in rows], isolation=level, cpu_s=0.25)
    seen = [{t.status, f"exception:{t.exception['type']}" if t.exception else ""} for t in found]
    assert [row["id"] for row, one in zip(rows, seen, strict=True) if not one & set(row["expected"])] == []


@pytest.mark.parametrize("version", LATER)
def test_the_same_isolation(version):
    with (
        Runner(TraceConfig(workers=1)) as mine,
        Runner(TraceConfig(workers=1, python=versions.wanted(version))) as other,
    ):
        assert other.isolation["isolation"] == mine.isolation["isolation"]
        assert other.isolation["notes"] == mine.isolation["notes"]


@pytest.mark.parametrize("level", ["auto", "L0"])
@pytest.mark.parametrize("version", ["3.11", *LATER])
def test_a_second_interpreter_is_refused(version, level):
    source = "x = 1\nimport {} as s\ns.run_string(s.create(), 'open(\"/etc/hostname\").read()')\n"
    programs = [Program(source.format(name)) for name in ("_xxsubinterpreters", "_interpreters")]
    assert [t.status for t in traces(version, programs, isolation=level)] == ["policy", "policy"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "programs", [versions.cruxeval, versions.grammar, versions.human_eval], ids=lambda f: f.__name__
)
def test_shares_of_equal_traces(programs):
    """Goal: 99 %."""
    found = programs()
    rows = {version: list(map(canonical, traces(version, found))) for version in ("3.11", *LATER)}
    differ = [n for n in range(len(found)) if len({json.dumps(rows[v][n]) for v in rows}) > 1]
    print(f"{len(found) - len(differ)} of {len(found)} equal")
    for n in differ:
        print(found[n].source, found[n].entry, sep="\n")
    assert len(found) > 300
    assert len(differ) <= 0.01 * len(found)


WRONG = {
    "/nowhere/python3": "there is no such file",
    "no-such-python": "there is no such file",
    "/etc/passwd": "no file that can be run",
    "/bin/false": "is no Python (exit code 1)",
    "/bin/ls": "is no Python (",
}


@pytest.mark.parametrize("python, said", WRONG.items(), ids=WRONG)
def test_what_cannot_trace_is_a_config_error(python, said):
    with pytest.raises(ConfigError, match="Possible: null") as caught:
        Runner(TraceConfig(python=python))
    assert f"trace.python={python}: {said}" in str(caught.value)
    assert problems([f"trace.python={python}"], on_machine=True) == caught.value.problems


@pytest.mark.parametrize("answer, said", [
    ('["/x", "cpython", 3, 10, 13]', "is cpython 3.10.13, which cannot trace"),
    ('["/x", "pypy", 3, 11, 0]', "is pypy 3.11.0, which cannot trace"),
    ('["", "cpython", 3, 12, 0]', "calls itself '', which cannot be run"),
    ('{"a": 1}', "is no Python"),
    ("hello", "is no Python"),
])  # fmt: skip
def test_an_interpreter_is_asked_for_its_version(answer, said, tmp_path):
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\necho '{answer}'\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(ConfigError) as caught:
        interpreter(str(fake))
    assert said in str(caught.value)


def test_a_launcher_is_asked_what_it_starts(tmp_path, monkeypatch):
    launcher = tmp_path / "launched"
    launcher.write_text(f'#!/bin/sh\nexec {interpreter(None).path} "$@"\n')
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = interpreter("launched")
    assert found.version == interpreter(None).version
    with Runner(TraceConfig(workers=1, python="launched")) as runner:
        assert runner.trace(Program("x = 1\n")).python == found.version


@pytest.mark.parametrize("version", LATER)
def test_a_data_set_depends_on_the_version_that_traces(version, tmp_path, monkeypatch):
    from ewm.config.schema import DataConfig, FormatConfig, TaskConfig
    from ewm.data import cache

    def folder(python):
        trace = TraceConfig(python=python)
        return cache.folder(DataConfig(), trace, TaskConfig(), FormatConfig(), "", "train", 1, len, "", {})

    path = versions.wanted(version)
    link = tmp_path / "python"
    link.symlink_to(path)
    assert folder(path) == folder(str(link)) != folder(None)
    assert folder(interpreter(None).path) == folder(None)
