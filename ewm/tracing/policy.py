"""What Python itself refuses to a program, at every isolation level: an audit hook, which cannot be taken out again.

Files: PermissionError, but for reading the standard library and the paths of the profile. Looking at or changing the
tracer (settrace, frames, code objects, gc, ctypes), processes, sockets and signals: the program ends there. A hook in
the program's own process is no wall: landlock (L1) and seccomp (L2) say the same from outside. Either way the status is
`policy`, also where the program catches the refusal and goes on: outside it might have gone on otherwise. Runs inside
the child.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable
from opcode import opmap
from typing import Any

from ewm.tracing.snapshot import type_name

REFUSED = frozenset((
    "sys.settrace", "sys.setprofile", "sys.addaudithook", "sys._current_frames", "sys._current_exceptions",
    "gc.get_objects", "gc.get_referrers", "gc.get_referents", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn",
    "os.spawn", "os.system", "os.kill", "os.killpg", "subprocess.Popen", "pty.spawn", "signal.pthread_kill",
    "resource.setrlimit", "resource.prlimit", "sqlite3.connect", "sys.monitoring.register_callback",
    "cpython.PyInterpreterState_New",
))  # fmt: skip
REFUSED_ROOTS = ("ctypes.", "socket.", "syslog.")
MODULES = frozenset((  # a second interpreter has no hook, and 3.13 starts it in silence; Python's tests reach anything
    "_interpreters", "_xxsubinterpreters", "_testcapi", "_testinternalcapi", "_testlimitedcapi",
))  # fmt: skip
FROM_PROGRAM = frozenset(("sys._getframe", "object.__getattr__", "object.__setattr__", "code.__new__"))
FILES = frozenset((
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
    "os.utime", "os.chdir", "os.listxattr", "os.setxattr", "os.chflags", "os.lockf", "shutil.rmtree",
    "tempfile.mkstemp",
))  # fmt: skip
LISTING = frozenset(("os.listdir", "os.scandir"))
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
STREAMS = (0, 1)  # the program's streams are objects: nothing comes in or goes out by their descriptors
DENIALS = frozenset((errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EFBIG))  # EFBIG: RLIMIT_FSIZE is 0
RAISE = opmap["RAISE_VARARGS"]
_TRACEBACK = BaseException.__dict__["__traceback__"].__get__
_ERRNO = OSError.__dict__["errno"].__get__
_normal = os.path.normpath
LIBRARY = os.path.dirname(os.path.realpath(os.__file__))


class Watch:
    """The hook, started and stopped for each program; `file_name` marks the program's own code, `paths` may be read."""

    def __init__(self, file_name: str, paths: Iterable[str] = ()):
        self.refuse: Callable[[str], None] | None = None
        self.refused = ""  # the first thing refused by an exception
        self.file_name = file_name
        self.places = tuple(place + "/" for place in (LIBRARY, *paths))
        self.hook = self._make_hook()
        sys.addaudithook(self.hook)

    def start(self, refuse: Callable[[str], None]) -> None:
        """From now on `refuse(what)`, which must not return."""
        self.refuse = refuse

    def stop(self) -> None:
        self.refuse = None

    def notice(self, error: OSError, traceback: Any = None) -> None:
        """An exception that reached the program: an answer of the system, unless a `raise` made it."""
        number = _ERRNO(error)
        if self.refused or type(number) is not int or number not in DENIALS:
            return
        traceback = traceback or _TRACEBACK(error)
        while traceback is not None and traceback.tb_next is not None:
            traceback = traceback.tb_next
        if traceback is None or traceback.tb_frame.f_code.co_code[traceback.tb_lasti] != RAISE:
            self.refused = type_name(type(error))

    def _make_hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        getframe, search, places = sys._getframe, sys.path, self.places

        def deny(event: str, path: Any) -> None:
            if type(path) is not str or path[:1] != "<":  # else Python looks for a line to show, and goes on without
                self.refused = self.refused or event
            raise PermissionError(13, "Permission denied", path if type(path) is str else None)

        def hook(event: str, args: tuple[Any, ...]) -> None:
            refuse = self.refuse
            if refuse is None:
                return
            if event in FROM_PROGRAM:
                self.refuse = None  # what is read here is audited too
                ours = getframe(1).f_code.co_filename == self.file_name
                self.refuse = refuse
                if ours:
                    refuse(f"{event} {args[1] if len(args) == 2 else ''}".strip())
            elif event in REFUSED or event.startswith(REFUSED_ROOTS):
                refuse(event)
            elif event == "import" and args[0] in MODULES:
                refuse(f"import {args[0]}")
            elif event == "open":
                if type(args[0]) is int:
                    if args[0] in STREAMS:
                        refuse(f"open {args[0]}")
                elif not _readable(args[0], args[2], places):
                    deny(event, args[0])
            elif event in LISTING:
                if not (_readable(args[0], 0, places) or args[0] in search):
                    deny(event, args[0])
            elif event in FILES:
                deny(event, args[0])

        return hook


def _readable(path: Any, flags: int, places: tuple[str, ...]) -> bool:
    if type(path) is not str or flags & WRITES:
        return False
    return (_normal(path) + "/").startswith(places)
