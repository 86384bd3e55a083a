"""CRUXEval's form: a function `f`, a call of it, and what it gives. As `cruxeval_o`: the model says what it gives.

The truth is traced; a row whose own `output` is something else is no item. `output` is read as a literal, never run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from ewm.config.errors import ConfigError
from ewm.config.schema import FormatConfig, TaskConfig, TraceConfig
from ewm.config.signature import AtLeast, OneOf
from ewm.data.benchmarks.files import located, rows
from ewm.data.benchmarks.items import examples
from ewm.data.example import Example
from ewm.programs import Program
from ewm.scoring.values import equal


def cruxeval_o(
    path: str | None = None,
    n: Annotated[int, AtLeast(1)] | None = None,
    ask: Annotated[str, OneOf(("output", "trace"))] = "output",
    *,
    name: str = "cruxeval_o",
    trace: TraceConfig,
    task: TaskConfig,
    format: FormatConfig,
    style: str,
    count_tokens: Callable[[str], int] | None = None,
    roots: Sequence[str] = (),
) -> list[Example]:
    """The first `n` rows of your file, or without one of CRUXEval (MIT) as the hub's cache has it.

    `ask`: it asks for outputs, whatever the run's task; or for whole traces.
    """
    table = [row for file in places(path) for row in rows(file)]
    found = list(programs(table, licence="" if path else "MIT"))
    stated = {program.id: row.get("output") for program, row in zip(found, table, strict=True)}

    def fits(example: Example) -> bool:
        said, true = stated[example.program.id], example.truth.prediction.value
        return not isinstance(said, str) or true is None or equal(said, true)

    made = examples(((name, program) for program in found), trace, TaskConfig(name=ask), format, style, fits)
    items = list(islice(made, n))
    made.close()
    return items


def places(path: str | None) -> list[Path]:
    """The files; ConfigError or Missing without one."""
    if path is None:
        return located("cruxeval")
    if not Path(path).is_file():
        raise ConfigError(f'{path}: no such file. Give a JSONL file of {{"code", "input", "output"}}.')
    return [Path(path)]


def programs(found: Iterable[Mapping[str, Any]], licence: str = "") -> Iterator[Program]:
    """ConfigError for a row without code and input."""
    for number, row in enumerate(found):
        code, given = row.get("code"), row.get("input")
        if not (isinstance(code, str) and isinstance(given, str)):
            raise ConfigError(f'cruxeval_o: row {number + 1} wants "code" and "input", both text.')
        yield Program(code, f"f({given})", origin=f"cruxeval:{row.get('id', number)}", licence=licence)
