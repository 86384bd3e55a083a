"""What a model's programs are like, beyond the funnel that the command prints: how they end, shapes, and near copies of
programs that the grammar makes.

python -m ewm.sources selfgen model=nano n=1000 -o selfgen.jsonl
python experiments/02-data/selfgen.py selfgen.jsonl
"""

import statistics
import sys
from collections import Counter
from itertools import islice

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.programs.corpora import read_jsonl
from ewm.sources import Grammar
from ewm.sources.dedup import Near, fingerprint
from ewm.tracing import Runner

LEVELS = ("straight", "branch", "loop", "data", "function", "compose", "nested")
GRAMMAR = 20_000
LIKENESS = 0.7


def main(path: str) -> None:
    programs = list(read_jsonl(path))
    with Runner(TraceConfig(workers=1)) as runner:
        traces = list(runner.trace_all(programs))
    print(f"n = {len(programs)}, {len({p.family for p in programs})} families, {len(shapes(programs))} shapes")
    print(f"with a call: {sum(p.entry is not None for p in programs)}")
    print(f"lines: median {statistics.median(len(p.source.splitlines()) for p in programs)}")
    print(f"events: median {statistics.median(len(t.events) for t in traces)}")
    for kind, number in Counter(t.exception["type"] if t.exception else t.status for t in traces).most_common():
        print(f"{number:6} {kind}")
    print(f"splits: {dict(Counter(p.split for p in programs))}")
    made = list(islice(Grammar(dict.fromkeys(LEVELS, 1.0)).programs(0), GRAMMAR))
    near = Near(LIKENESS)
    for program in made:
        near.add(program.id, fingerprint(program).minhash)
    copies = sum(bool(near.names(fingerprint(program).minhash)) for program in programs)
    same = len(shapes(programs) & shapes(made))
    print(f"of {len(made)} grammar programs: {same} with a shape of theirs, {copies} near copies from {LIKENESS} on")


def shapes(programs: list[Program]) -> set[str]:
    """Names and constants erased."""
    return {fingerprint(program, near=False).shapes[0] for program in programs}


if __name__ == "__main__":
    main(sys.argv[1])
