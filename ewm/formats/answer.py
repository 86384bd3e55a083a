"""The answer of task output: a literal, or `raise TypeName`; bare, on the last line, or between [ANSWER] tags."""

from __future__ import annotations

import re
from itertools import islice

from ewm.formats import literal
from ewm.formats.prediction import Prediction
from ewm.tracing.events import Trace

OPEN, CLOSE = "[ANSWER]", "[/ANSWER]"
TRIES = 16  # opening tags looked at before the last one is taken: keeps the time linear
_OPEN = re.compile(re.escape(OPEN))
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
        answer = _between(stripped.removesuffix(CLOSE))
    else:
        answer = stripped.rsplit("\n", 1)[-1].strip()
    raised = _RAISE.fullmatch(answer)
    good = _is_answer(answer)
    return Prediction(
        text=text,
        value=None if raised else answer or None,
        exception=raised[1] if raised else None,
        ended=good,
        parsed=good,
    )


def _between(text: str) -> str:
    """What follows the first opening tag after which all is one answer (a string may hold a tag), or the last tag."""
    for tag in islice(_OPEN.finditer(text), TRIES):
        if _is_answer(answer := text[tag.end() :].strip()):
            return answer
    return text[text.rindex(OPEN) + len(OPEN) :].strip()


def _is_answer(text: str) -> bool:
    return bool(_RAISE.fullmatch(text)) or literal.is_literal(text)
