"""Answers of zygotes by the content of what was asked, in memory (LRU, `trace.cache_mb`) and on disk (`trace.cache`).

The key hashes the request as it is sent (source, entry, stdin and whatever else it carries) and the setting: what the
zygote was told, without what changes no trace, the isolation and the Python that were reached, the machine, the schema
and the tracer's own source files. The value is the zygote's answer, compact JSON with times as they were: a hit goes
through the same decoding as a run. What the answer of a second run may differ in (UNSURE) is not kept. A program that
asks for the time or for chance is kept like any other: a cached trace is that of the first run, so the cache is off
unless it is asked for.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ewm.config.schema import ASIDE, TraceConfig
from ewm.tracing.disk import Disk
from ewm.tracing.events import SCHEMA

UNSURE = frozenset(("timeout", "memory", "killed", "tampered"))
SHOWS = frozenset((  # make no trace
    "__main__.py", "canonical.py", "copying.py", "inputs.py", "instrument.py", "loops.py", "options.py", "oracle.py",
    "pretty.py", "progress.py", "reading.py", "recorder.py", "report.py", "verify.py",
))  # fmt: skip
REACHED = ("isolation", "python")  # what a key takes from a zygote's greeting
_COST = 250  # bytes of an entry beside its value, in memory


def setting(setup: Mapping[str, Any], reached: Mapping[str, Any]) -> bytes:
    """Digest of all that decides about a trace beside the request: what a zygote was told, and its greeting."""
    about = {
        "setup": {k: v for k, v in setup.items() if k not in ("limits", "isolation")},
        "limits": {k: v for k, v in setup["limits"].items() if k not in (*ASIDE, "isolation")},
        "reached": {k: reached.get(k) for k in REACHED},
        "machine": [sys.platform, os.uname().machine],
        "schema": SCHEMA,
        "code": code(),
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).digest()


def code(folder: Path = Path(__file__).parent) -> str:
    """Digest of the source files that a trace comes from."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        if file.name not in SHOWS:
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


class Cache:
    """Both tiers under one setting. Not for several threads at once: the Runner serialises."""

    def __init__(self, cfg: TraceConfig, setup: Mapping[str, Any], reached: Mapping[str, Any]):
        self.reached, self.hits = reached, 0
        self._setting = setting(setup, reached)
        self._asked: set[bytes] = set()  # keys of what is being run
        self._memory = Memory(cfg.cache_mb << 20)
        self._disk = Disk(Path(cfg.cache).expanduser(), cfg.cache_disk_mb << 20) if cfg.cache else None

    def get(self, request: bytes) -> bytes | None:
        """The answer to this request, None if it is not known."""
        key = self._key(request)
        value = self._memory.get(key)
        if value is None and self._disk is not None and (value := self._disk.get(key)) is not None:
            self._memory.put(key, value)
        self.hits += value is not None
        return value

    def ask(self, request: bytes) -> bool:
        """It will be run; False if the same is under way."""
        key = self._key(request)
        new = key not in self._asked
        self._asked.add(key)
        return new

    def drop(self, request: bytes) -> None:
        """No answer is awaited any more."""
        self._asked.discard(self._key(request))

    def put(self, request: bytes, answer: bytes, status: str, reached: Mapping[str, Any]) -> None:
        """Keep the answer to what was asked, if it is one that holds for the next time."""
        key = self._key(request)
        if key not in self._asked:
            return
        self._asked.discard(key)
        if status in UNSURE or any(reached.get(k) != self.reached.get(k) for k in REACHED):
            return
        self._memory.put(key, answer)
        if self._disk is not None:
            self._disk.put(key, answer)

    def close(self) -> None:
        """Write what is still to be written; the cache may be used again."""
        self._asked.clear()
        if self._disk is not None:
            self._disk.close()

    @property
    def problem(self) -> str:
        """Why the disk is not used, or nothing."""
        return self._disk.problem if self._disk is not None else ""

    def _key(self, request: bytes) -> bytes:
        return hashlib.sha256(self._setting + request).digest()


class Memory:
    """The most recently used answers, up to a number of bytes."""

    def __init__(self, most: int):
        self.most, self.used = most, 0
        self._rows: OrderedDict[bytes, bytes] = OrderedDict()

    def get(self, key: bytes) -> bytes | None:
        value = self._rows.get(key)
        if value is not None:
            self._rows.move_to_end(key)
        return value

    def put(self, key: bytes, value: bytes) -> None:
        if len(value) + _COST > self.most:
            return
        self.used += len(value) + _COST - (len(old) + _COST if (old := self._rows.pop(key, None)) is not None else 0)
        self._rows[key] = value
        while self.used > self.most:
            self.used -= len(self._rows.popitem(last=False)[1]) + _COST

    def __len__(self) -> int:
        return len(self._rows)
