"""Items: one example with what the base model and the adapter answered and how that scores.

A cut answer is wrong: whole-answer metrics are 0, graded ones (prefix, state_f1, path) stand as far as it got. An
incomplete truth has no `exact`. An item is a row of <run>/evaluation/<benchmark>.jsonl.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ewm import formats
from ewm.data.example import Example
from ewm.evaluation.answers import Answer
from ewm.evaluation.results import METRICS
from ewm.formats import thinking
from ewm.formats.prediction import Prediction, Truth
from ewm.scoring.faithfulness import faithfulness
from ewm.scoring.metrics import score

WHOLE = ("exact", "path_exact", "output", "final_state", "exception", "parse")

Scores = dict[str, float | None]
Guess = Callable[[Truth], str]


@dataclass(frozen=True)
class Scored:
    """An answer and its metrics."""

    text: str
    tokens: int
    cut: bool
    scores: Scores
    divergence: int | None = None
    divergence_kind: str | None = None


@dataclass(frozen=True)
class Item:
    """`adapter` is None when the base model was asked alone; `baselines`: scores of guesses that execute nothing."""

    benchmark: str
    id: str
    family: str
    level: str
    source: str
    task: str
    complete: bool
    base: Scored
    adapter: Scored | None
    baselines: dict[str, Scores]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Item:
        adapter = Scored(**row["adapter"]) if row["adapter"] else None
        return cls(**{**row, "base": Scored(**row["base"]), "adapter": adapter})


def item(benchmark: str, example: Example, base: Answer, adapter: Answer | None, guesses: Mapping[str, Guess]) -> Item:
    """Score both answers, and the guesses, against the example's truth."""
    truth = example.truth
    return Item(
        benchmark=benchmark,
        id=example.id,
        family=example.program.family,
        level=example.program.level,
        source=example.source,
        task=example.task,
        complete=truth.complete,
        base=scored(base, truth),
        adapter=scored(adapter, truth) if adapter else None,
        baselines={name: _metrics(_guessed(guess, truth), truth)[0] for name, guess in guesses.items()},
    )


def _guessed(guess: Guess, truth: Truth) -> str:
    """The guess as a completion; for task=reason that of the trace, then that of the result."""
    if truth.task != "reason":
        return guess(truth)
    return thinking.join(guess(truth), f"[ANSWER]{guess(replace(truth, task='output'))}[/ANSWER]")


def scored(answer: Answer, truth: Truth) -> Scored:
    """Metrics of one answer. task=reason: of the thought, which is the trace, and the answer after it."""
    text = thinking.counted(truth.task, answer.thinking, answer.text)
    scores, found = _metrics(text, truth)
    scores["faithful"] = faithfulness(answer.thinking, truth)
    if answer.cut:
        wrong = (*WHOLE, "prefix") if truth.task == "output" else WHOLE
        scores = {name: 0.0 if name in wrong and value is not None else value for name, value in scores.items()}
    at, kind = found.get("divergence"), found.get("divergence_kind")
    return Scored(text, answer.tokens, answer.cut, scores, None if at is None else int(at), str(kind) if kind else None)


def _metrics(text: str, truth: Truth) -> tuple[Scores, dict[str, Any]]:
    prediction: Prediction = formats.parse(text, truth.task, truth.format)
    found: dict[str, Any] = dict(score(prediction, truth))
    scores: Scores = {name: found.get(name) for name in METRICS}
    if not truth.complete:
        scores["exact"] = None
    return {name: None if value is None else float(value) for name, value in scores.items()}, found
