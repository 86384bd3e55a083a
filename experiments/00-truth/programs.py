"""Programs to prove the tracer on, as JSON lines on stdout.

    python experiments/00-truth/programs.py cruxeval cruxeval.jsonl      {"code", "input"} a line
    python experiments/00-truth/programs.py humaneval HumanEval.jsonl.gz every call of the tests that stands alone
    python experiments/00-truth/programs.py grammar 2000                 from all levels in turn

The files are read as the benchmarks of the same names read them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from ewm.data.benchmarks.cruxeval import programs as cruxeval_programs
from ewm.data.benchmarks.files import rows
from ewm.data.benchmarks.humaneval import programs as humaneval_programs
from ewm.programs import Program, grammar
from ewm.programs.levels import LEVELS


def cruxeval(path: str) -> Iterator[Program]:
    return cruxeval_programs(rows(Path(path)))


def humaneval(path: str) -> Iterator[Program]:
    return iter(humaneval_programs(rows(Path(path))))


def from_grammar(number: str) -> Iterator[Program]:
    made = (grammar.program(0, index, level) for index in count() for level in LEVELS)
    return islice(made, int(number))


SETS = {"cruxeval": cruxeval, "humaneval": humaneval, "grammar": from_grammar}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in SETS:
        sys.exit(f"usage: programs.py {'|'.join(SETS)} FILE-OR-NUMBER")
    for program in SETS[sys.argv[1]](sys.argv[2]):
        print(json.dumps({"source": program.source, "entry": program.entry, "id": program.origin or program.id}))
