"""One process a folder: POSIX locks. The kernel takes one back when its process ends; a forked child inherits none.

    if claim(folder): ...       this process's from here on, to be opened later
    with hold(folder): ...      in use; ConfigError if another process has it

A process loses its lock as soon as it closes any handle on the file: nothing else may open `.lock`.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ewm.config import ConfigError

_held: dict[Path, Any] = {}  # folders that this process has open
_claimed: dict[Path, Any] = {}  # those it has locked, but not opened yet


def claim(folder: Path) -> bool:
    """Lock the folder for a later `hold`; false if another process has it, or this one has it open."""
    if folder.resolve() in _claimed:
        return True
    if folder.resolve() in _held or (file := _lock(folder)) is None:
        return False
    _claimed[folder.resolve()] = file
    return True


def release(folder: Path) -> None:
    """Give a claim back."""
    if file := _claimed.pop(folder.resolve(), None):
        file.close()


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """The folder is this process's while the block runs."""
    if folder.resolve() in _held:
        raise ConfigError(f"{folder} is open already in this process.")
    file = _claimed.pop(folder.resolve(), None) or _lock(folder)
    if file is None:
        raise ConfigError(f"{folder} is in use by another process. Wait for it, or change seed or name.")
    _held[folder.resolve()] = file
    try:
        yield
    finally:
        del _held[folder.resolve()]
        file.close()


def is_locked(folder: Path) -> bool:
    """Whether a process has the folder, this one included."""
    if folder.resolve() in _held or folder.resolve() in _claimed:
        return True  # without a look, which would end the lock
    try:
        with (folder / ".lock").open("r+") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _lock(folder: Path) -> Any:
    """The locked file; None if another process has it, for longer than the instant that `is_locked` takes."""
    file = (folder / ".lock").open("a+")
    for pause in (0.02, 0.05, 0.1, 0):
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # EAGAIN, EACCES; a file system without locks says something else
            time.sleep(pause)
        else:
            return file
    file.close()
    return None
