"""Collections of programs in files: JSONL, one program a line as `Program.to_json` writes it, and parquet."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ewm.config.errors import ConfigError
from ewm.programs.program import Program

KINDS = {"source": str, "entry": (str, type(None)), "stdin": str, "origin": str, "licence": str, "level": str}
KINDS |= {"parent": str, "relation": str}


TEXTS = ("source", "code", "program", "canonical_solution", "solution")  # columns that hold a program, the first counts


def read(path: str | Path) -> Iterator[Program]:
    """The programs of a JSONL file, a parquet file, or a folder of them, in order of name."""
    path = Path(path)
    if path.is_dir():
        for each in sorted(file for kind in ("*.parquet", "*.jsonl") for file in path.rglob(kind)):
            yield from read(each)
    elif path.suffix == ".parquet":
        yield from _read_parquet(path)
    else:
        yield from read_jsonl(path)


def read_jsonl(path: str | Path) -> Iterator[Program]:
    """The programs of the file, in order. A line needs `source`; ConfigError names the line that is none."""
    with Path(path).open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                program = of_row(json.loads(line.decode("utf-8")))
            except (ValueError, TypeError, AttributeError, RecursionError) as error:
                raise ConfigError(f"{path}, line {number}: no program ({error}). It wants {{'source': ...}}.") from None
            yield program


def _read_parquet(path: Path) -> Iterator[Program]:
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(1000):
                yield from map(of_row, batch.to_pylist())
    except (ArrowException, OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path}: no programs ({error}). It wants a column {' or '.join(TEXTS)}.") from None


def of_row(row: Mapping[str, Any], column: str = "") -> Program:
    """The program that a row of somebody's data set holds. `column`: with its text; empty: the first of TEXTS.

    Raises ValueError or TypeError for a row that holds none. `source` beside `code` is where the row comes from.
    """
    name = column or ("code" if "code" in row else next((each for each in TEXTS if each in row), ""))
    if row.get(name) is None:
        raise ValueError(f"nothing under {column or ' or '.join(TEXTS)}")
    if not isinstance(row[name], str):
        raise TypeError(f"{name} is {json.dumps(row[name], default=str)[:40]}, not text")
    fields = {"source": row[name]} | {key: row[key] for key in KINDS if key != "source" and row.get(key) is not None}
    for key, kind in KINDS.items():
        if key in fields and not isinstance(fields[key], kind):  # type: ignore[arg-type]
            raise TypeError(f"{key} is {json.dumps(fields[key])[:40]}, not text")
    return Program.from_json(fields)


def write_jsonl(path: str | Path, programs: Iterable[Program]) -> int:
    """Writes the programs and gives their number; the file is the old one or the whole new one."""
    count, path = 0, Path(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("w", encoding="utf-8") as file:
            for program in programs:
                file.write(json.dumps(program.to_json()) + "\n")
                count += 1
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return count
