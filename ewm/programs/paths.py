"""Can a run of the program take these steps? The control flow of `flow`, followed event by event.

Events are anything with kind, line, function, depth and unwound, as a trace has them. Frames are not numbered: a
suspended one is known again by its function and line, and where two readings are possible both are kept. Nothing is
said about values.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

from ewm.programs.flow import EXIT, Frame, Lines, flow


class Step(Protocol):
    """What a check needs of an event."""

    @property
    def kind(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def function(self) -> str: ...
    @property
    def depth(self) -> int: ...
    @property
    def unwound(self) -> bool: ...


class _Open:
    """A frame that runs: the readings of what it is, each with the lines that may follow."""

    def __init__(self, function: str, line: int, readings: list[tuple[Frame, Lines]]) -> None:
        self.function, self.line, self.readings = function, line, readings
        self.left: set[int] = set()  # lines before the heads of `with` that came again just now


frames_of = lru_cache(maxsize=64)(flow)


def impossible(source: str, steps: Iterable[Step], whole: bool = True) -> list[str]:
    """Problems, in words, up to the first that leaves no way on; `whole`: the run came to its end."""
    try:
        frames = frames_of(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ["a program that does not parse took steps"] if list(steps) else []
    path = _Path(frames, len(source.splitlines()))
    for number, step in enumerate(steps):
        if problem := path.take(step):
            return [f"event {number}: {problem}", *path.odd(step)]
    return [f"{len(path.stack)} frames were not closed"] if path.stack and whole else []


class _Path:
    """The frames that are open, and those that wait at a yield."""

    def __init__(self, frames: tuple[Frame, ...], length: int) -> None:
        self.frames, self.length = frames, length
        self.lines = frozenset(line for frame in frames for line in frame.nexts)
        self.stack: list[_Open] = []
        self.waiting: list[_Open] = []
        self.unseen = False  # what came before the entry
        self.base: int | None = None  # depth of the outermost frame: 0 for the body, then 1 for the entry's

    def odd(self, step: Step) -> list[str]:
        if step.line in self.lines:
            return []
        return [f"line {step.line} {'holds no code' if 1 <= step.line <= self.length else 'does not exist'}"]

    def take(self, step: Step) -> str:
        """The problem with this event, or nothing."""
        if self.base is None:
            self.unseen = step.depth != 0
            self.base = 0 if step.depth == 0 else 1
            if step.depth == 0:
                self.stack.append(_Open("<module>", 0, [(self.frames[0], self.frames[0].starts)]))
        opens = step.kind == "call"
        if opens and not self.stack:
            self.base = 1
        depth = len(self.stack) - 1 + self.base + opens
        if step.depth != depth or not self.stack and not opens:
            return f"depth {step.depth}, but the frames before lead to {depth}"
        if opens:
            return self.call(step)
        top = self.stack[-1]
        if step.function != top.function:
            return f"{step.function}, but {top.function} is running"
        return self.line(step, top) if step.kind == "line" else self.other(step, top)

    def call(self, step: Step) -> str:
        where = self.stack[-1].line if self.stack else None
        readings = [
            (frame, frame.starts)
            for frame in self.frames[1:]
            if (frame.name, frame.line) == (step.function, step.line) and (not frame.is_class or where == step.line)
        ]
        known = [w for w in self.waiting if (w.function, w.line) == (step.function, step.line)]
        if known and not readings:
            self.waiting.remove(known[0])
        for suspended in known:
            readings += [r for r in suspended.readings if r not in readings]
        if not readings and self.unseen:  # begun in a body of which there are no events
            for frame in self.frames[1:]:
                if frame.name == step.function and step.line in frame.yields:
                    readings.append((frame, frame.nexts.get(step.line, frozenset())))
        if not readings:
            return f"no frame {step.function} begins or waits at line {step.line}"
        self.stack.append(_Open(step.function, step.line, readings))
        return ""

    def line(self, step: Step, top: _Open) -> str:
        left = [frame for frame, allowed in top.readings if step.line in allowed and step.line != EXIT]
        if not left:
            return f"line {step.line} cannot follow line {top.line} in {top.function}"
        if any(step.line in frame.withs for frame in left):
            top.left.add(top.line)
        else:
            top.left.clear()
        top.line = step.line
        top.readings = [(frame, frame.nexts.get(step.line, frozenset())) for frame in left]
        return ""

    def other(self, step: Step, top: _Open) -> str:
        """Closing events and exceptions stand on the line that is under way.

        But for one: an exception that `with` let go on leaves from the line where it was raised.
        """
        if step.line != top.line and not (step.unwound and step.line in top.left):
            return f"{step.kind} at line {step.line}, but {top.function} is at line {top.line}"
        if step.kind == "exception":
            top.readings = [(frame, frame.lands.get(step.line, frozenset())) for frame, _ in top.readings]
            if step.unwound:
                self.stack.pop()
            return ""
        if step.kind == "yield":
            top.readings = [r for r in top.readings if step.line in r[0].yields]
            self.waiting.append(top)
        else:
            top.readings = [r for r in top.readings if EXIT in r[1]]
        self.stack.pop()
        return "" if top.readings else f"{top.function} cannot {step.kind} at line {step.line}"
