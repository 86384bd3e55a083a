"""Format ellora: the recipe's text, `Line N: State: {x=1, y=2}` for every line event, state before the line.

It has no calls, returns or output; the steps read from it are lines at depth 0 whose writes say how the state shown
differs from that of the line before (a name that is gone is a deletion).
"""

from __future__ import annotations

import re

from ewm.formats import literal
from ewm.formats.prediction import Prediction, Step
from ewm.formats.walk import values
from ewm.tracing.events import Trace

OPEN, CLOSE = "<execution_trace>", "</execution_trace>"
_LINE = re.compile(r"Line ([1-9][0-9]{0,8}+): State: \{")
_NAME = re.compile(r"[^\W\d]\w*+(?==)")


def render(trace: Trace) -> str:
    """The text of a trace."""
    lines = [
        f"Line {e.line}: State: {{{', '.join(f'{k}={v}' for k, v in values(e.locals).items())}}}"
        for e in trace.events
        if e.kind == "line"
    ]
    return "\n".join([OPEN, *lines, CLOSE])


def steps(trace: Trace) -> tuple[Step, ...]:
    """The steps as this format shows them."""
    return _steps([(e.line, values(e.locals)) for e in trace.events if e.kind == "line"])


def parse(text: str) -> Prediction:
    """What stands after the first opening tag; never raises, linear time."""
    lines = text.split("\n")
    begin = next((i for i, line in enumerate(lines) if line == OPEN), len(lines))
    states: list[tuple[int, dict[str, str]]] = []
    ended, well = False, begin == 0
    for number in range(begin + 1, len(lines)):
        if lines[number] == CLOSE:
            ended = number == len(lines) - 1
            break
        state = _state(lines[number])
        if state is None:
            well = False
            break
        states.append(state)
    return Prediction(text=text, steps=_steps(states), ended=ended, parsed=ended and well)


def _state(line: str) -> tuple[int, dict[str, str]] | None:
    head = _LINE.match(line)
    if not head:
        return None
    position = head.end()
    state: dict[str, str] = {}
    while not (position == len(line) - 1 and line[position] == "}"):
        if state:
            if not line.startswith(", ", position):
                return None
            position += 2
        name = _NAME.match(line, position)
        end = literal.end(line, name.end() + 1) if name else -1
        if not name or end < 0 or name[0] in state:
            return None
        state[name[0]] = line[name.end() + 1 : end]
        position = end
    return int(head[1]), state


def _steps(states: list[tuple[int, dict[str, str]]]) -> tuple[Step, ...]:
    before: dict[str, str] = {}
    found = []
    for line, state in states:
        changed = [(name, value) for name, value in state.items() if before.get(name) != value]
        found.append(Step("line", line, 0, (*changed, *((name, "") for name in before if name not in state))))
        before = state
    return tuple(found)
