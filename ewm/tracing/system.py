"""System calls that Python has no function for, through ctypes. Every one raises OSError with the kernel's answer.

Runs inside the zygote. Importing it is harmless on every system; the calls are Linux's.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

LINUX = sys.platform == "linux"
SET_PDEATHSIG, SET_SECCOMP, SET_CHILD_SUBREAPER, SET_NO_NEW_PRIVS = 1, 22, 36, 38  # linux/prctl.h
NO_RANDOMIZE = 0x0040000  # linux/personality.h
ZERO, TWO, SIGKILL = ctypes.c_ulong(0), ctypes.c_ulong(2), ctypes.c_ulong(9)  # made before a child needs them
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(done: int) -> int:
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done


def call(number: int, *args: Any) -> int:
    return _checked(_libc.syscall(ctypes.c_long(number), *args))


def prctl(*args: Any) -> None:
    _checked(_libc.prctl(*args, *[ZERO] * (5 - len(args))))


def bare_prctl() -> Any:
    """prctl for plain numbers, without a check: what a child calls must touch little memory, and make nothing."""
    return _libc.prctl if LINUX else None


def unshare(flags: int) -> None:
    _checked(_libc.unshare(ctypes.c_int(flags)))


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    texts = [text.encode() or None for text in (source, target, kind, options)]
    _checked(_libc.mount(*texts[:3], ctypes.c_ulong(flags), texts[3]))


def unmount(target: str) -> None:
    """At once for everybody here, whoever still has it open."""
    detach = 2
    _checked(_libc.umount2(target.encode(), ctypes.c_int(detach)))


def fix_addresses() -> bool:
    """Turn address randomisation off for the next exec; false if it is off already or cannot be."""
    if not LINUX:
        return False
    before = _libc.personality(ctypes.c_ulong(0xFFFFFFFF))
    return before >= 0 and not before & NO_RANDOMIZE and _libc.personality(ctypes.c_ulong(before | NO_RANDOMIZE)) >= 0
