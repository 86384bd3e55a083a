"""`python -m ewm.sources recipe ID_OR_PATH [-o FILE.jsonl]`: the programs of a data set in the recipe's columns
(`code`, `actual_trace`), each traced anew. Its traces are not taken over: they are wrong wherever a mutable value
changes later. How many differ, and how, is printed."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from ewm.config.errors import ConfigError
from ewm.config.schema import TraceConfig
from ewm.formats import ellora
from ewm.programs import Program
from ewm.programs.corpora import of_row, write_jsonl
from ewm.sources import hub
from ewm.sources.output import add_isolation, cannot_write, isolation, table
from ewm.tracing import Runner, Trace

HELP = "programs of the recipe's own data set, traced anew, and how many of its traces are true"
RECIPE = "codelion/execution-world-model-dataset"
_STATE = re.compile(r"Line\s+(\d+):\s*State:\s*\{([^\n]*)\}")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", nargs="?", default=RECIPE, metavar="ID_OR_PATH", help=f"default: {RECIPE}")
    parser.add_argument("-o", "--output", default="recipe.jsonl", help="default: recipe.jsonl")
    add_isolation(parser)


def run(given: argparse.Namespace, console: Console) -> int:
    """The command's exit code."""
    if wrong := list(cannot_write(Path(given.output))):
        console.print("\n".join(wrong), markup=False, soft_wrap=True)
        return 2
    counts: Counter[str] = Counter()
    try:
        kept = list(programs(rows(given.data), counts, isolation(given)))
    except ConfigError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return 2
    console.print(table({given.data: counts}))
    console.print(f"{write_jsonl(given.output, kept)} programs -> {given.output}")
    return 0


def rows(data: str) -> Iterator[dict[str, Any]]:
    """Of a data set of the hub, a folder, a parquet or a JSONL file."""
    kinds = {".parquet": "parquet", ".jsonl": "json", ".json": "json"}
    kind = kinds.get(Path(data).suffix) if Path(data).is_file() else None
    return hub.rows(data, "train", None) if kind is None else hub.rows(kind, "train", None, data_files=data)


def programs(found: Iterator[dict[str, Any]], counts: Counter[str], trace: TraceConfig) -> Iterator[Program]:
    """Those that end; `counts` hears what was found, what its traces were worth, and what was left out."""
    told: list[str | None] = []

    def texts() -> Iterator[Program]:
        for row in found:
            counts["rows"] += 1
            try:
                program = of_row({"licence": "Apache-2.0", **{k: v for k, v in row.items() if v is not None}})
            except (ValueError, TypeError):
                counts["left out: no program"] += 1
                continue
            told.append(row.get("actual_trace"))
            yield program

    with Runner(trace) as runner:
        ready: list[Program] = list(texts())
        for program, ran, text in zip(ready, runner.trace_all(ready), told, strict=True):
            if not ran.finished:
                counts[f"left out: {ran.status}"] += 1
                continue
            counts["traced"] += 1
            if text is not None:
                counts[compared(text, ran)] += 1
            yield program


def compared(text: str, trace: Trace) -> str:
    """In what the recipe's text of the run departs from the run."""
    told, true = _STATE.findall(text), _STATE.findall(ellora.render(trace))
    if told == true:
        return "actual_trace as it is"
    if [line for line, _ in told] != [line for line, _ in true]:
        return "actual_trace differs: other lines"
    return "actual_trace differs: a state"
