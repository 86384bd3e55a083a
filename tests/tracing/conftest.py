"""One runner for the whole folder, and the short way to write expected events."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing import Runner, Trace


@pytest.fixture(scope="session")
def runner() -> Iterator[Runner]:
    with Runner(TraceConfig(workers=1)) as runner:
        yield runner


@pytest.fixture
def trace(runner: Runner) -> Callable[..., Trace]:
    return lambda source, entry=None, stdin="": runner.trace(Program(source, entry, stdin))


def short(trace: Trace) -> list[str]:
    """One line an event: `depth kind line {state} value`, functions left out of the state."""
    rows = []
    for e in trace.events:
        state = " ".join(f"{k}={v}" for k, v in e.locals.items() if not v.startswith("<"))
        value = e.value["type"] if isinstance(e.value, dict) else e.value or ""
        outer = " ".join(f"global {k}={v}" for k, v in e.globals.items() if not v.startswith("<"))
        kind = "unwind" if e.unwound else e.kind
        rows.append(" ".join(filter(None, [str(e.depth), kind, str(e.line), state, outer, value and f"-> {value}"])))
    return rows
