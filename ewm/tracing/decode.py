"""The child's record -> Trace: full states from changes, an honest status from how the child ended.

A record that no run can leave is `tampered`: one that cannot be read, holds other types than the schema's, lines that
the source does not have, or frames that do not nest. Whether successive lines are possible is `verify`'s to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from ewm.programs import Program
from ewm.tracing.assign import STATUS
from ewm.tracing.events import Event, Kind, Status, Trace

EXITED, SIGNALED, CPU, WALL, WROTE = range(5)  # how a child ended, as in zygote.py
_KINDS: dict[int, Kind] = {0: "call", 1: "line", 2: "return", 3: "yield", 4: "exception"}
# what a child says of itself
_ENDS = frozenset(get_args(Status)) - {"timeout", "killed", "exited_without_result"} | {STATUS}
_WHOLE = frozenset(("ok", "exception", "exit"))  # every frame was left
_new = object.__new__
_BAD = (ValueError, TypeError, IndexError, KeyError, AttributeError, RecursionError)


class Impossible(ValueError):
    """No run leaves this record."""


def decode(
    program: Program, payload: bytes, how: int, code: int, wall_s: float, cpu_s: float, greeting: Mapping[str, Any]
) -> Trace:
    """A Trace from one answer of a zygote."""
    about = {
        "id": program.id,
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "python": greeting["python"],
        "isolation": greeting["isolation"],
    }
    try:
        rows = json.loads(b"[" + payload[:-1] + b"]")
        end = rows.pop() if rows and rows[-1][0] == "end" else None
        stdout = "".join([row[1] for row in rows if row[0] == "out"])
        source = program.source
        lines = 1 + source.count("\n") + source.count("\r")
        events, depth = _events([row for row in rows if row[0] != "out"], lines, program.entry is not None)
        if end is None:
            status, signal = _cut(how, code)
            return Trace(status=status, signal=signal, events=events, stdout=stdout, partial=True, **about)
        _, status, exception, result, truncated = end
        _check_end(status, exception, result, truncated)
        if status in _WHOLE and events and depth != (-1 if program.entry is None else 0):
            raise Impossible("frames were left open")
        if how == WROTE:
            status, said = "policy", {"type": "policy", "message": "a standard stream by its descriptor"}
            exception = exception or said
    except _BAD:
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


def _check_end(status: Any, exception: Any, result: Any, truncated: Any) -> None:
    if status not in _ENDS or type(truncated) is not bool or not (result is None or type(result) is str):
        raise Impossible("an end that no run has")
    if exception is not None:
        _check_error(exception)


def _check_error(value: Any) -> None:
    if type(value) is not dict or value.keys() != {"type", "message"} or set(map(type, value.values())) != {str}:
        raise Impossible("an exception that is none")


def _events(rows: list[list[Any]], lines: int, called: bool) -> tuple[tuple[Event, ...], int]:
    """The events, and the depth after the last one."""
    states: dict[int, dict[str, str]] = {0: {}}
    nothing: dict[str, str] = {}
    events = []
    now = 0  # depth of the running frame
    numbers = range(lines + 1)  # a line by its number, or an error
    "".join([row[2] for row in rows])
    for kind, line, function, depth, number, changed, gone, outer, value, unwound in rows:
        state = states.get(number, nothing)
        if changed or gone:
            if changed:
                "".join(changed.values())  # texts, or a TypeError
                state = {**state, **changed}
            else:
                state = dict(state)
            for name in gone or ():
                state.pop(name, None)
            states[number] = state
        if outer:
            "".join(outer.values())
            states[0] = {k: v for k, v in {**states[0], **outer}.items() if v}
        if kind < 2:
            now += kind == 0
            value = None
        elif kind == 4:
            _check_error(value)
        elif type(value) is not str:
            raise Impossible("a value that is none")
        if depth != now or line < 1:
            raise Impossible("frames that do not nest, or no line")
        event = _new(Event)  # by its dict: a frozen dataclass sets field by field
        event.__dict__.update(
            kind=_KINDS[kind], line=numbers[line], function=function, depth=now, locals=state,
            globals=outer or nothing, value=value, unwound=bool(unwound),
        )  # fmt: skip
        events.append(event)
        if kind == 2 or kind == 3 or unwound:
            now = now - 1 if now or not called else 0  # the entry call stands at depth 1
            if number and kind != 3:
                states.pop(number, None)
    return tuple(events), now
