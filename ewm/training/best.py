"""What the evaluations of a GRPO stage have said, and the weights that did best: validation.json and best/.

Both lie beside the checkpoints and outlive them. best/ holds what `outcome.write` leaves, with best.json: its step,
the metric and the figure; it is replaced as a whole. A run that goes on from a checkpoint forgets what was said beyond
it and measures again; it ends as if it had not been cut.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ewm.run import write_atomic
from ewm.training import checkpoints, outcome

if TYPE_CHECKING:
    from ewm.models import Model


@dataclass(frozen=True)
class Evaluation:
    """`right`: of each example, None where its truth is incomplete."""

    step: int
    values: dict[str, float]
    right: Sequence[int | None]


class History:
    """Evaluations in order of their step, those up to `since` taken over from the file."""

    def __init__(self, folder: Path, since: int) -> None:
        self.path = folder / "validation.json"
        rows = json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else []
        self.evaluations = [Evaluation(**row) for row in rows if row["step"] <= since]

    def has(self, step: int) -> bool:
        return any(one.step == step for one in self.evaluations)

    def add(self, evaluation: Evaluation, keep: bool = True) -> None:
        """`keep`: in the file too."""
        self.evaluations.append(evaluation)
        if keep:
            write_atomic(self.path, json.dumps([asdict(one) for one in self.evaluations]) + "\n")

    def waited(self, metric: str) -> int:
        """Evaluations since the best one; the earlier of two equal ones is the best."""
        values = [one.values[metric] for one in self.evaluations]
        return len(values) - 1 - values.index(max(values)) if values else 0


@dataclass(frozen=True)
class Best:
    """The weights with the highest `metric`."""

    folder: Path
    metric: str

    @property
    def said(self) -> dict[str, Any] | None:
        """{"step", "metric", "value"} of what lies there."""
        path = self.folder / "best.json"
        found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        return found if found is not None and found["metric"] == self.metric else None

    def offer(self, model: Model, step: int, value: float) -> bool:
        """Whether it is the best so far, and was kept. The same step again is: a run that was cut comes by twice."""
        said = self.said
        if said is not None and said["step"] != step and value <= said["value"]:
            return False
        with checkpoints.replacing(self.folder) as partial:
            outcome.write(model, partial)
            text = json.dumps({"step": step, "metric": self.metric, "value": value}) + "\n"
            (partial / "best.json").write_text(text, encoding="utf-8")
        return True
