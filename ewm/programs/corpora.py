"""Collections of programs in files: JSONL, one program a line as `Program.to_json` writes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from ewm.config.errors import ConfigError
from ewm.programs.program import Program

KINDS = {"source": str, "entry": (str, type(None)), "stdin": str, "origin": str, "licence": str, "level": str}
KINDS |= {"parent": str, "relation": str}


def read_jsonl(path: str | Path) -> Iterator[Program]:
    """The programs of the file, in order. A line needs `source`; ConfigError names the line that is none."""
    with Path(path).open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                program = _program(json.loads(line.decode("utf-8")))
            except (ValueError, TypeError, AttributeError, RecursionError) as error:
                raise ConfigError(f"{path}, line {number}: no program ({error}). It wants {{'source': ...}}.") from None
            yield program


def _program(row: dict[str, object]) -> Program:
    for key, kind in KINDS.items():
        if key in row and not isinstance(row[key], kind):  # type: ignore[arg-type]
            raise TypeError(f"{key} is {json.dumps(row[key])[:40]}, not text")
    return Program.from_json(row)


def write_jsonl(path: str | Path, programs: Iterable[Program]) -> int:
    """Writes the programs and gives their number."""
    count = 0
    with Path(path).open("w", encoding="utf-8") as file:
        for program in programs:
            file.write(json.dumps(program.to_json()) + "\n")
            count += 1
    return count
