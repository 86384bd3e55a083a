"""Slim warm parent of the children, its own interpreter: `python -s -S -P zygote.py`, never imported by the trainer.

Reads one request after the other from stdin (length-prefixed JSON), forks a child for each, watches it from outside
(CPU time, wall time, the trainer's end of the pipe) and answers on stdout with a head (HEAD) and the child's record.
Ends when stdin does. Modules are loaded with a private copy of the builtins, so that a program that
replaces `builtins.len` changes nothing here.
"""

from __future__ import annotations

import builtins
import os
import sys
from types import ModuleType
from typing import Any

REEXEC = "--fixed"  # second start, with address randomisation off: hash(None) is an address before 3.12
MEMORY = 16 << 20  # bytes of one program's record
EXITED, SIGNALED, CPU, WALL = range(4)  # how a child ended


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
        with open(path, "rb") as file:
            exec(compile(file.read(), path, "exec"), module.__dict__)
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
    """All of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def main(folder: str) -> None:
    import gc
    import json
    import mmap
    import select
    import signal
    import struct
    import time

    names = ("syscalls", "isolation", "policy", "snapshot", "folding", "tracer", "child")
    isolation, child = load(folder, names)[1::5]
    if REEXEC not in sys.argv and isolation.fix_addresses():
        os.execv(sys.executable, [sys.executable, "-s", "-S", "-P", "-W", "ignore", sys.argv[0], REEXEC])
    unload()
    stdin, stdout = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(null, fd)
    setup = json.loads(read(stdin, int.from_bytes(read(stdin, 4), "little")))
    memory = mmap.mmap(-1, MEMORY)
    head = struct.Struct("<IBidd")
    guard = isolation.enter_zygote(setup)
    greeting = json.dumps({"isolation": guard.level, "python": sys.version.split()[0], "notes": guard.notes}).encode()
    write(stdout, len(greeting).to_bytes(4, "little") + greeting)
    limits = setup["limits"]
    cpu_limit, wall_limit = limits["cpu_s"], 10 * limits["cpu_s"]

    def in_child(request: dict[str, Any]) -> None:
        os.setpgid(0, 0)
        os.dup2(null, 2)
        os.closerange(3, 64)
        guard.enter_child()
        child.run(request, memory)

    def watch(pid: int, began: float) -> tuple[int, int, float]:
        """(how it ended, exit code or signal, CPU seconds)."""
        how = EXITED
        clock = (~pid << 3) | 2  # the kernel's name for another process's CPU clock
        handle = os.pidfd_open(pid)
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        poll.register(stdin, 0)  # hang-up only: the trainer died
        pause = 50
        while True:
            ready = poll.poll(pause)
            if any(fd == handle for fd, _ in ready):
                break
            if ready:
                os.kill(pid, signal.SIGKILL)  # still ours: not yet waited for
                guard.reap(pid)
                os._exit(1)
            cpu = time.clock_gettime(clock)
            if cpu > cpu_limit:
                how = CPU
            elif time.monotonic() - began > wall_limit:
                how = WALL
            else:
                pause = max(1, min(50, int(1000 * (cpu_limit - cpu)) + 1))
                continue
            os.kill(pid, signal.SIGKILL)
            poll.unregister(stdin)
            pause = -1
        os.close(handle)
        _, state, usage = os.wait4(pid, 0)
        guard.reap(pid)
        cpu = usage.ru_utime + usage.ru_stime
        if how != EXITED:
            return how, signal.SIGKILL, cpu
        if os.WIFSIGNALED(state):
            return SIGNALED, os.WTERMSIG(state), cpu
        return EXITED, os.WEXITSTATUS(state), cpu

    gc.disable()
    gc.freeze()
    while True:
        size = read(stdin, 4)
        if not size:
            break
        request = json.loads(read(stdin, int.from_bytes(size, "little")))
        request["limits"] = limits
        memory[0:8] = bytes(8)
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            try:
                in_child(request)
            finally:
                os._exit(70)
        how, code, cpu = watch(pid, began)
        used = min(int.from_bytes(memory[0:8], "little"), MEMORY - 8)
        write(stdout, head.pack(used, how, code, time.monotonic() - began, cpu) + memory[8 : 8 + used])


if __name__ == "__main__":
    main(os.path.dirname(os.path.abspath(__file__)))
