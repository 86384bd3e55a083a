"""What Python itself refuses to a program, at every isolation level: an audit hook, which cannot be taken out again.

Files: PermissionError, but for reading the standard library. Looking at or changing the tracer (settrace, frames, code
objects, gc, ctypes), processes, sockets and signals: the program ends with status `policy`. A hook in the program's own
process is no wall: landlock (L1) and seccomp (L2) say the same from outside. Runs inside the child.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

REFUSED = frozenset((
    "sys.settrace", "sys.setprofile", "sys.addaudithook", "sys._current_frames", "sys._current_exceptions",
    "gc.get_objects", "gc.get_referrers", "gc.get_referents", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn",
    "os.spawn", "os.system", "os.kill", "os.killpg", "subprocess.Popen", "pty.spawn", "signal.pthread_kill",
    "resource.setrlimit", "resource.prlimit", "sqlite3.connect", "sys.monitoring.register_callback",
))  # fmt: skip
REFUSED_ROOTS = ("ctypes.", "socket.", "syslog.")
FROM_PROGRAM = frozenset(("sys._getframe", "object.__getattr__", "object.__setattr__", "code.__new__"))
FILES = frozenset((
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
    "os.utime", "os.chdir", "os.listxattr", "os.setxattr", "os.chflags", "os.lockf", "shutil.rmtree",
    "tempfile.mkstemp",
))  # fmt: skip
READING = frozenset(("open", "os.listdir", "os.scandir"))
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
LIBRARY = os.path.dirname(os.path.realpath(os.__file__))


def watch(refuse: Callable[[str], None], file_name: str) -> Callable[[], None]:
    """Start watching code compiled as `file_name`; the result ends it. `refuse(what)` must not return."""
    active = True
    normal, getframe, seen = os.path.normpath, sys._getframe, sys.path

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal active
        if not active:
            return
        if event in FROM_PROGRAM:
            active = False  # what we read here is audited too
            ours = getframe(1).f_code.co_filename == file_name
            active = True
            if ours:
                refuse(f"{event} {args[1] if len(args) == 2 else ''}".strip())
        elif event in REFUSED or event.startswith(REFUSED_ROOTS):
            active = False
            refuse(event)
        elif event in READING:
            where = args[0]
            if event == "open" and (type(where) is int or _readable(where, args[2], normal)):
                return
            if event != "open" and (where is None or _readable(where, 0, normal) or where in seen):
                return
            raise PermissionError(13, "Permission denied", where if type(where) is str else None)
        elif event in FILES:
            raise PermissionError(13, "Permission denied", args[0] if type(args[0]) is str else None)

    sys.addaudithook(hook)

    def stop() -> None:
        nonlocal active
        active = False

    return stop


def _readable(path: Any, flags: int, normal: Callable[[str], str]) -> bool:
    if type(path) is not str or flags & WRITES:
        return False
    return (normal(path) + "/").startswith(LIBRARY + "/")
