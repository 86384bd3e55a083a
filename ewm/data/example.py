"""Example: one program under one task, with its prompt, its true completion and its truth. JSONL load and save."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ewm.formats.prediction import Prediction, Step, Truth
from ewm.programs import Program

SCHEMA = 1


@dataclass(frozen=True)
class Example:
    """What a model is asked (`messages`), what it should say (`target`) and what that is compared with (`truth`)."""

    id: str
    program: Program
    task: str
    format: str
    messages: list[dict[str, str]]
    target: str
    truth: Truth
    source: str  # name of the source or benchmark part it comes from
    schema: int = SCHEMA

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "program": self.program.to_json()}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Example:
        if row.get("schema") != SCHEMA:
            raise ValueError(f"example schema {row.get('schema')} is not supported here (this version reads {SCHEMA})")
        return cls(**{**row, "program": Program.from_json(row["program"]), "truth": truth_from_json(row["truth"])})


def truth_from_json(row: dict[str, Any]) -> Truth:
    """A Truth from what dataclasses.asdict made of it."""
    said = row["prediction"]
    steps = tuple(Step(**{**s, "writes": tuple((n, v) for n, v in s["writes"])}) for s in said["steps"])
    return Truth(**{**row, "prediction": Prediction(**{**said, "steps": steps})})


def wrap_answer(text: str, task: str, style: str) -> str:
    """The true completion as the prompt's style asks for it."""
    return f"[ANSWER]{text}[/ANSWER]" if task == "output" and style == "sentence" else text


def save(path: Path, examples: Iterable[Example]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for example in examples:
            file.write(json.dumps(example.to_json()) + "\n")


def load(path: Path) -> Iterator[Example]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Example.from_json(json.loads(line))
