"""Is a trace possible? Checks against the program's text, the frames' order, and a second run without a tracer.

A tracer in the program's own process can be forged by a determined program; what no honest run can show is found here.
"""

from __future__ import annotations

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing.events import Trace
from ewm.tracing.runner import Runner


def consistent(program: Program, trace: Trace, runner: Runner | None = None) -> list[str]:
    """Problems, in words; none for a sound trace. Without a `runner` one is started for the second run."""
    problems = _lines(program, trace) + _frames(trace)
    if not trace.finished:
        return problems
    if runner is not None:
        return problems + _second_run(program, trace, runner)
    with Runner(TraceConfig(workers=1)) as own:
        return problems + _second_run(program, trace, own)


def _lines(program: Program, trace: Trace) -> list[str]:
    """Every event stands on a line that holds code."""
    source = program.source.splitlines()
    found = {e.line for e in trace.events}
    missing = sorted(n for n in found if not 1 <= n <= max(1, len(source)))
    blank = sorted(n for n in found if 1 <= n <= len(source) and source[n - 1].lstrip()[:1] in ("", "#"))
    return [f"line {n} does not exist" for n in missing] + [f"line {n} holds no code" for n in blank]


def _frames(trace: Trace) -> list[str]:
    """Frames open by a call, one level deeper, and close in the reverse order."""
    open_frames = 1 if trace.events and trace.events[0].depth == 0 else 0  # the body has no call event
    base = 0
    for number, event in enumerate(trace.events):
        if event.kind == "call":
            base = 1 if open_frames == 0 else base
            open_frames += 1
        if event.depth != open_frames - 1 + base:
            return [f"event {number}: depth {event.depth}, but the frames before lead to {open_frames - 1 + base}"]
        if event.kind in ("return", "yield") or event.unwound:
            open_frames -= 1
    return [f"{open_frames} frames were not closed"] if open_frames and trace.finished else []


def _second_run(program: Program, trace: Trace, runner: Runner) -> list[str]:
    again = runner.plain(program)
    pairs = {
        "status": (trace.status, again.status),
        "stdout": (trace.stdout, again.stdout),
        "result": (trace.result, again.result),
        "exception": (trace.exception, again.exception),
    }
    return [f"{what}: traced {a!r}, untraced {b!r}" for what, (a, b) in pairs.items() if a != b]
