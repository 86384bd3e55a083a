"""The shared memory between a zygote and its child: a table of the programs of one fork, then their records.

A record is a sequence of JSON texts, each followed by a comma; it is committed by writing its length into the table, so
that a kill keeps what was there. Not pickle: the program could write here.
"""

from __future__ import annotations

import struct
from _json import encode_basestring_ascii as _quoted  # type: ignore[attr-defined]
from _json import make_encoder
from _thread import RLock
from collections.abc import Callable
from typing import Any

SIZE = 16 << 20  # bytes; pages are only used when written
SLOTS = 32  # programs of one fork at most
# ALONE: not here, give it a fork of its own; SETTLE: and addresses that do not depend on what was before
WAITING, RUNNING, DONE, ALONE, SETTLE = range(5)
ADDRESS = b" at 0x"  # of an object, as repr writes it
_ROW = struct.Struct("<IIIxxxxdd")  # start, used, state, wall seconds, CPU seconds
_USED = struct.Struct("<I").pack_into
TABLE = SLOTS * _ROW.size
RESERVE = 64 << 10  # for the closing text


class Record:
    """The child's side: appends JSON, for one program after the other."""

    def __init__(self, memory: Any, full: Callable[[], None]):
        self.memory, self.full = memory, full
        self.lock = RLock()
        self.start = self.used = self.at = self.most_events = self.events_left = 0
        self.room = len(memory) - RESERVE
        self.encode: Any = make_encoder(None, str, _quoted, None, ":", ",", False, False, True)

    def begin(self, slot: int, most_events: int) -> None:
        """The program of this slot, after those before it."""
        self.most_events = self.events_left = most_events
        self.lock = RLock()  # the program's threads print; the one before stays closed
        before = _ROW.unpack_from(self.memory, (slot - 1) * _ROW.size) if slot else (TABLE, 0)
        self.start = self.used = before[0] + before[1]
        self.at = slot * _ROW.size
        _ROW.pack_into(self.memory, self.at, self.start, 0, RUNNING, 0.0, 0.0)

    def events(self) -> int:
        """How many events this program has so far."""
        return self.most_events - self.events_left

    def put(self, row: list[Any]) -> None:
        """Append and commit; `full` is called instead when there is no room, and does not return."""
        self._write("".join(self.encode(row, 0)).encode("ascii") + b",", self.room)

    def event(self, row: list[Any]) -> None:
        """`put` for the rows of a trace: most hold a few changed names and nothing else. In one piece, for speed."""
        if self.events_left <= 0:
            self.full()
        self.events_left -= 1
        kind, line, name, depth, number, changed, gone, outer, value, unwound = row
        if gone or outer or unwound or type(value) is dict:
            data = "".join(self.encode(row, 0)).encode("ascii") + b","
        else:
            text = "{" + ",".join([f"{_quoted(k)}:{_quoted(v)}" for k, v in changed.items()]) + "}" if changed else "0"
            shown = _quoted(value) if value else "0"
            data = f"[{kind},{line},{_quoted(name)},{depth},{number},{text},0,0,{shown},0],".encode("ascii")
        with self.lock:
            start = self.used
            end = start + len(data)
            if end > self.room:
                self.full()
            self.memory[start:end] = data
            self.used = end
            _USED(self.memory, self.at + 4, end - self.start)

    def _write(self, data: bytes, room: int) -> None:
        if self.used + len(data) > room:
            self.full()
        with self.lock:
            start, end = self.used, self.used + len(data)
            self.memory[start:end] = data
            self.used = end
            _USED(self.memory, self.at + 4, end - self.start)

    def close(self, row: list[Any], wall_s: float, cpu_s: float) -> None:
        """The closing text; the program is done."""
        self.lock.acquire()  # for good: no thread writes after the end
        self._write("".join(self.encode(row, 0)).encode("ascii") + b",", self.room + RESERVE)
        _ROW.pack_into(self.memory, self.at, self.start, self.used - self.start, DONE, wall_s, cpu_s)

    def give_up(self, state: int = ALONE) -> None:
        """This program needs a fork of its own."""
        _ROW.pack_into(self.memory, self.at, self.start, 0, state, 0.0, 0.0)

    def give_up_after_first(self, slots: int) -> None:
        """All programs of this fork but the first one need a fork of their own."""
        for slot in range(1, slots):
            _ROW.pack_into(self.memory, slot * _ROW.size, 0, 0, ALONE, 0.0, 0.0)

    def shows_address(self) -> bool:
        """Does what was written hold the address of an object, in text?"""
        return self.memory.find(ADDRESS, self.start, self.used) >= 0


def clear(memory: Any, slots: int) -> None:
    """Before a fork: nothing has begun."""
    memory[0 : slots * _ROW.size] = bytes(slots * _ROW.size)


def read(memory: Any, slot: int) -> tuple[int, bytes, float, float]:
    """(state, committed bytes, wall seconds, CPU seconds) of one program."""
    start, used, state, wall_s, cpu_s = _ROW.unpack_from(memory, slot * _ROW.size)
    start, used = min(start, SIZE), min(used, SIZE)
    return state, memory[start : start + used], wall_s, cpu_s
