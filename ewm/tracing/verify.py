"""Is a trace true? The replay proof: control flow, frames, a second run without a tracer, and the oracle.

A tracer in the program's own process can be forged by a determined program, and a tracer can be wrong. `consistent`
finds what no honest run can show; `verify` also compares every state with an account that owes nothing to the tracer
(see `oracle`). Not proven: that a program does the same on another machine or at another time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.programs.paths import impossible
from ewm.tracing.events import Trace
from ewm.tracing.oracle import WHOLE, Comparison, compare
from ewm.tracing.reading import settled
from ewm.tracing.runner import Runner

BROKEN = (ValueError, TypeError, LookupError, AttributeError, SyntaxError, RecursionError, MemoryError)
ROOM = {"cpu_s": 10, "memory_mb": 4, "max_events": 2}  # the oracle is slow and takes space: its limits, times this


@dataclass(frozen=True)
class Verdict:
    """What the proof says of one program. `skipped`: why the states could not be compared, or nothing."""

    program: Program
    trace: Trace
    problems: tuple[str, ...] = ()
    compared: Comparison = Comparison()
    skipped: str = ""

    @property
    def wrong_lines(self) -> int:
        """State lines of the trace that are not as the oracle has them."""
        events = self.trace.events
        return len({w.event for w in self.compared.wrong if w.event < len(events) and events[w.event].kind == "line"})

    @property
    def agrees(self) -> bool:
        return not self.problems and not self.compared.wrong


def consistent(program: Program, trace: Trace, runner: Runner | None = None) -> list[str]:
    """Problems, in words; none for a sound trace. Without a `runner` one is started for the second run."""
    problems = impossible(program.source, trace.events, trace.status in WHOLE)
    if trace.status not in WHOLE:
        return problems
    if runner is not None:
        return problems + _differs(trace, runner.plain(program), "untraced")
    with Runner(TraceConfig(workers=1)) as own:
        return problems + _differs(trace, own.plain(program), "untraced")


def verify(programs: Iterable[Program], cfg: TraceConfig) -> Iterator[Verdict]:
    """The whole proof for every program, in order."""
    cfg = replace(cfg, body=True)
    more = replace(cfg, **{name: getattr(cfg, name) * factor for name, factor in ROOM.items()})
    with Runner(cfg) as runner, Runner(replace(more, workers=1)) as oracle:
        kept: list[Program] = []

        def feed() -> Iterator[Program]:
            for program in programs:
                kept.append(program)
                yield program

        for trace in runner.trace_all(feed()):
            program = kept.pop(0)
            yield _verdict(program, trace, tuple(consistent(program, trace, runner)), oracle)


def _verdict(program: Program, trace: Trace, problems: tuple[str, ...], runner: Runner) -> Verdict:
    if not trace.events:
        return Verdict(program, trace, problems, skipped="" if trace.status in WHOLE else trace.status)
    if trace.status == "timeout" and trace.cpu_s < trace.wall_s / 5:  # it waits, and would wait for the oracle, too
        return Verdict(program, trace, problems, skipped=trace.status)
    told = runner.oracle(program)
    if trace.status in WHOLE and told.status not in WHOLE:
        return Verdict(program, trace, problems, skipped=f"oracle: {told.status}")
    if trace.status in WHOLE:
        problems += tuple(_differs(trace, told, "told by the oracle"))
    try:
        compared = compare(program.source, trace, told)
        nothing = not compared.lines and any(event.kind == "line" for event in trace.events)
        return Verdict(program, trace, problems, compared, skipped=trace.status if nothing else "")
    except BROKEN:  # a program may write into its own account, and such a one is no oracle
        return Verdict(program, trace, problems, skipped="oracle: unreadable")


def _differs(trace: Trace, again: Trace, how: str) -> list[str]:
    pairs = {
        "status": (trace.status, again.status),
        "stdout": (trace.stdout, again.stdout),
        "result": (trace.result, again.result),
        "exception": (trace.exception, again.exception),
    }
    return [
        f"{what}: traced {a!r}, {how} {b!r}"
        for what, (a, b) in pairs.items()
        if a != b and settled(str(a)) != settled(str(b))
    ]
