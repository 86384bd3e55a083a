"""Where the run of a buggy program parts from that of its mended twin: what task localise asks for.

State is the variables of the frame, what is returned, yielded or raised, and where the run goes next: a wrong condition
departs at its own line, when another line follows. A line is told in the buggy program's numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ewm.tracing.events import Event, Trace


@dataclass(frozen=True)
class Departure:
    """`event`: index of the first event of the buggy run that is another; `line`: the line that made it so."""

    line: int
    kind: Literal["state", "path", "value"]
    event: int


def first_departure(buggy: Trace, mended: Trace, lines: Mapping[int, int]) -> Departure | None:
    """`lines`: line of the buggy program -> line of the mended one (`text.matching_lines`). None if the runs are alike.

    Lines that only one of them has are passed over: the state that they leave is compared at the next common line. If
    it lacks what a missing line would have done, the departure is at that next line.
    """
    here, there = _Side(buggy.events, frozenset(lines)), _Side(mended.events, frozenset(lines.values()))
    while True:
        one, other = here.next(), there.next()
        if one is None and other is None:
            return None
        if one is None or other is None:
            index = min(here.index, len(buggy.events) - 1)
            return Departure(here.under_way or 1, "path", max(0, index))
        lacking = there.passed and not here.passed
        before = one.line if lacking or not here.under_way else here.under_way
        if _differs(one, other, lines):
            return Departure(before, "path", here.index)
        if (one.locals, one.globals) != (other.locals, other.globals):
            return Departure(before, "state", here.index)
        if one.value != other.value:
            return Departure(one.line, "value", here.index)
        here.enter(one)
        there.enter(other)


def _differs(one: Event, other: Event, lines: Mapping[int, int]) -> bool:
    """Another kind of event, in another frame or on another line. Where only one has the line, a closing event may
    stand anywhere."""
    if (one.kind, one.function, one.depth, one.unwound) != (other.kind, other.function, other.depth, other.unwound):
        return True
    closing = one.kind == "return"
    known = one.line in lines and other.line in lines.values()
    return lines.get(one.line) != other.line and (known or not closing)


class _Side:
    """The events of one run without those of lines that the other has not; with the lines under way, by depth."""

    def __init__(self, events: Sequence[Event], common: frozenset[int]) -> None:
        self.events, self._known = events, common | {-1}
        self.index = -1
        self.passed = False
        self.under_way = 0  # line that the next event completes or calls from
        self._lines: dict[int, int] = {}

    def next(self) -> Event | None:
        """The next event to compare."""
        self.passed = False
        for self.index in range(self.index + 1, len(self.events)):  # noqa: B020
            event = self.events[self.index]
            self.under_way = self._lines.get(event.depth - (event.kind == "call"), 0)
            if any(self._lines.get(depth, -1) not in self._known for depth in range(event.depth)):
                self.passed = True  # called from a line that is passed over
            elif event.kind == "line" and event.line not in self._known:
                self.passed = True
                self._lines[event.depth] = event.line
            else:
                return event
        self.index = len(self.events)
        return None

    def enter(self, event: Event) -> None:
        if event.kind in ("return", "yield") or event.unwound:
            self._lines.pop(event.depth, None)
        else:
            self._lines[event.depth] = event.line
