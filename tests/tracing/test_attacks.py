"""Every hostile program, at every level: the outcome, and that nothing is written, read, left, forged or passed on."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing import Runner, Trace
from ewm.tracing.decode import EXITED, decode
from ewm.tracing.purity import MODULES, NAMES, pure
from ewm.tracing.tracer import own_codes
from tests.tracing import attacks
from tests.tracing.conftest import family_of

HOSTILE = Path(__file__).parents[2].parent / "shared/data/hostile_programs.jsonl"
ROOT = str(Path(__file__).parents[2])
SECRET, KEY = "decoy-3141592653", "environment-2718281828"
TOKEN = f"ewm-attack-{os.getpid()}"
CLEAN = (
    "import re, copy\nx = {'b', 'a'}\ny = copy.deepcopy([x, re.escape('a.b')])\nprint(x, re.findall('a', 'banana'))\n"
)
LEVELS = ["auto", "L0", pytest.param("L1", marks=pytest.mark.slow)]


class Field:
    """A runner, a decoy folder, and what a clean program's trace is."""

    def __init__(self, level: str, folder: Path, cpu_s: float = 0.25):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "secret").write_text(SECRET)
        self.before = self.state()
        self.runner = Runner(TraceConfig(workers=1, isolation=level, cpu_s=cpu_s))
        self.level = self.runner.isolation["isolation"]
        self.clean = self.run(CLEAN)
        self.idle = self.children()

    def state(self) -> list[tuple[object, ...]]:
        stats = [(p.name, p.lstat().st_mode, p.lstat().st_mtime_ns, p.lstat().st_nlink) for p in self.folder.iterdir()]
        return [*sorted(stats), (self.folder / "secret").read_text()]

    def run(self, source: str) -> Trace:
        source = source.replace("DECOY", str(self.folder)).replace("TOKEN", TOKEN)
        return replace(self.runner.trace(Program(source, None, "one\n")), wall_s=0, cpu_s=0)

    def children(self) -> list[int]:
        return family_of(self.runner._workers[0].process.pid) if sys.platform == "linux" else []

    def harm(self, trace: Trace) -> list[str]:
        """What must never happen, in words."""
        text = json.dumps(trace.to_json())
        found = {
            "the decoy folder changed": self.state() != self.before,
            "a file was left": any(TOKEN in n for d in ("/tmp", "/dev/shm") if Path(d).is_dir() for n in os.listdir(d)),
            "a process was left": self.children() != self.idle,
            "a secret was read": SECRET in text or KEY in text,
            "a path of the checkout was seen": ROOT in text.replace(str(self.folder), ""),
            "an event was forged": any(e.function == "FORGED" or "forged" in e.locals for e in trace.events),
            "it does not survive JSON": Trace.from_json(json.loads(text)) != trace,
            "the next program's trace differs": self.run(CLEAN) != self.clean,
        }
        return [what for what, so in found.items() if so]


def outcomes(trace: Trace) -> set[str]:
    error = trace.exception or {}
    return {trace.status, f"exception:{error.get('type')}" if trace.status == "exception" else ""}


@pytest.fixture(scope="module", params=LEVELS)
def field(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EWM_SECRET", KEY)
        field = Field(request.param, tmp_path_factory.mktemp("decoy"))
        yield field
        field.runner.close()


def test_there_are_enough_of_them():
    assert len(attacks.ATTACKS) + len(attacks.CONTAMINATION) >= 250


@pytest.mark.parametrize("group", ["FORGERY", "ESCAPES", "OBJECTS", pytest.param("EXHAUSTION", marks=pytest.mark.slow)])
def test_no_attack_does_harm(field, group):
    wrong = {}
    for name, (source, allowed) in getattr(attacks, group).items():
        trace = field.run(source)
        if found := field.harm(trace) + ([] if outcomes(trace) & allowed else [f"{sorted(outcomes(trace))}"]):
            wrong[name] = found
    assert wrong == {}


@pytest.mark.parametrize("name", attacks.UNCOVERED)
def test_what_is_not_covered_is_known(field, name):
    source, levels = attacks.UNCOVERED[name]
    trace = field.run(source)
    assert (trace.events[-1].locals.get("x") == str(len(SECRET))) is (field.level in levels), trace.status
    assert field.harm(trace) == []


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="there namedtuple asks for no frame")
def test_a_patched_library_gives_the_tracer_away_and_the_record_says_so(field):
    trace = field.run(attacks.PATCHED_READER)
    assert trace.events[-1].locals["x"] == "True"
    assert trace.integrity == "same-process"


@pytest.mark.parametrize("name", attacks.CONTAMINATION)
def test_what_could_pass_something_on_has_a_child_of_its_own(name):
    assert not pure(own_codes(compile(attacks.CONTAMINATION[name], "x", "exec")).values())


def test_contamination_reaches_nobody(field):
    sources = [s for source in attacks.CONTAMINATION.values() for s in (source, CLEAN)]
    with Runner(replace(field.runner.cfg, batch=16)) as runner:
        after = list(runner.trace_all(Program(s, None, "one\n") for s in sources))[1::2]
    assert {replace(t, wall_s=0, cpu_s=0) == field.clean for t in after} == {True}


@pytest.mark.filterwarnings("ignore:typing:DeprecationWarning")
def test_a_pure_program_reaches_nothing_that_can_be_changed():
    """Every object that plain attribute access reaches from the modules and builtins that are allowed."""
    stack = [(name, importlib.import_module(name)) for name in MODULES]
    seen: dict[int, object] = {}  # kept alive, so that no number is used twice
    mutable = []
    while stack:
        path, value = stack.pop()
        if id(value) in seen or isinstance(value, (str, int, bytes, float)):
            continue
        seen[id(value)] = value
        if isinstance(value, (dict, list, set, bytearray)) and (value or "groupindex" not in path):
            mutable.append(path)  # a pattern without groups makes a new groupindex each time
        for name in dir(value):
            if name[:1] != "_" and name not in NAMES and (found := getattr(value, name, None)) is not None:
                stack.append((f"{path}.{name}", found))
    assert len(seen) > 500
    assert mutable == []


ROW = [1, 1, "<module>", 0, 0, 0, 0, 0, 0, 0]
CLOSED = [2, 1, "<module>", 0, 0, {"x": "1"}, 0, 0, "None", 0]
END = ["end", "ok", None, None, False]
IMPOSSIBLE = [
    [["end", "splendid", None, None, False]],
    [["end", "timeout", None, None, False]],
    [["end", "ok", "text", None, False]],
    [["end", "ok", {"type": 1, "message": ""}, None, False]],
    [["end", "ok", None, 42, False]],
    [["end", "ok", None, None, 1]],
    [["end", "ok"]],
    [[*ROW[:9]], END],
    [[1, 3, *ROW[2:]], CLOSED, END],  # no such line
    [[1, 0, *ROW[2:]], CLOSED, END],
    [[1, None, *ROW[2:]], CLOSED, END],
    [[1, 1.0, *ROW[2:]], CLOSED, END],
    [[5, *ROW[1:]], CLOSED, END],
    [[-1, *ROW[1:]], CLOSED, END],
    [[1, 1, 3, *ROW[3:]], CLOSED, END],
    [[*ROW[:3], 1, *ROW[4:]], CLOSED, END],  # a deeper frame that nobody called
    [ROW, END],  # a frame that was never left
    [ROW, CLOSED, ROW, END],
    [[*ROW[:5], {"x": 1}, 0, 0, 0, 0], CLOSED, END],
    [[*ROW[:7], {"x": None}, 0, 0], CLOSED, END],
    [[4, *ROW[1:8], "text", 0], CLOSED, END],
    [["out", 3], ROW, CLOSED, END],
    [{}],
    [[]],
    [3],
]


@pytest.mark.parametrize("rows", IMPOSSIBLE, ids=range(len(IMPOSSIBLE)))
def test_an_impossible_record_is_tampered(rows):
    assert read(b"".join(json.dumps(row).encode() + b"," for row in rows)).status == "tampered"


@pytest.mark.parametrize("payload", [b"\xff,", b"[" * 10**5 + b",", b"nan,", b"1" * 10**5 + b",", b'["end",'])
def test_a_record_that_cannot_be_read_is_tampered(payload):
    assert read(payload).status == "tampered"


def test_a_possible_record_is_not():
    assert (
        read(
            json.dumps(ROW).encode() + b"," + json.dumps(CLOSED).encode() + b"," + json.dumps(END).encode() + b","
        ).status
        == "ok"
    )


def read(payload: bytes) -> Trace:
    return decode(Program("x = 1\n"), payload, EXITED, 0, 0.0, 0.0, {"python": "", "isolation": ""})


def test_standard_streams_are_pythons_own(trace):
    done = trace(
        "import sys\nsys.stdout.buffer.write(b'a\\n')\nx = sys.stdin.buffer.read()\nprint(sys.stdout.encoding, sys.stdin.isatty())\n",
        stdin="b\r\n",
    )
    assert (done.status, done.stdout, done.events[-1].locals["x"]) == ("ok", "a\nutf-8 False\n", r"b'b\r\n'")


def test_what_ends_an_except_star_clause_has_a_line(trace):
    done = trace(attacks.OBJECTS["exception group"][0])
    assert (done.events[-1].line, done.events[-1].unwound) == (4, True)


@pytest.mark.parametrize("source", [
    "import traceback\ntry:\n    1 / 0\nexcept Exception:\n    x = traceback.format_exc()\n",
    "import logging, sys\nlogging.basicConfig(stream=sys.stdout, format='%(funcName)s %(lineno)d')\nlogging.error('a', exc_info=True)\n",
    "from collections import namedtuple\nfrom dataclasses import make_dataclass\nimport enum, typing\n"
    "x = namedtuple('P', 'x').__module__, enum.Enum('E', 'A').A.value, typing.TypeVar('T'), make_dataclass('D', ['q'])(1).q\n",
    "import inspect\ndef f(a, b=1): pass\nx = str(inspect.signature(f)), f.__defaults__, f.__code__.co_varnames\n",
    "import argparse, asyncio, datetime, difflib, json, pathlib, platform, random, shutil, subprocess, tempfile, unittest, uuid\n",
    "import types\n@types.coroutine\ndef g():\n    yield 1\nasync def m():\n    await g()\nx = m().send(None)\n",
])  # fmt: skip
def test_the_policy_lets_ordinary_programs_be(trace, source):
    assert trace(source).status == "ok"


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_outcomes_repeat(level, tmp_path):
    programs = _all_programs()
    seen: dict[str, Counter[str]] = {name: Counter() for name in programs}
    for number in range(20):
        field = Field(level, tmp_path / str(number))
        for name, source in programs.items():
            seen[name][field.run(source).status] += 1
        assert field.harm(field.run(CLEAN)) == []
        field.runner.close()
    free = {"timeout", "memory", "killed", "output_limit"}  # near a limit, or by threads, either may come first
    assert {name: dict(c) for name, c in seen.items() if len(c) > 1 and not free & c.keys()} == {}


@pytest.mark.slow
def test_eight_runners_at_once_give_no_false_timeout():
    sources = [f"x = 0\nfor i in range({n}):\n    x += i * {n}\n" for n in range(100, 400)]

    def work(number: int) -> Counter[str]:
        with Runner(TraceConfig(workers=1, batch=1)) as runner:
            return Counter(t.status for t in runner.trace_all(map(Program, sources)))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8)), Counter()) == {"ok": 8 * len(sources)}


def _all_programs() -> dict[str, str]:
    shared = [json.loads(line) for line in HOSTILE.read_text().splitlines()] if HOSTILE.exists() else []
    return {**{n: s for n, (s, _) in attacks.ATTACKS.items()}, **{row["id"]: row["source"] for row in shared}}
