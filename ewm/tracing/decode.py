"""The child's record -> Trace: full states from changes, an honest status from how the child ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ewm.tracing.events import Event, Kind, Status, Trace

EXITED, SIGNALED, CPU, WALL, WROTE = range(5)  # how a child ended, as in zygote.py
_new = object.__new__
_KINDS: tuple[Kind, ...] = ("call", "line", "return", "yield", "exception")


def decode(
    id: str, payload: bytes, how: int, code: int, wall_s: float, cpu_s: float, greeting: Mapping[str, Any]
) -> Trace:
    """A Trace from one answer of a zygote. A record that cannot be read was tampered with."""
    about = {
        "id": id,
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "python": greeting["python"],
        "isolation": greeting["isolation"],
    }
    try:
        rows = json.loads(b"[" + payload[:-1] + b"]")
        end = rows.pop() if rows and rows[-1][0] == "end" else None
        stdout = "".join([row[1] for row in rows if row[0] == "out"])
        events = _events([row for row in rows if row[0] != "out"])
        if end is None:
            status, signal = _cut(how, code)
            return Trace(status=status, signal=signal, events=events, stdout=stdout, partial=True, **about)
        _, status, exception, result, truncated = end
        if how == WROTE:
            status, exception = "policy", exception or {"type": "policy", "message": "output by descriptor"}
    except (ValueError, TypeError, IndexError, KeyError, AttributeError):
        return Trace(status="tampered", partial=True, **about)
    return Trace(
        status=status, events=events, exception=exception, result=result, stdout=stdout, truncated=truncated, **about
    )


def _cut(how: int, code: int) -> tuple[Status, int | None]:
    if how in (CPU, WALL):
        return "timeout", None
    if how == SIGNALED:
        return "killed", code
    return "exited_without_result", None


def _events(rows: list[list[Any]]) -> tuple[Event, ...]:
    states: dict[int, dict[str, str]] = {0: {}}
    nothing: dict[str, str] = {}
    events = []
    for kind, line, function, depth, number, changed, gone, outer, value, unwound in rows:
        state = states.get(number, nothing)
        if changed or gone:
            state = {**state, **changed} if changed else dict(state)
            for name in gone or ():
                state.pop(name, None)
            states[number] = state
        if outer:
            states[0] = {k: v for k, v in {**states[0], **outer}.items() if v}
        event = _new(Event)  # by its dict: a frozen dataclass sets field by field
        event.__dict__.update(
            kind=_KINDS[kind], line=line, function=function, depth=depth, locals=state,
            globals=outer or nothing, value=value or None, unwound=bool(unwound),
        )  # fmt: skip
        events.append(event)
        if number and (kind == 2 or (kind == 4 and unwound)):
            states.pop(number, None)
    return tuple(events)
