"""What Python itself refuses to a program, at every isolation level: an audit hook, which cannot be taken out again.

Files: PermissionError, but for reading the standard library and the paths of the profile. Getting at the tracer
(settrace, frames, code objects, gc, ctypes), processes, sockets and signals: the program ends there. A hook in the
program's own process is no wall: landlock (L1) and seccomp (L2) say the same from outside. Either way the status is
`policy`, also where the program catches the refusal and goes on: outside it might have gone on otherwise. A frame is
given only to functions of the standard library that are known not to hand it on, and to the packages of a profile. Not
covered: a program that patches one of those functions first; stat(). Runs inside the child.
"""

from __future__ import annotations

import errno
import os
import sys
from _thread import get_ident
from collections.abc import Callable, Iterable
from opcode import opmap
from typing import Any

from ewm.tracing.snapshot import type_name

REFUSED = frozenset((
    "sys.settrace", "sys.setprofile", "sys.addaudithook", "sys._current_frames", "sys._current_exceptions",
    "gc.get_objects", "gc.get_referrers", "gc.get_referents", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn",
    "os.spawn", "os.system", "os.kill", "os.killpg", "subprocess.Popen", "pty.spawn", "signal.pthread_kill",
    "resource.setrlimit", "resource.prlimit", "sqlite3.connect", "sys.monitoring.register_callback",
    "cpython.PyInterpreterState_New", "function.__new__", "marshal.load", "sys.remote_exec",
))  # fmt: skip
REFUSED_ROOTS = ("ctypes.", "socket.", "syslog.", "fcntl.", "ewm.")  # ewm.: see sealing
IMPORTS = frozenset((
    "ctypes", "_ctypes", "_posixsubprocess", "_xxsubinterpreters", "_xxinterpchannels", "_interpreters",
    "_interpchannels", "_gdbm", "_dbm", "readline", "_tkinter", "_multiprocessing", "_posixshmem", "nis", "spwd",
    "ossaudiodev", "syslog",
))  # fmt: skip
USERS = frozenset(("pwd", "grp"))
FRAMES = frozenset(("tb_frame", "gi_frame", "cr_frame", "ag_frame"))
READERS = {  # who may have a frame: what they return is not the frame
    "collections/__init__.py": ("namedtuple",),
    "typing.py": ("_caller",),
    "enum.py": ("_create_",),
    "dataclasses.py": ("make_dataclass",),
    "types.py": ("<module>",),
    "_collections_abc.py": ("<module>", "get_locals_proxy", "_get_locals_proxy"),
    "unittest/result.py": ("_is_relevant_tb_level",),
    "inspect.py": ("getgeneratorstate", "getcoroutinestate", "getasyncgenstate"),
    "traceback.py": (
        "_compute_suggestion_error",
        "walk_tb",
        "_walk_tb_with_full_positions",
        "_get_code_position",
        "__init__",
    ),
    "logging/__init__.py": ("<lambda>", "findCaller", "handleError"),
}
GIVERS = frozenset(("walk_tb", "_walk_tb_with_full_positions", "<lambda>"))  # to functions of their own file only
FILES = frozenset((
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
    "os.utime", "os.chdir", "os.listxattr", "os.setxattr", "os.getxattr", "os.removexattr", "os.chflags", "os.lockf",
    "shutil.rmtree", "tempfile.mkstemp",
))  # fmt: skip
LISTING = frozenset(("os.listdir", "os.scandir"))
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
STREAMS = (0, 1)  # the program's streams are objects: nothing comes in or goes out by their descriptors
DENIALS = frozenset((errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EFBIG))  # EFBIG: RLIMIT_FSIZE is 0
RAISE = opmap["RAISE_VARARGS"]
IMPORTLIB = "<frozen importlib._bootstrap"
_TRACEBACK = BaseException.__dict__["__traceback__"].__get__
_ERRNO = OSError.__dict__["errno"].__get__
_normal = os.path.normpath
LIBRARY = os.path.dirname(os.path.realpath(os.__file__))
_INSIDE = LIBRARY + "/"
RECORDER = "<ewm>/recorder.py"  # the oracle's


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
        _notice(self, error, traceback)

    def _make_hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        getframe, search, places = sys._getframe, frozenset(sys.path), self.places
        asking: set[int] = set()  # threads in `caller`: what it does is audited too; others stay watched meanwhile

        def caller() -> Any:
            me = get_ident()
            asking.add(me)
            try:
                return getframe(2)
            finally:
                asking.discard(me)

        def deny(event: str, path: Any) -> None:
            if type(path) is not str or path[:1] != "<":  # else Python looks for a line to show, and goes on without
                self.refused = self.refused or event
            raise PermissionError(13, "Permission denied", path if type(path) is str else None)

        def hook(event: str, args: tuple[Any, ...]) -> None:
            refuse = self.refuse
            if refuse is None or asking and get_ident() in asking:
                return
            if event == "object.__getattr__":
                if args[1] in FRAMES and not _keeps(caller(), places):
                    refuse(f"{event} {args[1]}")
            elif event == "sys._getframe":
                if not _keeps(caller(), places):
                    refuse(event)
            elif event == "object.__setattr__":
                if args[1] == "__code__" and not _in(caller(), "types.py"):  # types.coroutine
                    refuse(f"{event} __code__")
            elif event == "code.__new__":
                if not _in(caller(), "types.py"):
                    refuse(event)
            elif event == "import":
                _check_import(args[0], caller(), refuse, places)
            elif event == "compile":
                if _forged(args[0], args[1], caller(), places):
                    refuse(event)
            elif event == "marshal.loads":
                if not _from_library(args[0], caller(), places):
                    refuse(event)
            elif event in REFUSED or event.startswith(REFUSED_ROOTS):
                refuse(event)
            elif event == "open":
                if type(args[0]) is int:
                    if args[0] in STREAMS:
                        refuse(f"open {args[0]}")
                elif not _readable(args[0], args[2], places):
                    deny(event, args[0])
            elif event in LISTING:
                path = args[0]
                if not (_readable(path, 0, places) or type(path) is str and path in search):
                    deny(event, path)
            elif event in FILES:
                deny(event, args[0])

        return hook


def _notice(watch: Watch, error: OSError, traceback: Any) -> None:
    number = _ERRNO(error)
    if watch.refused or type(number) is not int or number not in DENIALS:
        return
    traceback = traceback or _TRACEBACK(error)
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None or traceback.tb_frame.f_code.co_code[traceback.tb_lasti] != RAISE:
        watch.refused = type_name(type(error))


_OWN = _notice.__code__


def _file(frame: Any) -> str:
    name = frame.f_code.co_filename
    return name if type(name) is str else ""


def _in(frame: Any, name: str) -> bool:
    return _file(frame) == _INSIDE + name


def _keeps(frame: Any, places: tuple[str, ...]) -> bool:
    """The running code may have a frame: known parts of the library, and the packages of a profile."""
    code, file = frame.f_code, _file(frame)
    if not file.startswith(_INSIDE):
        return code is _OWN or file == RECORDER or file.startswith(places)
    if code.co_name not in READERS.get(file[len(_INSIDE) :], ()):
        return False
    return code.co_name not in GIVERS or frame.f_back is not None and _file(frame.f_back) == file


def _check_import(name: Any, frame: Any, refuse: Callable[[str], None], places: tuple[str, ...]) -> None:
    """A library that looks for the machine's users, or a package of a profile for ctypes, goes on without."""
    last = name.rpartition(".")[2] if type(name) is str else ""  # an extension may be loaded as x._ctypes
    if not last or last in IMPORTS or last.startswith("_test"):
        if _file(frame).startswith(places) and not _file(frame).startswith(_INSIDE):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        refuse("import " + (last or type_name(type(name))))
    elif last in USERS:
        if not (_file(frame).startswith(_INSIDE) and frame.f_code.co_name == "<module>"):
            refuse("import " + name)
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _forged(source: Any, name: Any, frame: Any, places: tuple[str, ...]) -> bool:
    """Code that calls itself a library's, which `_keeps` goes by."""
    if name is None or type(name) is str and not name.startswith((*places, "<frozen", "<ewm>")):
        return False
    if type(name) is str and name.startswith(places) and _file(frame).startswith(IMPORTLIB):
        with open(name, "rb") as file:  # imported without a .pyc
            return type(source) is not bytes or file.read() != source
    return True


def _from_library(data: bytes, frame: Any, places: tuple[str, ...]) -> bool:
    """Code that importlib reads is the library's: a loader may be the program's own."""
    if _file(frame).startswith("<ewm>"):  # frozen modules, see sealing
        return True
    path = frame.f_locals.get("bytecode_path") if frame.f_code.co_name == "_compile_bytecode" else None
    if not (_file(frame).startswith(IMPORTLIB) and type(path) is str and _readable(path, 0, places)):
        return False
    with open(path, "rb") as file:
        return file.read().endswith(data)


def _readable(path: Any, flags: int, places: tuple[str, ...]) -> bool:
    if type(path) is not str or flags & WRITES:
        return False
    return (_normal(path) + "/").startswith(places)
