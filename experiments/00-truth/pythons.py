"""Do interpreters agree? Canonical traces of the same programs, compared with the first interpreter's.

python experiments/00-truth/pythons.py PROGRAMS.jsonl python3.11 python3.12 python3.13 [--max-events 2000]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.scoring.stats import wilson
from ewm.tracing import Runner
from ewm.tracing.canonical import canonical


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("pythons", nargs="+", metavar="PYTHON")
    parser.add_argument("--max-events", type=int, default=2000)
    args = parser.parse_args()
    rows = [json.loads(line) for line in Path(args.file).read_text(encoding="utf-8").splitlines()]
    programs = [Program(row["source"], row.get("entry")) for row in rows]
    first = None
    for python in args.pythons:
        with Runner(TraceConfig(workers=1, python=python, max_events=args.max_events)) as runner:
            traces = list(runner.trace_all(programs))
        forms = [canonical(trace) for trace in traces]
        first = first or forms
        equal = [a == b for a, b in zip(first, forms, strict=True)]
        low, high = wilson(sum(equal), len(equal))
        sums = {s: sum(t.status == s for t in traces) for s in sorted({t.status for t in traces})}
        print(f"{traces[0].python}: {sum(equal)} of {len(equal)} equal [{100 * low:.1f}, {100 * high:.1f}] %, {sums}")
        for row, same in zip(rows, equal, strict=True):
            if not same:
                print(f"  differs: {row.get('id')} {row.get('entry')}")


if __name__ == "__main__":
    main()
