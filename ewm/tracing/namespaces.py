"""A zygote in namespaces of its own (L3): users, processes, network, mounts, IPC; host name and control group too.

`enter` forks once: the caller stays outside as a slim parent that only waits, the zygote goes on inside as process 1,
so that its end is the end of everything in there. They die together: the kernel kills 1 with its parent, the parent
ends as 1 did. Inside there is no network device, and no file but those shown, read-only, where they are outside. The
user keeps its number, nobody else is mapped. Tried first in a child that is thrown away: some systems allow the
namespaces and refuse the mapping, which cannot be undone. Runs in the zygote before landlock, which forbids mounts.
"""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Iterable
from typing import Any, NoReturn

from ewm.tracing.system import SET_PDEATHSIG, SIGKILL, call, mount, prctl, unmount, unshare

NEEDED = 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000 | 0x08000000  # user, pid, net, mount, ipc: linux/sched.h
WELCOME = (0x04000000, 0x02000000)  # uts, cgroup
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
SPOT = "/tmp"  # covered by the new root for a moment
OLD, PROBE = "/.old", "/.probe"


def enter(paths: Iterable[str]) -> int:
    """Inside from here on; the number that the parent has outside. OSError: nothing has changed."""
    paths = sorted(set(paths))
    _rehearse(paths)
    _leave_the_rest(paths)
    outer = os.getpid()
    held, kept = os.pipe()
    pid = os.fork()
    if pid:
        _wait(pid, kept)
    os.close(kept)
    prctl(SET_PDEATHSIG, SIGKILL)
    gone = select.poll()
    gone.register(held, 0)  # hang-up only: the parent ended before it could be asked to take us along
    if gone.poll(0):
        os._exit(1)
    os.close(held)
    return outer


def _wait(pid: int, kept: int) -> NoReturn:
    """The parent: holds nothing open, ends the way its child did."""
    os.closerange(0, kept)
    os.closerange(kept + 1, 256)
    state = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(state):
        os.kill(os.getpid(), os.WTERMSIG(state))
    os._exit(os.waitstatus_to_exitcode(state) & 255)


def _rehearse(paths: list[str]) -> None:
    inlet, outlet = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _leave_the_rest(paths)
            os.write(outlet, b"1")
        except OSError as error:
            os.write(outlet, f"{error.errno} {error.strerror}".encode())
        finally:
            os._exit(0)
    os.close(outlet)
    with open(inlet, "rb") as file:
        said = file.read().decode()
    os.waitpid(pid, 0)
    if said != "1":
        number, _, text = said.partition(" ")
        raise OSError(int(number or 1), text or "the attempt ended without a word")


def _leave_the_rest(paths: list[str]) -> None:
    user, group = os.geteuid(), os.getegid()
    _step("unshare", unshare, NEEDED)
    for flag in WELCOME:
        with contextlib.suppress(OSError):
            unshare(flag)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        _step(name, _write, f"/proc/self/{name}", text)
    _step("mount", _pivot, paths)


def _step(name: str, act: Any, *args: Any) -> None:
    """An error that says where it happened."""
    try:
        act(*args)
    except OSError as error:
        raise OSError(error.errno, f"{name}: {os.strerror(error.errno or 0)}") from None


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _pivot(paths: list[str]) -> None:
    """An empty root with these paths; one folder of it stays writable, for landlock to be tried on."""
    mount("none", "/", "", RECURSIVE | PRIVATE)
    mount("none", SPOT, "tmpfs", NO_SUID | NO_DEVICES | NO_EXEC, "size=1m,mode=755")
    os.mkdir(SPOT + OLD)
    call(PIVOT_ROOT[os.uname().machine], SPOT.encode(), (SPOT + OLD).encode())
    os.chdir("/")
    shown: list[str] = []
    for path in paths:
        _show(path, shown)
    unmount(OLD)
    os.rmdir(OLD)
    os.mkdir(PROBE)
    mount("none", PROBE, "tmpfs", NO_SUID | NO_DEVICES | NO_EXEC, "size=64k,mode=700")
    os.close(os.open(PROBE + "/file", os.O_CREAT | os.O_WRONLY))
    mount("none", "/", "", REMOUNT | BIND | READ_ONLY | NO_SUID | NO_DEVICES | NO_EXEC)


def _show(path: str, shown: list[str]) -> None:
    """`path` at its own place, with the symbolic links that lead there; nothing if it does not exist."""
    here, parts = "/", path.strip("/").split("/")
    while parts:
        inner = os.path.join(here, parts.pop(0))
        if os.path.islink(OLD + inner):
            target = os.readlink(OLD + inner)
            if not os.path.lexists(inner):
                os.symlink(target, inner)
            here, parts = "/", os.path.normpath(os.path.join(here, target)).strip("/").split("/") + parts
            continue
        if not os.path.lexists(OLD + inner):
            return
        here = inner
        if parts and not os.path.lexists(here):
            os.mkdir(here)
    if any((here + "/").startswith(place + "/") for place in shown):
        return
    if os.path.isdir(OLD + here):
        if not os.path.lexists(here):
            os.mkdir(here)
    else:
        os.close(os.open(here, os.O_CREAT | os.O_WRONLY))
    mount(OLD + here, here, "", BIND | RECURSIVE)
    locked = os.statvfs(here).f_flag & NO_EXEC
    mount("none", here, "", REMOUNT | BIND | READ_ONLY | NO_SUID | NO_DEVICES | locked)
    shown.append(here)
