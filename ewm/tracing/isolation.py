"""What this machine can enforce on a traced program, found by trying it and not by version. Levels add up:

    L0  everywhere     separate process, rlimits, empty environment, closed descriptors, audit hook (see policy)
    L1  Linux >= 5.13  + no capabilities, no_new_privs, landlock: the file system is denied but for the standard
                         library and the paths of the profile; TCP denied
    L2  Linux          + seccomp: sockets, exec, fork (not threads), ptrace, signals, namespaces ... (see syscalls)
    L3  where allowed  + namespaces: users, processes, network, mounts, IPC (see namespaces)

Used inside the zygote only: `enter_zygote` applies the base once, the child adds what a zygote cannot live with. What
was refused to us is in the notes, with the system's reason; a wall above a missing one is put up all the same, but does
not count: a machine with seccomp and without landlock is at L0. A profile (limits read_paths, sys_path) opens its paths
for reading, at every level, for every program of the zygote.

Not covered: flaws of the kernel and timing at every level; stat() of any path below L3, of the paths shown at L3; UDP
at L1; what a machine tells everybody (uname, number of processors, load). The user's number is the outer one at every
level, so that a trace is the same; order by address (in a set of plain objects, say) may differ between levels. A
tracer in the program's own process can be forged by a program that gets past Python's audit hook. Outside Linux there
is no memory limit, CPU time counts in whole seconds, and a program that starts a new session could outlive its run.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable
from typing import Any

from ewm.tracing import landlock, namespaces, probe, system
from ewm.tracing.syscalls import filters
from ewm.tracing.system import LINUX

CAPSET = {"x86_64": 126, "aarch64": 91}
LEVELS = ("L0", "L1", "L2", "L3")
REFUSED = {1: ("read", "write"), 2: ("socket", "fork", "exec", "kill"), 3: ("processes", "files", "network")}
ALLOWED = {1: "stdlib", 2: "thread"}


class Guard:
    """The limits of one zygote and its children."""

    def __init__(self, limits: dict[str, Any]):
        self.level = "L0"
        self.notes: dict[str, str] = {}
        self.seccomp: Any = None  # what each child adds
        self.prctl = system.bare_prctl()
        self.own: Any = None  # the place in it for the child's number
        self.children = -1
        self.alone = False  # a child was seen to be refused a fork: it leaves nobody behind
        self.inside = False  # process 1 of its own namespace
        self.cpu_s = max(1, math.ceil(limits["cpu_s"]))  # rlimits know whole seconds
        self.memory = (limits["memory_mb"] << 20) + _size()
        self.paths = limits["paths"]

    def limit(self) -> None:
        """What zygote and children share: no core, no file, bounded memory beside what is there."""
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_FSIZE, 0)
        if LINUX:
            _limit(resource.RLIMIT_AS, self.memory)

    def attempt(self, name: str, act: Callable[[], Any]) -> bool:
        """Do it; write down why not."""
        try:
            act()
        except (OSError, AttributeError, KeyError, ValueError) as error:
            self.notes[name] = f"not here: {error}"
            return False
        return True

    def filter_calls(self) -> None:
        """Seccomp: what the zygote can do without, now; the rest is for its children."""
        base, rest, self.own = filters(os.uname().machine)
        system.prctl(system.SET_SECCOMP, system.TWO, ctypes.byref(base))
        self.seccomp = ctypes.byref(rest)

    def enter_child(self) -> None:
        """After the fork, before the program."""
        if LINUX:
            if not self.inside:  # else the end of process 1 is that of all
                self.prctl(system.SET_PDEATHSIG, signal.SIGKILL.value)
        else:
            resource.setrlimit(resource.RLIMIT_CPU, (self.cpu_s, self.cpu_s + 1))  # SIGXCPU, then SIGKILL
        if self.seccomp is not None:
            self.own.value = os.getpid()
            if self.prctl(system.SET_SECCOMP, 2, self.seccomp) < 0:
                raise OSError(ctypes.get_errno(), "seccomp")

    def reap(self, pid: int) -> None:
        """Kill what a finished program left behind. Orphans become our children: none there, none left."""
        with contextlib.suppress(ChildProcessError):
            if LINUX:
                os.waitpid(-1, os.WNOHANG)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            while True:
                if os.waitpid(-1, os.WNOHANG)[0] == 0 and not self.kill_orphans():
                    return

    def kill_orphans(self) -> bool:
        """False if there is no way to find them."""
        with contextlib.suppress(ProcessLookupError):
            if self.inside:
                os.kill(-1, signal.SIGKILL)  # all but process 1
                return True
            for orphan in os.pread(self.children, 4096, 0).split() if self.children >= 0 else ():
                os.kill(int(orphan), signal.SIGKILL)
        return self.inside or self.children >= 0


def _size() -> int:
    """Bytes of address space in use."""
    if not LINUX:
        return 0
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _limit(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))


def enter_zygote(setup: dict[str, Any]) -> Guard:
    """Apply what holds for zygote and children alike, then try in a child what is really refused."""
    guard = Guard(setup["limits"])
    wanted = {"L0": 0, "L1": 1, "L2": 2}.get(setup["isolation"], 3)
    library = _library() if LINUX and wanted else []
    outer = 0

    def leave() -> None:
        nonlocal outer
        outer = namespaces.enter([*library, *sys.path, *guard.paths])
        guard.inside = True

    if LINUX and wanted >= 3:
        guard.attempt("namespaces", leave)
    if LINUX and not guard.inside:
        system.prctl(system.SET_CHILD_SUBREAPER, ctypes.c_ulong(1))
        with contextlib.suppress(OSError):
            guard.children = os.open(f"/proc/self/task/{os.getpid()}/children", os.O_RDONLY)
    guard.limit()
    sys.path.extend(setup["limits"]["sys_path"])
    if not LINUX:
        guard.notes["system"] = f"{sys.platform}: only L0 here"
    if not LINUX or wanted < 1:
        return guard
    found = probe.refused(lambda: None, probe.hidden(outer)) if guard.inside else set()
    guard.attempt("no_new_privs", lambda: system.prctl(system.SET_NO_NEW_PRIVS, ctypes.c_ulong(1)))
    guard.attempt("capabilities", _drop_capabilities)
    guard.attempt("landlock", lambda: guard.notes.update(landlock_abi=str(landlock.restrict([*library, *guard.paths]))))
    if wanted >= 2:
        guard.attempt("seccomp", guard.filter_calls)
    places = (namespaces.PROBE, namespaces.PROBE + "/file") if guard.inside else ("/tmp", "/etc/passwd")
    found |= probe.refused(guard.enter_child, probe.acts(*places))
    guard.alone = guard.seccomp is not None and "fork" in found
    guard.level = _level(found, wanted, int(guard.notes.get("landlock_abi", 0)) >= 4)
    guard.notes["refused"] = " ".join(sorted(found))
    return guard


def _level(refused: set[str], wanted: int, tcp: bool) -> str:
    level = 0
    for step in range(1, wanted + 1):
        needed = {*REFUSED[step], *(["tcp"] if step == 1 and tcp else [])}
        if not needed <= refused or ALLOWED.get(step) in refused:
            break
        level = step
    return LEVELS[level]


def _drop_capabilities() -> None:
    system.call(CAPSET[os.uname().machine], struct.pack("<Ii", 0x20080522, 0), bytes(24))


def _library() -> list[str]:
    """The standard library, and where the shared libraries of its extension modules lie."""
    found = {os.path.dirname(os.path.realpath(os.__file__))}
    with open("/proc/self/maps") as maps:
        found.update(os.path.dirname(line.split()[-1]) for line in maps if ".so" in line and "/lib" in line)
    return sorted(f for f in found if os.path.basename(f) not in ("", "lib-dynload"))
