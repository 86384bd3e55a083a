"""Format delta: one short line per completed step, saying only what changed.

    text := step ("\\n" step)* ["\\n" out] "\\nend"        step := "L" N [" " body]        out := "out " repr(stdout)
    body := items | "call" [" " items] | "return" [" " literal] | "yield" [" " literal] | "raise " Type | "unwind " Type
    items: `x=3; ys=[1, 2]; -old; global total=5; -global gone`

`parse` is the inverse of `render`, never raises and takes linear time. A value that is no literal swallows the rest
of its line and makes the text ill-formed, but keeps its step; a line that is no step ends the reading.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ewm.formats import literal
from ewm.formats.prediction import Prediction, Step, StepKind
from ewm.formats.walk import LEAVES
from ewm.formats.walk import steps_of as steps
from ewm.tracing.events import Trace

__all__ = ["parse", "render", "steps"]

KNOWN_LINES, KNOWN_CHARS = 1 << 14, 200  # kept as read: some 10 MB at most

_HEAD = re.compile(r"L([1-9][0-9]{0,8}+)(?= |\Z)")
_WORDS = frozenset({"call", "return", "yield", "raise", "unwind"})
_NAME = re.compile(r"(-)?((?:global )?[^\W\d]\w*+)")
_PLAIN = re.compile(  # most lines: nothing changed, or one name
    rf"L([1-9][0-9]{{0,8}}+)(?: ((?:global )?[^\W\d]\w*+)=({literal.PLAIN}))?"
)
_TYPE = re.compile(r"[^\W\d]\w*+(?:\.[^\W\d]\w*+)*+")


def render(trace: Trace) -> str:
    """The text of a trace."""
    lines = [_line(step) for step in steps(trace)]
    if trace.stdout:
        lines.append("out " + repr(trace.stdout))
    return "\n".join([*lines, "end"])


def _line(step: Step) -> str:
    body = "; ".join(f"{name}={value}" if value else f"-{name}" for name, value in step.writes)
    words = [f"L{step.line}", "" if step.kind == "line" else step.kind, body, step.value or ""]
    return " ".join(word for word in words if word)


def parse(text: str) -> Prediction:
    """What the text says, as far as it can be read."""
    lines = text.split("\n")
    found: list[Step] = []
    stdout, ended, well, depth = "", False, True, 0
    for number, line in enumerate(lines):
        step, good, depth = _known(line, depth) if len(line) <= KNOWN_CHARS else _read(line, depth)
        if step is not None:
            found.append(step)
            if not good:
                well = False
        elif line == "end":
            ended = number == len(lines) - 1
            break
        elif line.startswith("out ") and lines[number + 1 : number + 2] == ["end"]:
            quoted = literal.STRING.fullmatch(line, 4)
            well = well and bool(quoted)
            stdout = literal.unquote(line[4:]) if quoted else ""
        else:
            well = False
            break
    last = found[-1] if found else None
    outermost = last is not None and last.depth <= 1
    return Prediction(
        text=text,
        steps=tuple(found),
        stdout=stdout,
        value=last.value if last and outermost and last.kind == "return" else None,
        exception=last.value if last and outermost and last.kind == "unwind" else None,
        ended=ended,
        parsed=ended and well,
    )


def _read(line: str, depth: int) -> tuple[Step | None, bool, int]:
    """(step, well-formed, depth of what follows) of a line in a frame at `depth`; step is None if the line is none."""
    plain = _PLAIN.fullmatch(line)
    if plain:
        return Step("line", int(plain[1]), depth, ((plain[2], plain[3]),) if plain[2] else ()), True, depth
    step, good = _step(line, depth)
    if step is None:
        return None, False, depth
    return step, good, step.depth if step.kind not in LEAVES else max(0, step.depth - 1)


_known = lru_cache(KNOWN_LINES)(_read)  # completions of one program say the same lines over and over


def _step(line: str, depth: int) -> tuple[Step | None, bool]:
    head = _HEAD.match(line)
    if not head or line.endswith(" "):
        return None, False
    number, rest = int(head[1]), line[head.end() + 1 :]
    kind: StepKind = "line"
    word, _, tail = rest.partition(" ")
    if word in _WORDS:
        kind, rest = word, tail  # type: ignore[assignment]
    if kind in ("line", "call"):
        writes, good = _items(rest)
        return (None if writes is None else Step(kind, number, depth + (kind == "call"), writes)), good
    if kind in ("return", "yield"):
        return Step(kind, number, depth, (), rest or None), not rest or literal.is_literal(rest)
    return (Step(kind, number, depth, (), rest) if rest else None), bool(_TYPE.fullmatch(rest))


def _items(text: str) -> tuple[tuple[tuple[str, str], ...] | None, bool]:
    writes: dict[str, str] = {}
    good, position = True, 0
    while position < len(text):
        name = _NAME.match(text, position)
        if not name:
            return None, False
        position = name.end()
        gone, key, value = bool(name[1]), name[2], ""
        if not gone:
            if not text.startswith("=", position):
                return None, False
            position, start = position + 1, position + 1
            position = literal.end(text, start)
            if position < 0 or (position < len(text) and not text.startswith("; ", position)):
                good, position = False, len(text)
            value = text[start:position]
        good = good and key not in writes and (gone or bool(value))
        writes.setdefault(key, value)
        if position < len(text):
            if not text.startswith("; ", position) or position + 2 == len(text):
                return None, False
            position += 2
    return tuple(writes.items()), good
