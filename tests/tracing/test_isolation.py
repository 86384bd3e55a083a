"""Levels: what each refuses with the audit hook away, what is said where a wall is missing, and that traces are the same."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing import IsolationError, Runner, Trace
from tests.tracing.conftest import family_of, wait_for_the_end_of

LEVELS = ["L0", "L1", "L2", "L3"]
NO_HOOK = """\
class Watch:
    refused = ""
    def __init__(self, *args): pass
    def start(self, refuse): pass
    def stop(self): pass
    def notice(self, error, traceback=None): pass
at["sealing"].seal = lambda modules: None
at["child"].Watch = Watch
"""


@pytest.fixture(scope="module")
def reached() -> str:
    with Runner(TraceConfig(workers=1)) as runner:
        return runner.isolation["isolation"]


def at_least(level: str, reached: str) -> None:
    if reached < level:
        pytest.skip(f"this machine gives {reached}")


def test_auto_reaches_what_the_machine_gives(reached):
    """By another program's word, so that the tests below are not skipped by a mistake of ours."""
    command = ["unshare", "--user", "--net", "--pid", "--fork", "--ipc", "--mount", "--map-root-user", "true"]
    if sys.platform != "linux" or not shutil.which(command[0]):
        pytest.skip("no unshare(1) here")
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("no user namespaces here")
    assert reached == "L3"


# what is tried -> the level from which it is refused by the system itself
ACTS = {
    "open('/etc/passwd')": "L1",
    "open('/tmp/.ewm-test', 'w')": "L1",
    "import os; os.listdir('/')": "L1",
    "import os; os.mkdir('/tmp/.ewm-test')": "L1",
    "import os; os.unlink('/etc/passwd')": "L1",
    "open('/proc/self/mem', 'rb')": "L1",
    "import os; os.open('/proc/self/fd', os.O_RDONLY)": "L1",
    "import socket; socket.socket()": "L2",
    "import socket; socket.socketpair()": "L2",
    "import os; os.fork()": "L2",
    "import os; os.execv('/bin/true', ['true'])": "L1",
    "import os; os.kill(os.getppid(), 0)": "L2",
    "import os; os.kill(os.getpid(), 0)": "L2",
    "import os; os.pidfd_open(os.getppid())": "L2",
    "import os; os.setsid()": "L2",
    "import os; os.setuid(os.getuid())": "L2",
    "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9))": "L2",
    "import ctypes; ctypes.CDLL(None, use_errno=True).unshare(0x10000000) and [][ctypes.get_errno()]": "L2",
    "import ctypes; ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0) and [][ctypes.get_errno()]": "L2",
    "import os; os.stat('/proc')": "L3",
    "import os; os.stat('/etc/passwd')": "L3",
    "import os; os.stat('/tmp')": "L3",
}
REFUSALS = {"PermissionError", "ValueError", "FileNotFoundError", "IndexError", "OSError"}


@pytest.mark.parametrize("level", LEVELS[1:])
def test_each_level_refuses_its_acts_by_itself(level, reached, change_zygote):
    at_least(level, reached)
    change_zygote(after=NO_HOOK)
    acts = {act: first for act, first in ACTS.items() if first <= level}
    with Runner(TraceConfig(workers=1, isolation=level)) as runner:
        traces = list(runner.trace_all(Program(f"x = 1\n{act}\n") for act in acts))
    done = {act: trace.exception and trace.exception["type"] for act, trace in zip(acts, traces, strict=True)}
    assert {act: error for act, error in done.items() if error not in REFUSALS} == {}
    assert {t.isolation for t in traces} == {level}
    assert not Path("/tmp/.ewm-test").exists()


def test_below_its_level_an_act_goes_through(reached, change_zygote):
    """Else the test above could not fail."""
    at_least("L3", reached)
    change_zygote(after=NO_HOOK)
    for act, level in ACTS.items():
        if level == "L1" or "unlink" in act:
            continue
        with Runner(TraceConfig(workers=1, isolation=LEVELS[int(level[1]) - 1])) as runner:
            done = runner.trace(Program(f"{act}\n"))
        assert done.status != "exception" or "exit" in act or "setsid" in act, (act, done.exception)


def test_inside_the_namespaces_there_is_nobody_else(reached, change_zygote):
    at_least("L3", reached)
    change_zygote(after=NO_HOOK)
    source = "import os\nx = os.getppid(), os.getpid() < 100, os.getuid(), sorted(os.listdir('/')) if 0 else 0\n"
    with Runner(TraceConfig(workers=1)) as runner:
        assert runner.trace(Program(source)).events[-1].locals["x"] == f"(1, True, {os.getuid()}, 0)"


PROGRAMS = [
    "x = hash(None), hash('a'), hash(object) == hash(object)\n",
    "a, b = object(), object()\nx = a is b, a == b, id(a) == id(a), len({a, b, a})\n",
    "import os\nx = os.getcwd(), os.getuid(), os.environ, os.path.exists(os.__file__), os.listdir(os.path.dirname(os.__file__)) != []\n",
    "import sys\nx = sys.argv, sys.flags.hash_randomization, sys.getrecursionlimit(), sys.path[-1:], sys.platform\n",
    "import time\nx = time.tzname, time.localtime(0)[:5]\n",
    "import json, decimal, sqlite3, ssl, zlib, ctypes.util\nx = json.dumps({'a': [1]}), decimal.Decimal('1.1') + 1\n",
    "import threading\nx = []\nt = threading.Thread(target=x.append, args=(1,))\nt.start()\nt.join()\n",
    "import random\nrandom.seed(1)\nx = [random.random() for _ in range(3)]\n",
    "import os\nx = 1\nos.fork()\n",
    "x = 1\nopen('/etc/passwd')\n",
    "import socket\nx = 1\nsocket.socket()\n",
    "x = 1\nopen('new', 'w')\n",
    "x = [0] * 10**10\n",
    "def f(n):\n    return f(n + 1)\nf(0)\n",
    "x = 1\nwhile True:\n    x += 1\n",
    "x = 1\nimport os\nos._exit(3)\n",
    "x = 1\nimport os\nos.abort()\n",
    "import signal\nx = []\nsignal.signal(signal.SIGUSR1, lambda *a: x.append(a[0]))\nsignal.raise_signal(signal.SIGUSR1)\n",
    "import signal\nx = 1\nsignal.raise_signal(signal.SIGTERM)\n",
    "x = 1\nraise SystemExit(3)\n",
    "x = (\n",
    "import asyncio\nx = 1\nasync def f():\n    return 1\nasyncio.run(f())\n",
    "import enum\nE = enum.Enum('E', 'a b')\nx = list(E), {E.a: 1}\n",
    "import dataclasses\n@dataclasses.dataclass\nclass P:\n    x: int = 1\np = P()\n",
    "def g():\n    try:\n        yield 1\n    finally:\n        print('closed')\nx = list(g())\n",
    "x = {'b', 'a', None, (1, 'c')}\ny = list(x)\n",
]


def test_a_trace_is_the_same_at_every_level(reached):
    """Apart from what a machine tells of itself, and from order by address, which one more step before changes."""
    rows = {}
    programs = [Program(s) for s in PROGRAMS] + [
        Program(f"def f(x):\n    y = x * {i}\n    return [y, x]\n", f"f({i})") for i in range(24)
    ]
    for level in [level for level in LEVELS if level <= reached]:
        with Runner(TraceConfig(workers=1, isolation=level, max_events=300, memory_mb=128)) as runner:
            rows[level] = [_comparable(t) for t in runner.trace_all(programs)]
    first = rows.pop("L0")
    for level, others in rows.items():
        for program, one, other in zip(programs, first, others, strict=True):
            assert one == other, (level, program.source)


def _comparable(trace: Trace) -> str:
    row = replace(trace, wall_s=0.0, cpu_s=0.0, isolation="").to_json()
    if trace.status == "policy":  # the hook ends the program, the system raises
        row = {"status": row["status"], "first": row["events"][0]}
    return json.dumps(row)


FILTER = """\
import ctypes, struct
at = dict(zip(("system", "syscalls"), space["load"](FOLDER, ("system", "syscalls"))))
s, column = at["syscalls"], at["syscalls"].ARCHES[__import__("os").uname().machine][0]
def refuse(rows):
    rows = [(s.LOAD, 0, 0, s.NUMBER), *rows, (s.END, 0, 0, s.ALLOW)]
    if space["REEXEC"] in sys.argv:
        return  # done at the first start
    at["system"].prctl(at["system"].SET_NO_NEW_PRIVS, ctypes.c_ulong(1))
    at["system"].prctl(at["system"].SET_SECCOMP, ctypes.c_ulong(2), ctypes.byref(s._Program(rows)))
def by_number(*numbers, answer=s.EPERM):
    return [row for n in numbers for row in ((s.EQUAL, 0, 1, n), (s.END, 0, 0, answer))]
"""
NO_UNSHARE = FILTER + 'refuse(by_number(s.DENIED["unshare"][column]))\n'  # what Docker's own filter does
NO_MOUNT = FILTER + 'refuse(by_number(s.DENIED["mount"][column]))\n'  # AppArmor in a container
NO_LANDLOCK = FILTER + "refuse(by_number(444, 445, 446, answer=s.ENOSYS))\n"  # Linux < 5.13
NO_SECCOMP = (
    FILTER
    + (
        "refuse([(s.EQUAL, 0, 3, (157, 167)[column]), (s.LOAD, 0, 0, s.ARGS), *by_number(22, answer=0x00050016)])\n"  # prctl
    )
)
NO_MAP = """\
def write(path, text):
    raise PermissionError(1, "Operation not permitted")
at["namespaces"]._write = write
"""  # Ubuntu 24.04: namespaces without any right in them
MISSING = [
    ("unshare", NO_UNSHARE, "", "L2", "namespaces: not here: [Errno 1] unshare: Operation not permitted"),
    ("mount", NO_MOUNT, "", "L2", "namespaces: not here: [Errno 1] mount: Operation not permitted"),
    ("uid_map", "", NO_MAP, "L2", "namespaces: not here: [Errno 1] setgroups: Operation not permitted"),
    ("landlock", NO_LANDLOCK, "", "L0", "landlock: not here: [Errno 38] Function not implemented"),
    ("seccomp", NO_SECCOMP, "", "L1", "seccomp: not here: [Errno 22] Invalid argument"),
]


@pytest.mark.parametrize("before, after, level, why", [row[1:] for row in MISSING], ids=[row[0] for row in MISSING])
def test_without_a_wall_the_level_is_what_holds(before, after, level, why, reached, change_zygote):
    at_least("L3", reached)
    change_zygote(before, after)
    with Runner(TraceConfig(workers=1)) as runner:
        assert runner.isolation["isolation"] == level
        done = runner.trace(Program("import os\ndef f(x):\n    return x, os.getuid()\n", "f(1)"))
        refused = runner.trace(Program("x = 1\nopen('/etc/passwd')\n"))
    assert (done.status, done.result, done.isolation) == ("ok", f"(1, {os.getuid()})", level)
    assert refused.status == "policy"
    with (
        Runner(TraceConfig(workers=1, require=f"L{int(level[1]) + 1}")) as runner,
        pytest.raises(IsolationError) as said,
    ):
        runner.trace(Program("x = 1\n"))
    assert f"this machine gives {level}" in str(said.value)
    assert why in str(said.value)


def test_the_zygote_inside_dies_with_the_one_outside_and_the_other_way(reached):
    at_least("L3", reached)
    with Runner(TraceConfig(workers=1, cpu_s=30)) as runner:
        runner.trace(Program("x = 1\n"))
        for inside in (False, True):
            runner._submit(Program("import time\ntime.sleep(30)\n"))
            time.sleep(0.2)
            outer = runner._workers[0].process.pid
            family = family_of(outer)
            assert len(family) == 3  # outside, inside, the program
            os.kill(family[1] if inside else outer, signal.SIGKILL)
            traces = runner.trace_all([Program("y = 2\n")])
            assert next(traces).status == "ok"
            wait_for_the_end_of(family)
        lost = [t.status for t in runner._done.values() if t]
        assert lost == ["killed", "killed"]


def test_what_a_program_leaves_running_is_killed(reached, change_zygote):
    """Without hook and filter a program may fork; nothing of it is left after its run, at L3 neither."""
    at_least("L3", reached)
    source = (
        "import os\nx = 1\nif os.fork() == 0:\n    os.setsid()\n    os.fork()\n    import time\n    time.sleep(60)\n"
    )
    for level, more in (("L0", ""), ("L3", '\nat["isolation"].filters = {}.__getitem__')):
        change_zygote(after=NO_HOOK + more)
        with Runner(TraceConfig(workers=1, isolation=level)) as runner:
            if level == "L3":
                assert runner.isolation["notes"]["seccomp"]
            pid = runner.isolation and runner._workers[0].process.pid
            before = len(family_of(pid))
            runner.trace(Program(source))  # of two processes that write one record
            assert runner.trace(Program("y = 2\n")).status == "ok"
            assert len(family_of(pid)) == before
