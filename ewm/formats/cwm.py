"""Format cwm: the frames of FAIR's Code World Model (2025), as its prompting guide and its debugger show them.

    text := frame* "<|end_of_text|>"           L := "L" N        locals := JSON object, values are strings
    frame := "<|call_sep|>" locals "<|action_sep|>" L "<|frame_sep|>"              entered, with its arguments
           | "<|line_sep|>" locals "<|action_sep|>" L "<|frame_sep|>"              before the line runs
           | "<|return_sep|>" "<|action_sep|>" L "<|arg_sep|>" value "<|frame_sep|>"
           | "<|exception_sep|>" "<|action_sep|>" L "<|arg_sep|>" value "<|frame_sep|>"

A local variable's value is the text of its repr, or ".." if it is as it was in the last frame of the same scope. The
steps read from it are the frames in their order; writes say how the state shown differs from that of the frame before
in its scope, as in ellora (a name that is gone is a deletion). Printed text and changed module variables are not told.

Where it departs: the action is `L3`, not the line's text, which a trace does not carry and which does not say which of
two equal lines is meant. `<|trace_context_start|>` and the source belong to a prompt: ours has them in its own way. The
module's body is told too, its lines at depth 0; its own call is not, and a return frame with locals closes it if its
last line changed something. An exception that leaves its scope is followed by a return frame with null, as the
interpreter reports it; else it was handled there. Its value is the type alone. A generator that goes on is a call whose
locals are all told, and a yield is a return. Functions, classes and modules are no values. "<|" inside JSON is written
"\\u003c|", so that no text of a program looks like a mark.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ewm.formats import literal
from ewm.formats.prediction import Prediction, Step, StepKind
from ewm.formats.walk import value_of, values, with_depths
from ewm.tracing.events import Event, Trace

END = "<|end_of_text|>"
SAME = ".."
_HEAD = re.compile(r"<\|(call|line|return|exception)_sep\|>")
_ACTION = re.compile(r"<\|action_sep\|>L([1-9][0-9]{0,8}+)")
_ARG, _CLOSE = "<|arg_sep|>", "<|frame_sep|>"
_JSON = re.compile(r"""(?s)"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+\"""")
_NAME = re.compile(r"[^\W\d]\w*+")
_TYPE = re.compile(r"[^\W\d]\w*+(?:\.[^\W\d]\w*+)*+")


@dataclass(frozen=True)
class _Frame:
    kind: str  # call | line | return | exception
    line: int
    shown: dict[str, str] | None = None  # name -> text or SAME; None: no locals are told
    value: str | None = None  # of return and exception; None is null, "" a value that is not told


def render(trace: Trace) -> str:
    """The text of a trace."""
    return "".join([*map(_text, _frames(trace)), END])


def steps(trace: Trace) -> tuple[Step, ...]:
    """The steps as this format shows them."""
    return _steps(list(_frames(trace)))[0]


def parse(text: str) -> Prediction:
    """What the text says, as far as it can be read; never raises, linear time."""
    frames: list[_Frame] = []
    position, well = 0, True
    while (found := _read(text, position)) is not None:
        frame, position, good = found
        frames.append(frame)
        well = well and good
    told, good = _steps(frames)
    last = told[-1] if told else None
    outermost = last is not None and last.depth <= 1
    ended = text[position:] == END
    return Prediction(
        text=text,
        steps=told,
        value=last.value if last and outermost and last.kind == "return" else None,
        exception=last.value if last and outermost and last.kind == "unwind" else None,
        ended=ended,
        parsed=ended and well and good,
    )


def _frames(trace: Trace) -> Iterator[_Frame]:
    """What is told of each event."""
    scopes: list[dict[str, str]] = [{}]  # what a reader knows of each scope that is open to it
    depth, ran = 0, False
    for event in trace.events:
        now = values(event.locals)
        if event.kind == "call" or event.depth > depth:  # a generator that is thrown into, or closed, has no call
            depth = event.depth
            if depth > 0:
                scopes.append(now)
                yield _Frame("call", event.line, now)
            if event.kind == "call":
                continue
        depth = event.depth
        before = scopes[-1]
        shown = {name: SAME if before.get(name) == value else value for name, value in now.items()}
        if event.kind == "line":
            scopes[-1], ran = now, True
            yield _Frame("line", event.line, shown)
        elif event.kind == "exception":
            yield _Frame("exception", event.line, None, _type(event))
            if event.unwound:
                yield _Frame("return", event.line)
        elif depth > 0:
            yield _Frame("return", event.line, None, value_of(event) or "")
        elif ran and now != before:
            yield _Frame("return", event.line, shown, "")
        if event.kind in ("return", "yield") or event.unwound:
            _leave(scopes)
            depth -= 1


def _leave(scopes: list[dict[str, str]]) -> None:
    if len(scopes) > 1:
        scopes.pop()
    else:
        scopes[0] = {}


def _type(event: Event) -> str:
    return event.value["type"] if isinstance(event.value, dict) else "Exception"


def _text(frame: _Frame) -> str:
    shown = "" if frame.shown is None else _json(frame.shown)
    arg = "" if frame.kind in ("call", "line") else _ARG + _json(frame.value)
    return f"<|{frame.kind}_sep|>{shown}<|action_sep|>L{frame.line}{arg}{_CLOSE}"


def _json(value: object) -> str:
    return json.dumps(value).replace("<|", "\\u003c|")


def _steps(frames: Sequence[_Frame]) -> tuple[tuple[Step, ...], bool]:
    """The steps, and whether every frame could follow the one before."""
    scopes: list[dict[str, str]] = [{}]
    found: list[Step] = []
    good = True
    for frame in frames:
        kind: StepKind = "raise" if frame.kind == "exception" else frame.kind  # type: ignore[assignment]
        if kind == "return" and frame.value is None:  # closes the scope that an exception leaves
            good = good and bool(found) and (found[-1].kind, found[-1].line) == ("raise", frame.line)
            if good:
                found[-1] = Step("unwind", frame.line, 0, (), found[-1].value)
            _leave(scopes)
            continue
        if kind == "call":
            scopes.append({})
        writes: tuple[tuple[str, str], ...] = ()
        if frame.shown is not None:
            before = scopes[-1]
            good = good and all(name in before for name, value in frame.shown.items() if value == SAME)
            now = {name: before.get(name, "") if text == SAME else text for name, text in frame.shown.items()}
            changed = [(name, value) for name, value in now.items() if value and before.get(name) != value]
            writes = (*changed, *((name, "") for name in before if name not in now))
            scopes[-1] = now
        found.append(Step(kind, frame.line, 0, writes, frame.value or None))
        if kind == "return":
            _leave(scopes)
    return with_depths(found), good


def _read(text: str, start: int) -> tuple[_Frame, int, bool] | None:
    """(the frame that begins there, where it ends, well-formed); None if none does."""
    head = _HEAD.match(text, start)
    if head is None:
        return None
    kind, position, good = head[1], head.end(), True
    shown: dict[str, str] | None = None
    if kind in ("call", "line") or text.startswith("{", position):
        locals_ = _locals(text, position)
        if locals_ is None:
            return None
        shown, position, good = locals_
        good = good and kind != "exception"
    action = _ACTION.match(text, position)
    if action is None:
        return None
    position, value = action.end(), None
    if kind in ("return", "exception"):
        if not text.startswith(_ARG, position):
            return None
        position += len(_ARG)
        if kind == "return" and shown is None and text.startswith("null", position):
            position += 4
        else:
            quoted = _JSON.match(text, position)
            if quoted is None:
                return None
            value, position = json.loads(quoted[0]), quoted.end()
            good = good and (bool(_TYPE.fullmatch(value)) if kind == "exception" else _told(value))
            good = good and (shown is None or value == "")
    if not text.startswith(_CLOSE, position):
        return None
    return _Frame(kind, int(action[1]), shown, value), position + len(_CLOSE), good


def _locals(text: str, start: int) -> tuple[dict[str, str], int, bool] | None:
    """The JSON object that begins there, where it ends, and whether its names and values are such."""
    if not text.startswith("{", start):
        return None
    shown: dict[str, str] = {}
    position, good = start + 1, True
    while not text.startswith("}", position):
        if shown:
            if not text.startswith(", ", position):
                return None
            position += 2
        key = _JSON.match(text, position)
        quoted = _JSON.match(text, key.end() + 2) if key and text.startswith(": ", key.end()) else None
        if key is None or quoted is None:
            return None
        name, value = json.loads(key[0]), json.loads(quoted[0])
        good = (
            good and bool(_NAME.fullmatch(name)) and name not in shown and (value == SAME or literal.is_literal(value))
        )
        shown.setdefault(name, value)
        position = quoted.end()
    return shown, position + 1, good


def _told(value: str) -> bool:
    return value == "" or literal.is_literal(value)
