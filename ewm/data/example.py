"""Example: one program under one task, with its prompt, its true completion and its truth. `shards` keeps them."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import asdict, dataclass
from typing import Any

from ewm import formats
from ewm.config.schema import TaskConfig
from ewm.formats.prediction import Prediction, Step, Truth
from ewm.programs import Program
from ewm.tasks import applies, messages
from ewm.tracing import Trace

SCHEMA = 2


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
    prompt_tokens: int | None = None  # under the tokenizer of the model that it was built for
    target_tokens: int | None = None
    schema: int = SCHEMA

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "program": self.program.to_json()}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Example:
        if row.get("schema") != SCHEMA:
            raise ValueError(f"example schema {row.get('schema')} is not supported here (this version reads {SCHEMA})")
        return cls(**{**row, "program": Program.from_json(row["program"]), "truth": truth_from_json(row["truth"])})


def make(program: Program, trace: Trace, task: str, format: str, style: str, source: str) -> Example | str:
    """The example, or in a few words why there is none."""
    if not trace.finished:
        return f"trace: {trace.status}" if trace.status not in ("ok", "exception") else "trace: cut"
    text = formats.target(trace, task, format) if applies(program, task) else None
    if text is None:
        return f"no {task}"
    return Example(
        id=hashlib.sha256(json.dumps([program.id, task, format, style]).encode()).hexdigest()[:16],
        program=program,
        task=task,
        format=format,
        messages=messages(program, task, format, style),
        target=wrap_answer(text, task, style),
        truth=formats.truth(trace, program, task, format, text),
        source=source,
    )


def task_of(cfg: TaskConfig, program: Program) -> str:
    """The task that this program is used for: drawn by weight, the same whenever it is asked; output only for calls."""
    mix = {task: weight for task, weight in cfg.mix.items() if cfg.name == "mixed" and applies(program, task)}
    if sum(mix.values()) > 0:
        return random.Random(f"task:{program.id}").choices(list(mix), list(mix.values()))[0]
    return cfg.name if cfg.name != "mixed" else "trace"


def truth_from_json(row: dict[str, Any]) -> Truth:
    """A Truth from what dataclasses.asdict made of it."""
    said = row["prediction"]
    steps = tuple(Step(**{**s, "writes": tuple((n, v) for n, v in s["writes"])}) for s in said["steps"])
    return Truth(**{**row, "prediction": Prediction(**{**said, "steps": steps})})


def wrap_answer(text: str, task: str, style: str) -> str:
    """The true completion as the prompt's style asks for it."""
    return f"[ANSWER]{text}[/ANSWER]" if task == "output" and style == "sentence" else text
