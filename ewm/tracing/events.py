"""The trace schema, one for every Python version and every backend: Trace and Event, versioned, with load and save.

`locals` is the full state of the frame *before* the line runs (what sys.settrace sees); a closing event always
follows, so the last assignment is never lost. Values are literal text, see `snapshot`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Trace:
        if row.get("schema", SCHEMA) != SCHEMA:
            raise ValueError(f"trace schema {row['schema']} is not supported here (this version reads {SCHEMA})")
        known = {k: v for k, v in row.items() if k in cls.__dataclass_fields__}
        return cls(**{**known, "events": tuple(Event(**e) for e in row.get("events", ()))})
