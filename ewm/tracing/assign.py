"""The child's side of edits: assignments in the frame that is running, before the line of a given event.

A tracer calls `at(frame)` before it records a call or a line, so that this event shows the new value. Literals are
data, read by ast.literal_eval. An edit without a variable to set ends the run with STATUS.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

STATUS = "edit"  # of a run that ended because of one: never that of a trace
OPTIMIZED = 1  # inspect.CO_OPTIMIZED: a function, whose locals are not a dictionary
# until 3.12 f_locals of a function is a copy
_write_back: Any = ctypes.pythonapi.PyFrame_LocalsToFast if sys.version_info < (3, 13) else None


class Assignments:
    """The edits that are still to come."""

    def __init__(self, rows: list[Any], count: Callable[[], int], stop: Callable[[str, str], None]):
        from ast import literal_eval  # here only: other programs go without it

        self._waiting = [(event, name, literal_eval(text)) for event, name, text in rows]
        self._count, self._stop = count, stop

    def at(self, frame: Any) -> None:
        now = self._count()
        while self._waiting and self._waiting[0][0] <= now:
            event, name, value = self._waiting.pop(0)
            if event == now and not assign(frame, name, value):
                self._stop(STATUS, f"{name} at event {event}: {frame.f_code.co_name} sees no such variable.")


def assign(frame: Any, name: str, value: Any) -> bool:
    """Set a variable that the frame can see; false if there is none."""
    code = frame.f_code
    if code.co_flags & OPTIMIZED and name in (*code.co_varnames, *code.co_cellvars, *code.co_freevars):
        frame.f_locals[name] = value
        if _write_back is not None:
            _write_back(ctypes.py_object(frame), ctypes.c_int(0))
    elif not code.co_flags & OPTIMIZED and name in frame.f_locals:
        frame.f_locals[name] = value
    elif name in frame.f_globals:
        frame.f_globals[name] = value
    else:
        return False
    return True
