"""Programs to prove the tracer on, as JSON lines on stdout.

    python experiments/00-truth/programs.py cruxeval cruxeval.jsonl      {"code", "input"} a line
    python experiments/00-truth/programs.py humaneval HumanEval.jsonl.gz every call of the tests that stands alone
    python experiments/00-truth/programs.py grammar 2000                 from all levels in turn

Tests are read, never run: a call is taken from its syntax tree.
"""

from __future__ import annotations

import ast
import builtins
import gzip
import json
import sys
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

from ewm.programs import Program, grammar
from ewm.programs.levels import LEVELS


def rows(path: str) -> Iterator[dict[str, Any]]:
    opened = gzip.open(path, "rt") if path.endswith(".gz") else Path(path).open(encoding="utf-8")
    with opened as file:
        yield from map(json.loads, file)


def cruxeval(path: str) -> Iterator[Program]:
    for row in rows(path):
        yield Program(row["code"], f"f({row['input']})", origin=row.get("id", ""))


def humaneval(path: str) -> Iterator[Program]:
    """`candidate(...)` of each check, with the function's own name; calls on variables of a test are left out."""
    for row in rows(path):
        for node in ast.walk(ast.parse(row["test"])):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "candidate":
                names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - {"candidate"}
                if names <= set(dir(builtins)):
                    node.func.id = row["entry_point"]
                    source = row["prompt"] + row["canonical_solution"]
                    yield Program(source, ast.unparse(node), origin=row["task_id"])


def from_grammar(number: str) -> Iterator[Program]:
    made = (grammar.program(0, index, level) for index in count() for level in LEVELS)
    return islice(made, int(number))


SETS = {"cruxeval": cruxeval, "humaneval": humaneval, "grammar": from_grammar}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in SETS:
        sys.exit(f"usage: programs.py {'|'.join(SETS)} FILE-OR-NUMBER")
    for program in SETS[sys.argv[1]](sys.argv[2]):
        print(json.dumps({"source": program.source, "entry": program.entry, "id": program.origin or program.id}))
