"""What a program must not reach by walking: the tracer's functions and classes, ctypes, what Python does not audit.

`opaque` makes a callable that shows nothing of the function behind it; `seal` closes the ways that lead to the tracer
through `object.__subclasses__()` and gives unaudited calls an audit event, which `policy` refuses. Applied once, in the
zygote. After it no ctypes object can be made, also not by us. Not closed: what has the tracer's frames has everything.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from _functools import _lru_cache_wrapper  # type: ignore[attr-defined]
from collections.abc import Callable, Iterable
from types import FunctionType, ModuleType
from typing import Any

EVENT = "ewm."
# no audit event of their own, and something outside, or the tracer's frames, within reach
UNAUDITED = {
    "posix": (
        "chroot", "getlogin", "initgroups", "login_tty", "mkfifo", "mknod", "nice", "openpty", "pidfd_open",
        "posix_openpt", "readlink", "sched_setaffinity", "sched_setparam", "sched_setscheduler", "setegid", "seteuid",
        "setgid", "setgroups", "setns", "setpgid", "setpgrp", "setpriority", "setregid", "setresgid", "setresuid",
        "setreuid", "setsid", "setuid", "sync", "unshare",
    ),
    "_signal": ("pidfd_send_signal", "set_wakeup_fd", "siginterrupt", "signal"),
}  # fmt: skip
GONE = ("ctypes", "ctypes._endian", "_ctypes")
FLAGS, NEW = 168, 312  # tp_flags and tp_new in a PyTypeObject: CPython 3.8 to 3.14, 64 bits, with the GIL
IMMUTABLE = 1 << 8


def opaque(function: Callable[..., Any]) -> Any:
    """The same calls, in C: no closure, no globals, no code, no frame above its own."""
    return _lru_cache_wrapper(function, 0, False, None)


def seal(modules: Iterable[ModuleType]) -> None:
    """Hide our classes, then ctypes, then announce what Python keeps quiet about."""
    ours = [kind for module in modules for kind in _classes(module)]
    for kind in (*ours, *_classes(ctypes)):
        for name, value in list(vars(kind).items()):
            if type(value) is FunctionType:
                setattr(kind, name, opaque(value))
    if _layout_is_known():
        for kind in ours:
            if type(kind) is type:
                _word(kind, FLAGS).value |= IMMUTABLE
        data = _below(ctypes.Structure.__base__)
        for kind in {*data, *map(type, data)} - {type}:
            _word(kind, NEW).value = 0
    for name in GONE:
        sys.modules.pop(name, None)
    _announce()


def _classes(module: ModuleType) -> list[type]:
    return [v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__]


def _below(kind: Any) -> list[Any]:
    return [kind, *(k for child in type.__subclasses__(kind) for k in _below(child))]


def _word(kind: type, offset: int) -> Any:
    return ctypes.c_size_t.from_address(id(kind) + offset)


def _layout_is_known() -> bool:
    """The words are where we think: two classes of different flags, one inherited and one own constructor."""
    if ctypes.sizeof(ctypes.c_void_p) != 8 or "t" in sys.abiflags or not (3, 8) <= sys.version_info[:2] <= (3, 14):
        return False
    if any(_word(kind, FLAGS).value != kind.__flags__ for kind in (ctypes.Structure, ModuleType, dict, str)):
        return False
    made = [_word(kind, NEW).value for kind in (ctypes.Structure, ctypes.BigEndianStructure, dict, str)]
    return made[0] == made[1] != made[2] != made[3] and all(made)


def _announce() -> None:
    """Wrap what has no audit event; what is loaded cannot be made anew, which would undo it."""
    swaps: dict[int, Any] = {}
    for module, names in UNAUDITED.items():
        for name in names:
            if (real := getattr(sys.modules[module], name, None)) is not None:
                swaps[id(real)] = opaque(_announced(name, real))
    for holder in (sys.modules["posix"], os, sys.modules["_signal"], signal):
        for name, value in list(vars(holder).items()):
            if id(value) in swaps:
                setattr(holder, name, swaps[id(value)])
            elif type(value) is set and name.startswith("supports_"):
                setattr(holder, name, {swaps.get(id(f), f) for f in value})
    imp, loaded = sys.modules["_imp"], (frozenset(sys.builtin_module_names) & sys.modules.keys()) | {"pwd"}
    for name in ("create_builtin", "init_frozen", "get_frozen_object", "_fix_co_filename"):
        if hasattr(imp, name):
            setattr(imp, name, opaque(_guarded(name, getattr(imp, name), loaded)))
    spawn = sys.modules["_posixsubprocess"] = ModuleType("_posixsubprocess")
    spawn.fork_exec = opaque(_announced("fork_exec", None))  # type: ignore[attr-defined]
    about = os.uname()
    neutral = os.uname_result((about.sysname, "localhost", about.release, about.version, about.machine))
    os.uname = sys.modules["posix"].uname = opaque(lambda: neutral)  # type: ignore[attr-defined]


def _announced(name: str, real: Any) -> Callable[..., Any]:
    audit = sys.audit

    def call(*args: Any, **options: Any) -> Any:
        audit(EVENT + name)
        return real(*args, **options)

    return call


def _guarded(name: str, real: Any, loaded: frozenset[str]) -> Callable[..., Any]:
    """Of importlib's helpers: nothing loaded twice, no code from bytes, no code under another file's name."""
    audit = sys.audit

    def call(*args: Any) -> Any:
        if name == "_fix_co_filename":
            return None
        if name == "create_builtin" and str.__str__(args[0].name) in loaded or len(args) > 1:
            audit(EVENT + name)
        return real(*args)

    return call
