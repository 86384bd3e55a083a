"""Assignments made in a program while it runs, for a debugger: (event, name, literal).

`event` counts the events of the trace from 0; the assignment is made before that event's line runs, so the event
shows the new value already. It must be a call or a line: after any other event nothing runs in that frame. `name` is a
variable of the frame, arguments, closures and locals without a value yet included, or else a global that exists.
`literal` is data. EditError, a ValueError, for an edit that cannot be made: before the run where it can be known, else
after it. What comes after an edit need not be possible in the program as written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ewm.programs import Program
from ewm.tracing.assign import STATUS
from ewm.tracing.events import Trace

MOST, MOST_CHARACTERS = 1000, 10_000
Edit = tuple[int, str, str]


class EditError(ValueError):
    """An edit that cannot be made."""


@dataclass(frozen=True)
class Edited:
    """A program with the edits of one run. EditError if one of them could be made in no program."""

    program: Program
    edits: tuple[Edit, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "edits", parse(self.edits))

    def checked(self, trace: Trace) -> Trace:
        """The trace of that run, if every edit was made in it."""
        if trace.status == STATUS:
            raise EditError(f"edits: {(trace.exception or {}).get('message')}")
        for event, name, _ in self.edits:
            if event < len(trace.events):
                kind = trace.events[event].kind
                if kind not in ("call", "line"):
                    raise EditError(f"edits: {name} at event {event}, a {kind}: no line runs after it.")
            elif trace.status in ("ok", "exception", "exit", "syntax_error"):
                raise EditError(f"edits: {name} at event {event}, but there are {len(trace.events)} events.")
        return trace


def parse(rows: Iterable[Any]) -> tuple[Edit, ...]:
    """Checked edits in the order of their events, from what JSON gives too."""
    if not isinstance(rows, list | tuple):
        raise EditError("edits: wants a list of [event, name, literal].")
    if len(rows) > MOST:
        raise EditError(f"edits: at most {MOST}, not {len(rows)}.")
    found = []
    for row in rows:
        if not isinstance(row, list | tuple) or len(row) != 3:
            raise EditError(f"edits: {str(row)[:80]} is not [event, name, literal].")
        event, name, text = row
        if type(event) is not int or event < 0:
            raise EditError(f"edits: {str(event)[:80]} is not the number of an event; the first is 0.")
        if type(name) is not str or not name.isidentifier() or name[:2] == "__" == name[-2:]:
            raise EditError(f"edits: {str(name)[:80]} is not the name of a variable.")
        if type(text) is not str or len(text) > MOST_CHARACTERS or not _literal(text):
            raise EditError(f"edits: {name}={str(text)[:80]}: wants a literal of at most {MOST_CHARACTERS} characters.")
        found.append((event, name, text))
    return tuple(sorted(found, key=lambda edit: edit[0]))


def _literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return False
    return True
