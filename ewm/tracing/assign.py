"""The child's side of edits: assignments in the frame that is running, before the line of a given event.

A tracer calls `at(frame)` before it records a call or a line, so that this event shows the new value. Literals are
data, read by ast.literal_eval. An edit without a variable to set ends the run with STATUS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

STATUS = "edit"  # of a run that ended because of one: never that of a trace
OPTIMIZED = 1  # inspect.CO_OPTIMIZED: a function, whose locals are not a dictionary


class Assignments:
    """The edits that are still to come."""

    def __init__(self, rows: list[Any], count: Callable[[], int], stop: Callable[[str, str], None]):
        from ast import literal_eval  # here only: other programs go without it

        self._waiting = [(event, name, literal_eval(text)) for event, name, text in rows]
        self._count, self._stop = count, stop

    def at(self, frame: Any) -> Any:
        """The frame's locals if one of them was set: to read f_locals again would undo it, before 3.13."""
        now, names = self._count(), None
        while self._waiting and self._waiting[0][0] <= now:
            event, name, value = self._waiting.pop(0)
            if event == now:
                seen, names = assign(frame, name, value, names)
                if not seen:
                    self._stop(STATUS, f"{name} at event {event}: {frame.f_code.co_name} sees no such variable.")
        return names


def assign(frame: Any, name: str, value: Any, names: Any) -> tuple[bool, Any]:
    """Set a variable that the frame can see: (is there one, the locals of a function in which it is).

    Before 3.13 f_locals of a function is a copy; Python takes it over when the trace function has returned.
    """
    code = frame.f_code
    if code.co_flags & OPTIMIZED and name in (*code.co_varnames, *code.co_cellvars, *code.co_freevars):
        names = frame.f_locals if names is None else names
        names[name] = value
    elif not code.co_flags & OPTIMIZED and name in frame.f_locals:
        frame.f_locals[name] = value
    elif name in frame.f_globals:
        frame.f_globals[name] = value
    else:
        return False, names
    return True, names
