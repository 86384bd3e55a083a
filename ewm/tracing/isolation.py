"""What this machine can enforce on a traced program, found by trying it and not by version. Linux adds to L0:

    L0  separate process, rlimits, empty environment, closed descriptors, audit hook (see policy)
    L1  + no capabilities, no_new_privs, landlock: the file system is denied but for the standard library; TCP denied
    L2  + seccomp: sockets, exec, fork (not threads), ptrace, signals, namespaces ... (see syscalls)

Used inside the zygote only: `enter_zygote` applies the base once, the child adds what a zygote cannot live with.
Not covered: stat() of any path and timing at every level, UDP at L1, flaws of the kernel. Levels are cumulative: a
machine with seccomp but without landlock counts as L0, its filter is applied all the same.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys
from typing import Any

from ewm.tracing.syscalls import filters

SET_PDEATHSIG, SET_SECCOMP, SET_CHILD_SUBREAPER, SET_NO_NEW_PRIVS = 1, 22, 36, 38  # linux/prctl.h
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # the same on every architecture
CAPSET = {"x86_64": 126, "aarch64": 91}
FS_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # landlock ABI -> number of file system rights it knows
READ = (1 << 2) | (1 << 3)  # files and folders
LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True)
_ZERO, _TWO, _SIGKILL = ctypes.c_ulong(0), ctypes.c_ulong(2), ctypes.c_ulong(signal.SIGKILL)  # see sealing


def _call(number: int, *args: Any) -> int:
    done = _libc.syscall(ctypes.c_long(number), *args)
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done


def _prctl(*args: Any) -> None:
    if _libc.prctl(*args, *[_ZERO] * (5 - len(args))) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def fix_addresses() -> bool:
    """Turn address randomisation off for the next exec; false if it is off already or cannot be."""
    if not LINUX:
        return False
    before = _libc.personality(ctypes.c_ulong(0xFFFFFFFF))
    return before >= 0 and not before & 0x0040000 and _libc.personality(ctypes.c_ulong(before | 0x0040000)) >= 0


def _folders() -> list[str]:
    """The standard library, and where the shared libraries of its extension modules lie."""
    found = {os.path.dirname(os.path.realpath(os.__file__))}
    with open("/proc/self/maps") as maps:
        found.update(os.path.dirname(line.split()[-1]) for line in maps if ".so" in line and "/lib" in line)
    return sorted(f for f in found if os.path.basename(f) not in ("", "lib-dynload"))


def landlock() -> int:
    """Deny the file system but for reading the standard library, and TCP where the kernel can; the ABI."""
    abi = _call(LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    rights = (1 << FS_RIGHTS.get(abi, 16)) - 1
    rules = struct.pack("<QQQ", rights, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)[
        : 8 if abi < 4 else 16 if abi < 6 else 24
    ]
    ruleset = _call(LANDLOCK_CREATE, rules, ctypes.c_size_t(len(rules)), ctypes.c_uint(0))
    for folder in _folders():
        with contextlib.suppress(FileNotFoundError):
            fd = os.open(folder, os.O_PATH | os.O_DIRECTORY)
            _call(LANDLOCK_ADD, ctypes.c_int(ruleset), ctypes.c_int(1), struct.pack("<Qi", READ, fd), ctypes.c_uint(0))
            os.close(fd)
    _call(LANDLOCK_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint(0))
    os.close(ruleset)
    return abi


def _limit(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))


class Guard:
    """The limits of one zygote and its children."""

    def __init__(self, limits: dict[str, Any]):
        self.level = "L0"
        self.notes: dict[str, str] = {}
        self.seccomp: Any = None
        self.children = -1
        self.cpu_s = int(limits["cpu_s"]) + 2  # rlimits know whole seconds: for when the zygote is gone
        self.memory = limits["memory_mb"] << 20

    def limit(self) -> None:
        """What zygote and children share: no core, no file, bounded memory beside what is there."""
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_FSIZE, 0)
        if LINUX:
            with open("/proc/self/statm") as file:
                size = int(file.read().split()[0]) * resource.getpagesize()
            _limit(resource.RLIMIT_AS, size + self.memory)

    def attempt(self, name: str, act: Any) -> bool:
        """Do it; write down why not."""
        try:
            act()
        except (OSError, AttributeError, KeyError, ValueError) as error:
            self.notes[name] = f"not here: {error}"
            return False
        return True

    def filter_calls(self) -> None:
        """Seccomp: what the zygote can do without, now; the rest is for its children."""
        base, rest = filters(os.uname().machine)
        _prctl(SET_SECCOMP, ctypes.c_ulong(2), ctypes.byref(base))
        self.seccomp = rest

    def enter_child(self) -> None:
        """After the fork, before the program."""
        if LINUX:
            _prctl(SET_PDEATHSIG, _SIGKILL)
        else:
            _limit(resource.RLIMIT_CPU, self.cpu_s)
        if self.seccomp is not None:
            _prctl(SET_SECCOMP, _TWO, ctypes.byref(self.seccomp))

    def reap(self, pid: int) -> None:
        """Kill what a finished program left behind."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while True:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    for orphan in os.pread(self.children, 4096, 0).split() if self.children >= 0 else ():
                        os.kill(int(orphan), signal.SIGKILL)
                    if self.children < 0:
                        return


def enter_zygote(setup: dict[str, Any]) -> Guard:
    """Apply what holds for zygote and children alike, then try in a child what is really refused."""
    guard = Guard(setup["limits"])
    guard.limit()
    wanted = {"L0": 0, "L1": 1}.get(setup["isolation"], 2)
    if not LINUX:
        return guard
    _prctl(SET_CHILD_SUBREAPER, ctypes.c_ulong(1))
    with contextlib.suppress(OSError):
        guard.children = os.open(f"/proc/self/task/{os.getpid()}/children", os.O_RDONLY)
    if wanted < 1:
        return guard
    header, none = struct.pack("<Ii", 0x20080522, 0), bytes(24)
    guard.attempt("capabilities", lambda: _call(CAPSET[os.uname().machine], header, none))
    guard.attempt("no_new_privs", lambda: _prctl(SET_NO_NEW_PRIVS, ctypes.c_ulong(1)))
    guard.attempt("landlock", lambda: guard.notes.update(landlock_abi=str(landlock())))
    if wanted >= 2:
        guard.attempt("seccomp", guard.filter_calls)
    refused = probe(guard)
    first = ("read", "write", "tcp") if int(guard.notes.get("landlock_abi", 0)) >= 4 else ("read", "write")
    second = ("socket", "fork", "exec", "kill")
    if all(name in refused for name in first) and "stdlib" not in refused:
        guard.level = "L1"
        if all(name in refused for name in second) and "thread" not in refused:
            guard.level = "L2"
    guard.notes["refused"] = " ".join(sorted(refused))
    return guard


def probe(guard: Guard) -> set[str]:
    """Names of the acts that a child was refused."""
    inlet, outlet = os.pipe()
    pid = os.fork()
    if pid == 0:
        refused = []
        try:
            guard.enter_child()
            for name, act in ATTEMPTS.items():
                try:
                    act()
                except (PermissionError, RuntimeError):
                    refused.append(name)
                except OSError:
                    continue
            os.write(outlet, " ".join(refused).encode())
        finally:
            os._exit(0)
    os.close(outlet)
    with open(inlet, "rb") as file:
        answer = file.read()
    os.waitpid(pid, 0)
    return set(answer.decode().split())


def _fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _exec() -> None:
    """A file that is no program: refused by rule, or else for its format."""
    os.execv(os.__file__, ["x"])


def _connect() -> None:
    import socket  # in the probing child only: a zygote stays slim

    with socket.socket() as tcp:
        tcp.settimeout(0.2)
        tcp.connect(("127.0.0.1", 9))


def _socket() -> None:
    import socket

    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


def _thread() -> None:
    import threading

    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


ATTEMPTS: dict[str, Any] = {
    "read": lambda: os.close(os.open("/etc/passwd", os.O_RDONLY)),
    "write": lambda: os.close(os.open("/tmp/.ewm-probe", os.O_CREAT | os.O_WRONLY)),
    "stdlib": lambda: os.close(os.open(os.__file__, os.O_RDONLY)),
    "tcp": _connect,
    "socket": _socket,
    "fork": _fork,
    "kill": lambda: os.kill(os.getppid(), 0),
    "thread": _thread,
    "exec": _exec,
}
