"""Slim warm parent of the children, its own interpreter: `python -s -S -P zygote.py`, never imported by the trainer.

Reads requests from stdin (length-prefixed JSON), forks a child for each, or for several that are pure, watches it from
outside (CPU time, wall time, the trainer's end of the pipe) and answers in order on stdout: a head (HEAD), then the
program's record. Ends when stdin does. Modules are loaded with a private copy of the builtins, so that a program that
replaces `builtins.len` changes nothing here.
"""

from __future__ import annotations

import builtins
import gc
import json
import mmap
import os
import select
import signal
import struct
import sys
import time
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

REEXEC = "--fixed"  # second start, with address randomisation off: hash(None) is an address before 3.12
EXITED, SIGNALED, CPU, WALL, WROTE = range(5)  # how a child ended; WROTE: by itself, after use of descriptor 0 or 1
HANDLES = hasattr(os, "pidfd_open")  # Linux
HEAD = struct.Struct("<IBidd")  # bytes that follow, how, exit code or signal, wall and CPU seconds
UNUSED = [(0, select.POLLIN)]
NAMES = (
    "system", "memory", "syscalls", "landlock", "namespaces", "probe", "isolation", "purity", "snapshot", "sealing",
    "assign", "policy", "folding", "versions", "tracer", "record", "streams", "child",
)  # fmt: skip


def load(folder: str, names: tuple[str, ...]) -> list[ModuleType]:
    """Import ewm.tracing.<name> from its file, without running the packages' own __init__."""
    for package in ("ewm", "ewm.tracing"):
        sys.modules[package] = ModuleType(package)
    loaded = []
    for name in names:
        path = os.path.join(folder, name + ".py")
        module = ModuleType("ewm.tracing." + name)
        module.__dict__["__builtins__"] = dict(vars(builtins))
        sys.modules[module.__name__] = module
        setattr(sys.modules["ewm.tracing"], name, module)
        with open(path, "rb") as file:
            exec(compile(file.read(), f"<ewm>/{name}.py", "exec"), module.__dict__)  # a path would show in tracebacks
        loaded.append(module)
    return loaded


def unload() -> None:
    """Take our own modules out of the program's reach by name."""
    for name in [n for n in sys.modules if n == "ewm" or n.startswith("ewm.")]:
        del sys.modules[name]


def read(fd: int, size: int) -> bytes:
    """Exactly `size` bytes, or b"" at the end of the pipe."""
    data = b""
    while len(data) < size:
        chunk = os.read(fd, size - len(data))
        if not chunk:
            return b""
        data += chunk
    return data


def write(fd: int, data: bytes) -> None:
    """All of it; nobody left to read it is the end."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BrokenPipeError:
            os._exit(0)


class Zygote:
    """The loop over requests."""

    def __init__(self, isolation: ModuleType, record: ModuleType, child: ModuleType, seal: Callable[[], None]):
        self.record = record
        self.stdin, self.stdout = os.dup(0), os.dup(1)
        self.stderr = sys.stderr = open(os.dup(2), "w", buffering=1)  # ours, kept; descriptor 2 is nobody's
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 2)
        os.close(null)
        fed, self.feed = os.pipe()  # descriptor 0 of every child holds one byte: is it gone, the program read from it
        os.dup2(fed, 0)
        os.close(fed)
        os.set_blocking(0, False)
        os.write(self.feed, b"x")
        self.spilled, spill = os.pipe()  # descriptor 1 of every child: the program's stdout is an object, not this
        os.set_blocking(spill, False)
        os.dup2(spill, 1)
        os.close(spill)
        self.signs = select.poll()  # of descriptors that the program used: one with text in it, the other without
        self.signs.register(self.spilled, select.POLLIN)
        self.signs.register(0, select.POLLIN)
        self.ends = select.poll()  # of a child, and of the trainer
        self.ends.register(self.stdin, 0)  # hang-up only
        setup = json.loads(read(self.stdin, int.from_bytes(read(self.stdin, 4), "little")))
        self.limits = setup["limits"]
        self.answers: list[bytes] = []
        self.memory = mmap.mmap(-1, record.SIZE)
        self.child = child.Child(self.limits, self.memory)
        self.guard = isolation.enter_zygote(setup)  # from here on this may be another process
        seal()  # then the warm-up: it changes classes, and what is specialised for them
        self.child.warm_up()
        about = {"isolation": self.guard.level, "python": sys.version.split()[0], "notes": self.guard.notes}
        greeting = json.dumps(about).encode()
        write(self.stdout, len(greeting).to_bytes(4, "little") + greeting)

    def serve(self) -> None:
        """Until stdin ends: take the requests that are there, at most a batch, and answer them in order."""
        more = select.poll()
        more.register(self.stdin, select.POLLIN)
        parse: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
        most = max(1, min(self.limits["batch"], self.record.SLOTS))
        while True:
            requests: list[dict[str, Any]] = []
            while not requests or (len(requests) < most and more.poll(0)):
                size = read(self.stdin, 4)
                if not size:
                    os._exit(0)
                text = read(self.stdin, int.from_bytes(size, "little")).decode("ascii")
                requests.append(parse(text, 0)[0])  # json.loads less what is not needed: every step touches memory
            self.answer(requests)

    def answer(self, requests: list[dict[str, Any]]) -> None:
        """Fork for all of them together, then for each that needs a child of its own."""
        alone = [r["plain"] or bool(r["edits"]) for r in requests]
        first = 0
        while first < len(requests):
            last = first + 1
            while not alone[first] and last < len(requests) and not alone[last]:
                last += 1
            group = requests[first:last]
            if len(group) == 1:
                self.single(requests[first])
                first += 1
                continue
            how, _, _ = self.fork(group)
            rows = [self.record.read(self.memory, slot) for slot in range(len(group))]
            again = (self.record.RUNNING, self.record.ALONE, self.record.SETTLE)
            alone[first:last] = [how == WROTE or state in again for state, *_ in rows]
            if not any(alone[first:last]) and rows[0][0] == self.record.WAITING:
                alone[first] = True  # the child did not even begin: go on one by one
            first = self.deliver(rows, requests, alone, first)

    def deliver(self, rows: list[Any], requests: list[dict[str, Any]], alone: list[bool], first: int) -> int:
        """Send what is done, in order; run alone what is not. The next request to look at."""
        for state, data, wall_s, cpu_s in rows:
            if state == self.record.WAITING:
                break
            if alone[first]:
                self.send()
                self.single(requests[first], settled=state == self.record.SETTLE)
            else:
                self.answers += (HEAD.pack(len(data), EXITED, 0, wall_s, cpu_s), data)
            first += 1
        self.send()
        return first

    def single(self, request: dict[str, Any], settled: bool = False) -> None:
        """A child for one program; once more, settled, if it turns out to look at addresses."""
        began = time.monotonic()
        how, code, cpu_s = self.fork([request], settled)
        state, data, _, _ = self.record.read(self.memory, 0)
        if state == self.record.SETTLE and not settled:
            self.single(request, settled=True)
            return
        self.answers += (HEAD.pack(len(data), how, code, time.monotonic() - began, cpu_s), data)
        self.send()

    def send(self) -> None:
        """What is ready, in one piece."""
        write(self.stdout, b"".join(self.answers))
        self.answers.clear()

    def fork(self, requests: list[dict[str, Any]], settled: bool = False) -> tuple[int, int, float]:
        """Run them in one child: (how it ended, exit code or signal, CPU seconds)."""
        self.record.clear(self.memory, len(requests))
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            try:
                if not self.guard.alone:
                    os.setpgid(0, 0)
                os.closerange(3, 64)
                self.guard.enter_child()
                self.child.run_all(requests, settled)
            finally:
                os._exit(70)
        how, state, usage = self.watch(pid, began) if HANDLES else self.look(pid, began)
        if not self.guard.alone:
            self.guard.reap(pid)
        cpu_s = usage.ru_utime + usage.ru_stime
        spilled = self.signs.poll(0) != UNUSED and self.mend()
        if how != EXITED:
            return how, signal.SIGKILL, cpu_s
        if os.WIFSIGNALED(state):
            if not HANDLES and os.WTERMSIG(state) == signal.SIGXCPU:
                return CPU, signal.SIGXCPU, cpu_s
            return SIGNALED, os.WTERMSIG(state), cpu_s
        return WROTE if spilled else EXITED, os.WEXITSTATUS(state), cpu_s

    def mend(self) -> bool:
        """Descriptors 0 and 1 as they were before somebody used them."""
        while (ready := self.signs.poll(0)) != UNUSED:
            if any(fd == self.spilled for fd, _ in ready):
                os.read(self.spilled, 1 << 16)
            else:
                os.write(self.feed, b"x")
        return True

    def watch(self, pid: int, began: float) -> tuple[int, int, Any]:
        """Wait until the child has ended, by itself or because it used up its time: how, and what wait4 says."""
        handle = os.pidfd_open(pid)
        poll = self.ends
        poll.register(handle, select.POLLIN)
        try:
            clock = (~pid << 3) | 2  # the kernel's name for another process's CPU clock
            cpu_limit = self.limits["cpu_s"]
            pause = 50
            while not (ready := poll.poll(pause)):
                cpu = time.clock_gettime(clock)
                if cpu > cpu_limit or time.monotonic() - began > 10 * cpu_limit:
                    os.kill(pid, signal.SIGKILL)
                    return (CPU if cpu > cpu_limit else WALL, *os.wait4(pid, 0)[1:])
                pause = max(1, min(50, int(1000 * (cpu_limit - cpu)) + 1))
            if all(fd != handle for fd, _ in ready):
                os.kill(pid, signal.SIGKILL)
                self.guard.reap(pid)
                os._exit(1)
            return (EXITED, *os.wait4(pid, 0)[1:])
        finally:
            poll.unregister(handle)
            os.close(handle)

    def look(self, pid: int, began: float) -> tuple[int, int, Any]:
        """The same on a system that gives no handle on a process: look again and again. CPU time is left to rlimits."""
        poll = select.poll()
        poll.register(self.stdin, 0)
        how, pause = EXITED, 1
        while not (ended := os.wait4(pid, os.WNOHANG))[0]:
            if poll.poll(pause):
                os.kill(pid, signal.SIGKILL)
                self.guard.reap(pid)
                os._exit(1)
            if time.monotonic() - began > 10 * self.limits["cpu_s"]:
                os.kill(pid, signal.SIGKILL)
                how = WALL
            pause = min(2 * pause, 20)
        return (how, *ended[1:])


def main(folder: str) -> None:
    modules = dict(zip(NAMES, load(folder, NAMES), strict=True))
    unload()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # nohup and background shells leave it ignored
    if REEXEC not in sys.argv and modules["system"].fix_addresses():
        os.execv(sys.executable, [sys.executable, "-s", "-S", "-P", "-W", "ignore", sys.argv[0], REEXEC])
    sys.argv, sys.orig_argv = [""], [""]  # a program sees no path of this machine there
    sys.executable = sys._base_executable = ""  # type: ignore[attr-defined]
    for name in set(os.environ) - {"TZ", "LC_ALL"}:
        del os.environ[name]
    gc.disable()
    seal = partial(modules["sealing"].seal, list(modules.values()))
    zygote = Zygote(modules["isolation"], modules["record"], modules["child"], seal)
    gc.collect()
    filler = modules["memory"].fill_pools()  # noqa: F841  lives as long as the loop below
    gc.freeze()
    zygote.serve()


if __name__ == "__main__":
    main(os.path.dirname(os.path.abspath(__file__)))
