"""The shared memory between a zygote and its child: a table of the programs of one fork, then their records.

A record is a sequence of JSON texts, each followed by a comma; it is committed by writing its length into the table, so
that a kill keeps what was there. Not pickle: the program could write here.
"""

from __future__ import annotations

import struct
from _json import encode_basestring_ascii, make_encoder  # type: ignore[attr-defined]
from _thread import RLock
from collections.abc import Callable
from typing import Any

SIZE = 16 << 20  # bytes; pages are only used when written
SLOTS = 32  # programs of one fork at most
WAITING, RUNNING, DONE, ALONE = range(4)  # ALONE: not here, give it a fork of its own
_ROW = struct.Struct("<IIIxxxxdd")  # start, used, state, wall seconds, CPU seconds
TABLE = SLOTS * _ROW.size
RESERVE = 64 << 10  # for the closing text


class Record:
    """The child's side for one program: appends JSON."""

    def __init__(self, memory: Any, slot: int, full: Callable[[], None]):
        self.memory, self.slot, self.full = memory, slot, full
        before = _ROW.unpack_from(memory, (slot - 1) * _ROW.size) if slot else (TABLE, 0)
        self.start = self.used = before[0] + before[1]
        self.room = len(memory) - RESERVE
        self.encode: Any = make_encoder(None, str, encode_basestring_ascii, None, ":", ",", False, False, True)
        self.at = slot * _ROW.size
        self.lock = RLock()  # the program's threads print
        _ROW.pack_into(memory, self.at, self.start, 0, RUNNING, 0.0, 0.0)

    def put(self, row: list[Any]) -> None:
        """Append and commit; `full` is called instead when there is no room, and must not return."""
        self._write("".join(self.encode(row, 0)).encode("ascii") + b",", self.room)

    def _write(self, data: bytes, room: int) -> None:
        if self.used + len(data) > room:
            self.full()
        with self.lock:
            start, end = self.used, self.used + len(data)
            self.memory[start:end] = data
            self.used = end
            self.memory[self.at + 4 : self.at + 8] = (end - self.start).to_bytes(4, "little")

    def close(self, row: list[Any], wall_s: float, cpu_s: float) -> None:
        """The closing text; the program is done."""
        self.lock.acquire()  # for good: no thread writes after the end
        self._write("".join(self.encode(row, 0)).encode("ascii") + b",", self.room + RESERVE)
        _ROW.pack_into(self.memory, self.at, self.start, self.used - self.start, DONE, wall_s, cpu_s)

    def give_up(self) -> None:
        """This program needs a fork of its own."""
        _ROW.pack_into(self.memory, self.at, self.start, 0, ALONE, 0.0, 0.0)


def clear(memory: Any, slots: int) -> None:
    """Before a fork: nothing has begun."""
    memory[0 : slots * _ROW.size] = bytes(slots * _ROW.size)


def read(memory: Any, slot: int) -> tuple[int, bytes, float, float]:
    """(state, committed bytes, wall seconds, CPU seconds) of one program."""
    start, used, state, wall_s, cpu_s = _ROW.unpack_from(memory, slot * _ROW.size)
    start, used = min(start, SIZE), min(used, SIZE)
    return state, memory[start : start + used], wall_s, cpu_s
