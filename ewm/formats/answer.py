"""The answer of task output: a literal, or `raise TypeName`; bare, on the last line, or between [ANSWER] tags."""

from __future__ import annotations

import re

from ewm.formats import literal
from ewm.formats.prediction import Prediction
from ewm.tracing.events import Trace

OPEN, CLOSE = "[ANSWER]", "[/ANSWER]"
_RAISE = re.compile(r"raise ([^\W\d][\w.]*+)")


def render(trace: Trace) -> str | None:
    """The true answer, None if the program has none (it was not called, or returned a function)."""
    if trace.exception:
        return "raise " + trace.exception["type"]
    return trace.result


def parse(text: str) -> Prediction:
    """The answer as text; `parsed` if it is one literal or a raise."""
    stripped = text.strip()
    if stripped.endswith(CLOSE) and OPEN in stripped:
        answer = stripped[stripped.rindex(OPEN) + len(OPEN) : -len(CLOSE)].strip()
    else:
        answer = stripped.rsplit("\n", 1)[-1].strip()
    raised = _RAISE.fullmatch(answer)
    good = bool(raised) or literal.is_literal(answer)
    return Prediction(
        text=text,
        value=None if raised else answer or None,
        exception=raised[1] if raised else None,
        ended=good,
        parsed=good,
    )
