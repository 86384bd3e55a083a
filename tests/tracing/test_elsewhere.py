"""Outside Linux: L0, by what every Unix has."""

from __future__ import annotations

import signal
import time

import pytest

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing import IsolationError, Runner
from tests.tracing.conftest import family_of, wait_for_the_end_of

ELSEWHERE = """\
import builtins, os, time, select, ctypes
sys.platform = "darwin"
for module, name in ((os, "pidfd_open"), (os, "waitid"), (os, "sched_getaffinity"), (os, "memfd_create"), (select, "epoll")):
    if hasattr(module, name):
        delattr(module, name)
def guard(function):
    def guarded(path, *args, **kwargs):
        if str(path).startswith(("/proc", "/sys")):
            raise FileNotFoundError(path)
        return function(path, *args, **kwargs)
    return guarded
builtins.open, os.open = guard(open), guard(os.open)
space["HANDLES"] = hasattr(os, "pidfd_open")
class NoLibrary:
    def __getattr__(self, name):
        os.write(2, b"used " + name.encode())
        os._exit(9)
"""
AFTER = 'at["system"]._libc = NoLibrary()\n'


def test_elsewhere_than_on_linux(change_zygote, capfd):
    """L0 with what every Unix has: no /proc, no handles on processes, none of Linux's calls."""
    change_zygote(ELSEWHERE, AFTER)
    sources = [
        "x = 1\n",
        "x = 1\nwhile True:\n    sum(range(10**6))\n",
        "x = 1\nimport time\ntime.sleep(60)\n",
        "x = 1\nopen('/etc/passwd')\n",
        "x = 1\nimport os\nos._exit(3)\n",
        "x = 1\nimport os\nos.abort()\n",
        "x = 2\n",
    ]
    with Runner(TraceConfig(workers=1, cpu_s=0.12, max_events=10**6)) as runner:
        assert runner.isolation["isolation"] == "L0"
        began = time.monotonic()
        traces = list(runner.trace_all(map(Program, sources)))
        assert time.monotonic() - began < 15
    statuses = ["ok", "timeout", "timeout", "policy", "exited_without_result", "killed", "ok"]
    assert [t.status for t in traces] == statuses
    assert traces[5].signal == signal.SIGABRT
    assert all(any(e.locals.get("x") == "1" for e in t.events) for t in traces[:-1])
    with Runner(TraceConfig(require="L1")) as runner, pytest.raises(IsolationError, match="system: darwin: only L0"):
        runner.trace(Program("x = 1\n"))
    assert capfd.readouterr().err == ""


def test_elsewhere_no_zygote_outlives_its_trainer(change_zygote):
    change_zygote(ELSEWHERE, AFTER)
    runner = Runner(TraceConfig(workers=1, cpu_s=60))
    runner._submit(Program("import time\ntime.sleep(60)\n"))
    time.sleep(0.5)
    process = runner._workers[0].process
    family = family_of(process.pid)
    assert len(family) == 2
    runner.close()
    wait_for_the_end_of(family)
