"""An adapter trained on the data set's true answers: before another algorithm (`warm_start`) or instead (`tune`).

Both end with the same adapter when killed at any moment and started again, as sft.py does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ewm.config.schema import AlgoConfig, SftConfig
from ewm.training import checkpoints
from ewm.training.flops import Ledger
from ewm.training.packing import Encoded
from ewm.training.progress import Board, shown
from ewm.training.schedule import shuffled
from ewm.training.sft import Module, fit, plan_for

if TYPE_CHECKING:
    from ewm.models import Model


def warm_start(
    model: Model, dataset: Any, cfg: SftConfig, record: Any, seed: int = 0, board: Board | None = None
) -> Path | None:
    """Train the adapter inside `model` on the data set's true answers. The last checkpoint; None if disabled."""
    if not cfg.enabled:
        return None
    return _on_truth(model, dataset, cfg, record, seed, board, "sft", Ledger.of(model.model))


def tune(
    model: Model, dataset: Any, cfg: AlgoConfig, record: Any, seed: int = 0, board: Board | None = None
) -> Path | None:
    """algo=sft: the same by `algo`'s keys, to the end of its budget. Without an adapter, every weight is trained."""
    trainable(model)
    return _on_truth(model, dataset, steps_of(cfg), record, seed, board, "tuning", Ledger.of(model.model, cfg.flops))


def steps_of(cfg: AlgoConfig) -> SftConfig:
    """How `algo` takes its steps, as an SFT stage's config."""
    return SftConfig(
        enabled=True,
        max_steps=cfg.max_steps,
        tokens_per_step=cfg.tokens_per_step,
        learning_rate=cfg.learning_rate,
        embedding_learning_rate=cfg.learning_rate,
        weight_decay=cfg.weight_decay,
        warmup_steps=cfg.warmup_steps,
        decay_share=cfg.decay_share,
        max_grad_norm=cfg.max_grad_norm,
        checkpoint_every=cfg.checkpoint_every,
    )


def trainable(model: Model) -> None:
    """Every weight, where there is no adapter to train."""
    if not hasattr(model.model, "peft_config"):
        model.model.requires_grad_(True)


def _on_truth(
    model: Model, dataset: Any, cfg: SftConfig, record: Any, seed: int, board: Board | None, stage: str, ledger: Ledger
) -> Path | None:
    encoded: list[Encoded] = []
    for example in dataset.examples:
        prompt = len(model.encode(example.messages))
        encoded.append((model.encode(example.messages, example.target), prompt))
    if not encoded:
        raise ValueError("SFT needs at least one training example.")
    longest = max(len(ids) for ids, _ in encoded)
    plan = plan_for(cfg, Epochs(encoded, seed), 1, longest)
    folder = record.folder / "checkpoints" / stage
    share = (lambda: ledger.share) if ledger.budget else None
    with shown("SFT", cfg, record.log, board, stage=stage, share=share) as log:
        module = Module(model.model, cfg, folder, log, seed, stage=stage, ledger=ledger, share=share)
        module.model.train()
        fit(module, (step[0] for step in module.resumed(plan).packer()))
    module.model.eval()
    return checkpoints.latest(folder)


@dataclass(frozen=True)
class Epochs:
    """A finite list without end: epoch e is shuffled by (seed, e)."""

    examples: list[Encoded]
    seed: int

    def __call__(self, start: int) -> Iterator[Encoded]:
        return (self.examples[n] for n in shuffled(len(self.examples), self.seed, start))
