"""What a trace says about the program, so that traces of different Python versions can be compared.

Forgiven, because no tracer can make it equal:
- `python`, `wall_s`, `cpu_s`: about the run
- a generator that is closed where it waits outside any `try` and `with`: 3.13 drops it, earlier ones run it until
  GeneratorExit leaves it at once. No statement of the program runs either way.
- messages of built-in exceptions that were reworded (REWORDED), as the message of an exception only: text that the
  program makes of one is its own.
Everything else that differs is a difference, see tests/tracing/test_pythons.py for those that are known.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Any

from ewm.tracing.events import Trace

ABOUT = ("python", "wall_s", "cpu_s")
REWORDED = (  # type, as a later version says it, as 3.11 says it
    ("ValueError", r"^(max|min)\(\) iterable argument is empty$", r"\1() arg is an empty sequence"),
    ("TypeError", r"^(\w+..) got an unexpected keyword argument ('\w+')$", r"\2 is an invalid keyword argument for \1"),
    (
        "TypeError",
        r"^(Can't instantiate abstract class \w+ with)out an implementation for (abstract methods?) (.*)$",
        lambda said: f"{said[1]} {said[2]} " + said[3].replace("'", ""),
    ),
    ("AttributeError", r"(has no attribute '\w+') and no __dict__ for setting new attributes$", r"\1"),
)  # fmt: skip


def canonical(trace: Trace) -> dict[str, Any]:
    """The trace as JSON, without what the version of Python decides."""
    row = {k: v for k, v in trace.to_json().items() if k not in ABOUT}
    row["exception"] = _plain(row["exception"])
    events: list[dict[str, Any]] = []
    outer: dict[str, str] = {}  # globals of an event that was left out
    closing = False
    for event, after in zip_longest(row["events"], row["events"][1:]):
        if closing or (after is not None and _closes(event, after)):
            outer |= event["globals"]
            closing = not closing
            continue
        if outer and event["depth"]:
            event["globals"] = {**outer, **event["globals"]}
        outer = {}
        events.append({**event, "value": _plain(event["value"])})
    row["events"] = events
    return row


def _closes(event: dict[str, Any], after: dict[str, Any]) -> bool:
    """A frame goes on and GeneratorExit leaves it, with nothing between."""
    return (
        event["kind"] == "call"
        and after["unwound"]
        and after["value"]["type"] == "GeneratorExit"
        and [event[k] for k in ("line", "function", "depth")] == [after[k] for k in ("line", "function", "depth")]
    )


def _plain(value: Any) -> Any:
    """An exception's message as 3.11 words it."""
    if isinstance(value, dict):
        for kind, later, first in REWORDED:
            if value["type"] == kind:
                value = {**value, "message": re.sub(later, first, value["message"])}  # type: ignore[call-overload]
    return value
