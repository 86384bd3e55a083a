"""What a training has spent, in FLOPs, so that unlike algorithms can be given the same.

2 N a token that goes forward or is generated, 4 N a token that goes backward. N counts the weights that a token is
multiplied by: every parameter, the adapter's included, but the embedding table, which is only looked up; where the
head is that table, it counts once, as the head. N is the same in every phase (a rollout through merged weights, a
backward pass that leaves the base alone), as is usual; attention's own products are left out.

Tokens are those that really go through the model: no padding; a prompt that a group shares is counted once where it
runs once; a completion that earns no gradient goes no way back. What gradient checkpointing runs again is not counted,
nor are evaluations.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "flops.json"  # of a checkpoint


@dataclass
class Ledger:
    """`parameters`: N. `budget`: None is without end."""

    parameters: int
    budget: float | None = None
    spent: float = 0.0

    @classmethod
    def of(cls, model: Any, budget: float | None = None) -> Ledger:
        """For a transformers model, PEFT's wrapper on or off."""
        return cls(passed(model), budget)

    def forward(self, tokens: float) -> None:
        """Also what is generated."""
        self.spent += 2.0 * self.parameters * tokens

    def backward(self, tokens: float) -> None:
        self.spent += 4.0 * self.parameters * tokens

    def save(self, checkpoint: Path) -> None:
        (checkpoint / FILE).write_text(json.dumps({"spent": self.spent}) + "\n")

    def restore(self, checkpoint: Path) -> None:
        self.spent = float(json.loads((checkpoint / FILE).read_text())["spent"])

    @property
    def share(self) -> float:
        """Of the budget, 0 to 1; 0 without one."""
        return min(1.0, self.spent / self.budget) if self.budget else 0.0

    @property
    def exhausted(self) -> bool:
        return self.share >= 1.0


def passed(model: Any) -> int:
    """N: the parameters that a token is multiplied by."""
    table, head = model.get_input_embeddings(), model.get_output_embeddings()
    looked_up = set() if table is None else {id(p) for p in table.parameters()}
    multiplied = set() if head is None else {id(p) for p in head.parameters()}
    return sum(_size(p) for p in model.parameters() if id(p) not in looked_up - multiplied)


def _size(parameter: Any) -> int:
    """Numbers, where bitsandbytes packs two 4-bit ones into a byte."""
    packed = type(parameter).__name__ == "Params4bit"
    return int(parameter.numel()) * (2 if packed else 1)
