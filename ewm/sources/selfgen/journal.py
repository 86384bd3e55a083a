"""What was drawn so far, in a file that a kill cannot spoil and that one process writes.

A line of settings, then a line a batch: {"batch", "counts", "programs"}. A line that a kill cut short is dropped.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ewm.config import ConfigError


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """The journal at `path` is this process's while the block runs; ConfigError if another one has it."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"{path} is in use by another process. Wait for it, or name another file.") from None
        yield


class Journal:
    """`rows`: the batches that are there, in order. ConfigError if they were drawn under other settings."""

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self.path, self.settings = path, json.loads(json.dumps(settings))
        whole = _whole_lines(path)
        if not whole:
            path.write_text(json.dumps(self.settings, sort_keys=True) + "\n", "utf-8")
        elif changed := list(_changed(_read(path, whole[0]), self.settings)):
            raise ConfigError(
                f"{path}: begun under other settings ({'; '.join(changed)}). "
                f"Give those, name another file, or remove it."
            )
        self.rows: list[dict[str, Any]] = [_read(path, line) for line in whole[1:]]

    def append(self, row: dict[str, Any]) -> None:
        """On the disk when this returns."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.rows.append(row)


def _whole_lines(path: Path) -> list[bytes]:
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    if lines and not lines[-1].endswith(b"\n"):
        os.truncate(path, sum(map(len, lines[:-1])))
        lines.pop()
    return lines


def _read(path: Path, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise ConfigError(f"{path}: no journal of programs. Name another file, or remove it.")
    return row


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """`seed was 0, is 1`, wherever they differ."""
    for key in sorted({*old, *new}):
        was, now = old.get(key), new.get(key)
        if isinstance(was, dict) and isinstance(now, dict):
            yield from _changed(was, now, f"{prefix}{key}.")
        elif was != now:
            yield f"{prefix}{key} was {json.dumps(was)}, is {json.dumps(now)}"
