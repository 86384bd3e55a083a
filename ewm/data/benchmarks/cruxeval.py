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
    found = read(path)
    stated = {program.id: said for program, said in found}

    def fits(example: Example) -> bool:
        said, true = stated[example.program.id], example.truth.prediction.value
        return not isinstance(said, str) or true is None or equal(said, true)

    made = examples(((name, program) for program, _ in found), trace, TaskConfig(name=ask), format, style, fits)
    items = list(islice(made, n))
    made.close()
    return items


def read(path: str | None) -> list[tuple[Program, Any]]:
    """Each program and the row's own output; ConfigError or Missing says why there is none."""
    if path is not None and not Path(path).is_file():
        raise ConfigError(f'{path}: no such file. Give a JSONL file of {{"code", "input", "output"}}.')
    table = [row for file in ([Path(path)] if path is not None else located("cruxeval")) for row in rows(file)]
    try:
        found = list(programs(table, licence="MIT" if path is None else ""))
    except ConfigError as error:
        raise ConfigError(f"{path}, {error}") from None
    if not found:
        raise ConfigError(f"{path}: there is no program in it.")
    return list(zip(found, (row.get("output") for row in table), strict=True))


def programs(found: Iterable[Mapping[str, Any]], licence: str = "") -> Iterator[Program]:
    """ConfigError for a row without code and input."""
    for number, row in enumerate(found):
        code, given = row.get("code"), row.get("input")
        if not (isinstance(code, str) and isinstance(given, str)):
            raise ConfigError(f'row {number + 1}: wants "code" and "input", both text.')
        yield Program(code, f"f({given})", origin=f"cruxeval:{row.get('id', number)}", licence=licence)
