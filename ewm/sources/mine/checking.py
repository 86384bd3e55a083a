"""Mined programs are traced, run a second time without a tracer, and compared with what is said of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ewm.config.schema import TraceConfig
from ewm.sources.mine.mining import Mined
from ewm.tracing import Runner, Trace

EQUAL = "equal"


@dataclass(frozen=True)
class Checked:
    """`verdict`: equal, or why the program is left out."""

    mined: Mined
    trace: Trace
    verdict: str

    @property
    def traced(self) -> bool:
        """It ran to its end, alike each time."""
        return self.trace.finished and not self.verdict.startswith("two runs")


def check(mined: Iterable[Mined], cfg: TraceConfig) -> Iterator[Checked]:
    """In order. The second run is another process: what depends on time, chance or addresses differs."""
    mined = list(mined)
    with Runner(cfg) as runner:
        for one, trace in zip(mined, runner.trace_all(m.program for m in mined), strict=True):
            verdict = _verdict(one, trace)
            if verdict == EQUAL and not _same(trace, runner.plain(one.program)):
                verdict = "two runs differ"
            yield Checked(one, trace, verdict)


def count(checked: Iterable[Checked], counts: Counter[str]) -> Iterator[Checked]:
    """Passes on those that are equal; `counts` is told of all."""
    counts.update({step: 0 for step in ("traced", EQUAL, "equal, literal call and result") if step not in counts})
    for one in checked:
        counts["traced"] += one.traced
        if one.verdict != EQUAL:
            counts[f"left out: {one.verdict}"] += 1
            continue
        counts[EQUAL] += 1
        counts["equal, literal call and result"] += one.mined.plain
        yield one


def _verdict(one: Mined, trace: Trace) -> str:
    if trace.status not in ("ok", "exception"):
        return trace.status.replace("_", " ")
    if one.expected.agrees(trace):
        return EQUAL if trace.finished else "values are cut"
    if trace.exception is not None and not one.expected.exception:
        return f"raises {trace.exception['type']}"
    return "gives something else" if trace.finished else "values are cut"


def _same(trace: Trace, again: Trace) -> bool:
    told = [(t.status, t.result, t.stdout, t.exception) for t in (trace, again)]
    return told[0] == told[1]
