"""Collections of programs in files: JSONL, one program a line as `Program.to_json` writes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from ewm.programs.program import Program


def read_jsonl(path: str | Path) -> Iterator[Program]:
    """The programs of the file, in order. A line needs `source`; ValueError names the line that is none."""
    with Path(path).open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                program = Program.from_json(row)
            except (ValueError, TypeError, AttributeError) as error:
                raise ValueError(f"{path}, line {number}: no program ({error}). It wants {{'source': ...}}.") from None
            yield program


def write_jsonl(path: str | Path, programs: Iterable[Program]) -> int:
    """Writes the programs and gives their number."""
    count = 0
    with Path(path).open("w", encoding="utf-8") as file:
        for program in programs:
            file.write(json.dumps(program.to_json()) + "\n")
            count += 1
    return count
