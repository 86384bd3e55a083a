"""The trace schema, one for every Python version and every backend: Trace and Event, versioned, with load and save.

`locals` is the full state of the frame *before* the line runs (what sys.settrace sees); a closing event always
follows, so the last assignment is never lost. Values are literal text, see `snapshot`.

A file has one JSON object each line: full (`to_json`), or with changes only (`to_compact`). A compact event holds
`changed` and `gone` instead of `locals`, against the last event at its depth, against nothing at a call; a `kind` of
line, the depth of the event before and the function last seen at that depth are left out. Both forms read back to the
same Trace, key order included.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

SCHEMA = 1

Kind = Literal["call", "line", "return", "yield", "exception"]
Status = Literal[
    "ok", "exception", "syntax_error", "exit", "timeout", "event_limit", "output_limit", "memory",
    "killed", "policy", "tampered", "trace_lost", "exited_without_result",
]  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One event. `value`: literal text of what was returned or yielded; {"type", "message"} for an exception."""

    kind: Kind
    line: int
    function: str
    depth: int  # 0 is the module body; the entry call's frame is 1
    locals: dict[str, str]
    globals: dict[str, str] = field(default_factory=dict)  # module variables changed since the last event
    value: str | dict[str, str] | None = None
    unwound: bool = False  # an exception that leaves this frame


@dataclass(frozen=True)
class Trace:
    """What one program did. `truncated` is true when a cap cut the events, a value or the output."""

    id: str
    status: Status
    events: tuple[Event, ...] = ()
    exception: dict[str, str] | None = None  # {"type", "message"}
    result: str | None = None  # the entry call's value as literal text
    stdout: str = ""
    truncated: bool = False
    partial: bool = False  # committed before a kill
    signal: int | None = None
    python: str = ""
    isolation: str = "L0"
    integrity: str = "same-process"
    deterministic: bool | None = None  # None: not checked
    wall_s: float = 0.0
    cpu_s: float = 0.0
    schema: int = SCHEMA

    @property
    def finished(self) -> bool:
        """The program ran to its end, normally or by an exception, and nothing was cut."""
        return self.status in ("ok", "exception") and not self.truncated and not self.partial

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "events": [dict(vars(e)) for e in self.events]}

    def to_compact(self) -> dict[str, Any]:
        """As `to_json`, with changes only."""
        return {**vars(self), "events": list(_shortened(self.events)), "compact": True}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Trace:
        """From either form."""
        if row.get("schema", SCHEMA) != SCHEMA:
            raise ValueError(f"trace schema {row['schema']} is not supported here (this version reads {SCHEMA})")
        known = {k: v for k, v in row.items() if k in cls.__dataclass_fields__}
        return cls(**{**known, "events": tuple(_restored(row.get("events", ())))})


def load(path: str | Path) -> Iterator[Trace]:
    """The traces of a file, one a line, full or compact, .gz or not. ValueError names the line that is none."""
    opened = gzip.open(path, "rt", encoding="utf-8") if str(path).endswith(".gz") else open(path, encoding="utf-8")
    with opened as lines:
        for number, line in enumerate(lines, 1):
            try:
                if line.strip():
                    yield Trace.from_json(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise ValueError(f"{path}:{number}: not a trace: {error}") from error


def _shortened(events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    last: dict[int, Event] = {}
    depth = None
    for event in events:
        known = last.get(event.depth)
        before = known.locals if known and event.kind != "call" else {}
        last[event.depth] = event
        row: dict[str, Any] = {"line": event.line}
        row |= {"kind": event.kind} if event.kind != "line" else {}
        row |= {"depth": event.depth} if event.depth != depth else {}
        row |= {"function": event.function} if known is None or known.function != event.function else {}
        depth = event.depth
        if event.locals is not before:
            changed = {k: v for k, v in event.locals.items() if before.get(k) != v}
            gone = [k for k in before if k not in event.locals]
            if list(_patched(before, changed, gone)) == list(event.locals):
                row |= {"changed": changed} if changed else {}
                row |= {"gone": gone} if gone else {}
            else:  # a name that came back stands elsewhere
                row["locals"] = event.locals
        row |= {"globals": event.globals} if event.globals else {}
        row |= {"value": event.value} if event.value is not None else {}
        row |= {"unwound": True} if event.unwound else {}
        yield row


def _restored(rows: Iterable[dict[str, Any]]) -> Iterator[Event]:
    last: dict[int, Event] = {}
    depth = None
    for row in rows:
        kind = row.get("kind", "line")
        depth = row.get("depth", depth)
        known = last.get(depth)  # type: ignore[arg-type]
        function = row["function"] if known is None else row.get("function", known.function)
        if (state := row.get("locals")) is None:
            state = known.locals if known and kind != "call" else {}
            if "changed" in row or "gone" in row:
                state = _patched(state, row.get("changed", {}), row.get("gone", ()))
        rest = {k: row[k] for k in ("globals", "value", "unwound") if k in row}
        event = last[depth] = Event(kind, row["line"], function, depth, state, **rest)  # type: ignore[index, arg-type]
        yield event


def _patched(before: dict[str, str], changed: dict[str, str], gone: Iterable[str]) -> dict[str, str]:
    after = {**before, **changed}
    for name in gone:
        del after[name]
    return after
