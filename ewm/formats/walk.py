"""Events of a trace -> steps in order of completion. Formats that show changes of state build on this.

A line's step is written when the next event of its frame shows what it changed. One step each: entering a frame
("call", with its arguments), a yield, an exception at a line that its frame goes on after ("raise"), one that leaves
the frame ("unwind"). The line that returns, raises or unwinds is one step with it; only a line that had changed
something before an implicit `return None` or an exception stands alone before it. A resumed generator is a "call"
without arguments, followed by the step of the line that it goes on with, which also tells what the line had changed
before it yielded. The module's own call and return are no steps. Functions, classes and modules are no values: they are
never written. Other opaque values are (and make a truth incomplete).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from ewm.formats.prediction import Step
from ewm.tracing.events import Event, Trace

_NO_VALUE = re.compile(  # functions, also bound and wrapped ones, classes, modules
    r"<(?:(?:function|class|module) .*|module|_lru_cache_wrapper|method|builtin_method|method-wrapper|method_descriptor"
    r"|wrapper_descriptor|classmethod_descriptor|staticmethod|classmethod|property)>"
)

LEAVES = ("return", "yield", "unwind")  # what a frame ends with, at least for now


@dataclass
class _Frame:
    function: str
    depth: int
    shown: dict[str, str]  # locals as far as steps have told them
    pending: int | None = None  # line that has begun and not completed
    globals: dict[str, str] = field(default_factory=dict)


def steps_of(trace: Trace) -> tuple[Step, ...]:
    """Every step of the trace; depths are derived as a parser derives them."""
    walk = _Walk()
    for event in trace.events:
        walk.take(event)
    walk.close()
    return with_depths(walk.steps)


def with_depths(steps: list[Step]) -> tuple[Step, ...]:
    """Depth from call, return, yield and unwind: 0 is the module body, an entered frame is one deeper."""
    depth, out = 0, []
    for step in steps:
        depth += step.kind == "call"
        out.append(step if step.depth == depth else Step(step.kind, step.line, depth, step.writes, step.value))
        if step.kind in LEAVES:
            depth = max(0, depth - 1)
    return tuple(out)


class _Walk:
    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.stack: list[_Frame] = []
        self.suspended: list[_Frame] = []

    def take(self, event: Event) -> None:
        if event.globals and self.stack and self.stack[-1].depth > 0:
            self.stack[-1].globals.update(values(event.globals))
        if event.kind == "call":
            self._call(event)
            return
        frame = self._frame(event)
        getattr(self, "_" + event.kind)(frame, event)

    def close(self) -> None:
        """Lines still open when the events end (a trace that was cut) are written without changes."""
        while self.stack:
            frame = self.stack.pop()
            if frame.pending is not None:
                self._add("line", frame.pending)

    def _add(self, kind: str, line: int, writes: tuple[tuple[str, str], ...] = (), value: str | None = None) -> None:
        self.steps.append(Step(kind, line, 0, writes, value))  # type: ignore[arg-type]

    def _call(self, event: Event) -> None:
        now = values(event.locals)
        resumed = self._resumed(event)
        if resumed:
            self.suspended.remove(resumed)
            resumed.depth, resumed.pending = event.depth, event.line
            self.stack.append(resumed)
            self._add("call", event.line)
            return
        self.stack.append(_Frame(event.function, event.depth, now))
        if event.depth > 0:
            self._add("call", event.line, tuple(now.items()))

    def _resumed(self, event: Event) -> _Frame | None:
        """The suspended generator frame that this event goes on with."""
        same = [f for f in self.suspended if f.function == event.function]
        if event.kind == "call":
            same = [f for f in same if f.pending == event.line]
        alike = [f for f in same if f.shown == values(event.locals)]
        return (alike or same)[-1] if same else None

    def _frame(self, event: Event) -> _Frame:
        while self.stack and self.stack[-1].depth > event.depth:
            self.stack.pop()
        if not self.stack or self.stack[-1].depth < event.depth:  # a generator that is thrown into, or closed
            self._call(replace(event, kind="call"))
        return self.stack[-1]

    def _complete(self, frame: _Frame, event: Event) -> None:
        now = values(event.locals)
        if frame.pending is not None:
            self._add("line", frame.pending, _changes(frame, now))
            frame.shown, frame.pending, frame.globals = now, None, {}

    def _line(self, frame: _Frame, event: Event) -> None:
        self._complete(frame, event)
        frame.pending = event.line

    def _settle(self, frame: _Frame, event: Event, silent: bool) -> None:
        """Writes the line under way as a step of its own, unless it is the one that `event` tells about."""
        if frame.pending != event.line or (not silent and _changes(frame, values(event.locals))):
            self._complete(frame, event)
        frame.pending = None

    def _return(self, frame: _Frame, event: Event) -> None:
        if frame.depth == 0:
            self._complete(frame, event)
        else:
            self._settle(frame, event, silent=event.value != "None")
            self._add("return", event.line, (), value_of(event))
        self.stack.pop()

    def _yield(self, frame: _Frame, event: Event) -> None:
        if frame.pending != event.line:
            self._complete(frame, event)
        frame.pending = event.line
        self._add("yield", event.line, (), value_of(event))
        self.suspended.append(self.stack.pop())

    def _exception(self, frame: _Frame, event: Event) -> None:
        name = event.value["type"] if isinstance(event.value, dict) else "Exception"
        self._settle(frame, event, silent=False)
        self._add("unwind" if event.unwound else "raise", event.line, (), name)
        if event.unwound:
            self.stack.pop()


def values(shown: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in shown.items() if value[:1] != "<" or not _NO_VALUE.fullmatch(value)}


def value_of(event: Event) -> str | None:
    """What was returned or yielded, unless it is no value."""
    return event.value if isinstance(event.value, str) and not _NO_VALUE.fullmatch(event.value) else None


def _changes(frame: _Frame, now: dict[str, str]) -> tuple[tuple[str, str], ...]:
    before = frame.shown
    changed = [(name, value) for name, value in now.items() if before.get(name) != value]
    gone = [(name, "") for name in before if name not in now]
    return (*changed, *gone, *((f"global {name}", value) for name, value in frame.globals.items()))
