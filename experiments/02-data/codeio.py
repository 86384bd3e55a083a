"""The funnel of the source CodeIO, and what a sample of its programs gives when it is traced.

    python experiments/02-data/codeio.py
    python experiments/02-data/codeio.py --n 1000 --events 2000 --cache-dir outputs/data/codeio

A program is complete if each value of its trace is a literal: the format's truth can be compared whole. Every family
counts once (one program of it is drawn), so that a Wilson interval holds.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from rich.console import Console
from rich.table import Table

from ewm import formats
from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.scoring.stats import wilson
from ewm.sources import CodeIO
from ewm.tracing import Runner, Trace


def sample(source: CodeIO, n: int) -> list[Program]:
    """The first n in the source's order, one of each family."""
    families: dict[str, Program] = {}
    for program in source.programs(0):
        families.setdefault(program.family, program)
    return list(islice(families.values(), n))


def counted(programs: Sequence[Program], events: int) -> tuple[Counter[str], Counter[str]]:
    """What became of them, and the same by status for those that did not run to their end."""
    counts, left = Counter(sampled=len(programs)), Counter[str]()
    with Runner(TraceConfig(max_events=events)) as runner:
        for program, trace in zip(programs, runner.trace_all(programs), strict=True):
            counts["status ok"] += trace.status == "ok"
            counts["ok or exception, nothing cut"] += trace.finished
            counts["alike without a tracer"] += trace.finished and told(trace) == told(runner.plain(program))
            counts["every value is a literal"] += complete(program, trace)
            counts["of these: status ok"] += trace.status == "ok" and complete(program, trace)
            if not trace.finished:
                left["values are cut" if trace.status in ("ok", "exception") else trace.status] += 1
    return counts, left


def told(trace: Trace) -> tuple[object, ...]:
    """What two runs of a program that hangs on nothing else have in common."""
    return trace.status, trace.result, trace.stdout, trace.exception


def complete(program: Program, trace: Trace) -> bool:
    return trace.finished and formats.truth(trace, program, "trace", "delta").complete


def main(n: int, events: int, cache_dir: str | None, console: Console) -> None:
    began = time.monotonic()
    source = CodeIO(cache_dir=cache_dir)
    programs = sample(source, n)
    console.print(f"{source.fingerprint()}, made in {time.monotonic() - began:.1f} s")
    for step, found in source.counts.most_common():
        console.print(f"{found:6} {step}")
    counts, left = counted(programs, events)
    table = Table("", "n", "of", "share", "95 % Wilson")
    for what, found in list(counts.items())[1:]:
        low, high = wilson(found, len(programs))
        table.add_row(what, str(found), str(len(programs)), f"{found / len(programs):.1%}", f"{low:.1%} - {high:.1%}")
    console.print(table)
    console.print("not run to their end: " + "; ".join(f"{why} {found}" for why, found in left.most_common()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--events", type=int, default=TraceConfig.max_events, help="limit of one program")
    parser.add_argument("--cache-dir", default=None, help="folder where what the generators gave is kept")
    given = parser.parse_args()
    main(given.n, given.events, given.cache_dir, Console())
