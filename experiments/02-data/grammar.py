"""Programs a second and core of each template level, how they end, what share of traces can be written whole in format
delta (every value a literal), and duplicates and near copies among programs of `real`.

python experiments/02-data/grammar.py [programs a level]
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from rich.console import Console
from rich.table import Table

from ewm.config.schema import TraceConfig
from ewm.formats import truth
from ewm.programs.grammar import program
from ewm.programs.presets import PRESETS
from ewm.sources.dedup import Distinct, fingerprint
from ewm.tracing import Runner


def main(n: int) -> None:
    table = Table("level", "programs/s and core", "lines", "whole", "how they end")
    with Runner(TraceConfig(workers=1)) as runner:
        for level in PRESETS:
            start = time.process_time()
            programs = [program(0, index, level) for index in range(n)]
            rate = n / (time.process_time() - start)
            traces = list(runner.trace_all(programs))
            ends = Counter(trace.status for trace in traces)
            whole = sum(truth(trace, p, "trace", "delta").complete for p, trace in zip(programs, traces, strict=True))
            lines = sum(p.source.count("\n") + 1 for p in programs) / n
            told = ", ".join(f"{k} {v}" for k, v in ends.most_common())
            table.add_row(level, f"{rate:.0f}", f"{lines:.1f}", f"{whole / n:.0%}", told)
    real = [program(0, index, "real") for index in range(10_000)]
    print_of = Console(width=140).print
    print_of(table)
    for what in ("id", "family"):
        print_of(
            f"{what}: {1 - len({getattr(p, what) for p in real}) / len(real):.2%} duplicates of {len(real)} in real"
        )
    distinct = Distinct(4, 0.7)
    print_of(
        dict(Counter(distinct.reason(fingerprint(p)) or "kept" for p in real)), "at most 4 a family, near from 0.7"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1_000)
