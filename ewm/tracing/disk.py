"""The cache's part on disk: bytes by key in one SQLite file, bounded, for several processes at once.

SQLite in WAL mode, since many may read while one writes, a kill leaves the file whole, and there is no daemon. The file
exceeds its bound by one write at most; the oldest entries go first. A damaged entry is a miss, a damaged file is made
anew, and a file that cannot be used is done without; `problem` says so. Not for network file systems. Whoever can write
the folder decides what is handed out; at L0 that is every program, too.
"""

from __future__ import annotations

import fcntl
import hashlib
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from ewm.config.errors import ConfigError

NAME = "traces.sqlite3"
_TOGETHER, _BYTES, _SECONDS = 200, 8 << 20, 2.0  # entries of one write, or so many bytes of them, or those of so long
_T = TypeVar("_T")


class Disk:
    """One SQLite file; opened when it is first needed. ConfigError for a folder that cannot be."""

    def __init__(self, folder: Path, most: int):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigError(f"trace.cache={folder}: no folder can be made there ({error.strerror}).") from None
        self.path, self.most, self.problem = folder / NAME, most, ""
        self._db: sqlite3.Connection | None = None
        self._new: dict[bytes, bytes] = {}
        self._bytes = 0
        self._written = time.monotonic()

    def get(self, key: bytes) -> bytes | None:
        if (packed := self._new.get(key)) is None:
            row = self._try(lambda db: db.execute("SELECT value FROM traces WHERE key = ?", (key,)).fetchone())
            packed = row[0] if row else None
        return _unpacked(key, packed)

    def put(self, key: bytes, value: bytes) -> None:
        """Written with others, after a while, or by `close`."""
        if self.problem:
            return
        packed = self._new[key] = _packed(key, value)
        self._bytes += len(packed)
        if len(self._new) >= _TOGETHER or self._bytes > _BYTES or time.monotonic() - self._written > _SECONDS:
            self._write()

    def close(self) -> None:
        if self._new:
            self._write()
        if self._db is not None:
            self._db.close()
            self._db = None

    def _write(self) -> None:
        rows, self._new, self._bytes, self._written = list(self._new.items()), {}, 0, time.monotonic()

        def write(db: sqlite3.Connection) -> None:
            with db:
                db.execute("BEGIN IMMEDIATE")
                db.executemany("INSERT OR REPLACE INTO traces (key, value) VALUES (?, ?)", rows)
                while (over := _size(db) - self.most) > 0 and _drop_oldest(db, over):
                    pass

        self._try(write)

    def _try(self, act: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Do it; if it fails, once more on the file opened again, or made anew. None if that is in vain."""
        for last in (False, True):
            if self.problem:
                return None
            try:
                if self._db is None:
                    self._db = _open(self.path)
                return act(self._db)
            except sqlite3.Error as error:
                if self._db is not None:
                    self._db.close()
                    self._db = None
                if "locked" in str(error):  # somebody writes for long: this once without
                    return None
                damaged = not isinstance(error, sqlite3.OperationalError) or "no such" in str(error)
                if last or (damaged and not self._renew()):
                    self.problem = f"{self.path}: {error}"
        return None

    def _renew(self) -> bool:
        """Away with a damaged file, unless another process has just done so."""
        try:
            with _alone(self.path.with_suffix(".lock")):
                if not _whole(self.path):
                    for end in ("", "-wal", "-shm"):
                        Path(f"{self.path}{end}").unlink(missing_ok=True)
            return True
        except OSError:
            return False


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")  # after a power cut the last entries may be missing, no more
        db.execute("CREATE TABLE IF NOT EXISTS traces (number INTEGER PRIMARY KEY, key BLOB UNIQUE, value BLOB)")
        db.execute("SELECT number, key, value FROM traces LIMIT 1").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db


def _whole(path: Path) -> bool:
    try:
        db = _open(path)
        try:
            return db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        finally:
            db.close()
    except sqlite3.Error:
        return False


def _size(db: sqlite3.Connection) -> int:
    """Bytes in use; what was deleted is used again."""
    pages, free, each = (db.execute(f"PRAGMA {n}").fetchone()[0] for n in ("page_count", "freelist_count", "page_size"))
    return (pages - free) * each


def _drop_oldest(db: sqlite3.Connection, size: int) -> bool:
    """Entries of at least so many bytes, and a tenth of all, so that it is not done at every write."""
    count, total = db.execute("SELECT count(*), total(length(value)) FROM traces").fetchone()
    share = max(0.1, size / max(1, total))
    most = int(count * share) + 1
    sql = "DELETE FROM traces WHERE number IN (SELECT number FROM traces ORDER BY number LIMIT ?)"
    return db.execute(sql, (most,)).rowcount > 0


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _packed(key: bytes, value: bytes) -> bytes:
    data = zlib.compress(value, 1)
    return hashlib.blake2b(data, digest_size=8, key=key).digest() + data


def _unpacked(key: bytes, packed: Any) -> bytes | None:
    """None for what is damaged or stands under a wrong key."""
    if type(packed) is not bytes or hashlib.blake2b(packed[8:], digest_size=8, key=key).digest() != packed[:8]:
        return None
    try:
        return zlib.decompress(packed[8:])
    except zlib.error:
        return None
