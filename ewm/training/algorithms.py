"""`learn`: the algorithm that a config names, after any warm start, on the same model, data, reward and budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ewm import ranks, training
from ewm.config.schema import TrainConfig
from ewm.training.judge import Reward
from ewm.training.progress import Board

if TYPE_CHECKING:
    from ewm.models import Model


def learn(
    model: Model, examples: Any, validation: Any, cfg: TrainConfig, reward: Reward, record: Any,
    board: Board | None = None,
) -> None:  # fmt: skip
    """Train `model` in place; what was trained, by a warm start alone too, lies in the run's folder afterwards.

    `validation`: for GRPO's held-out curves; None without them.
    """
    algo, grpo, seed, engine = cfg.algo, cfg.grpo, cfg.seed, cfg.engine
    match cfg.learns_by:
        case "grpo":  # keeps what it made itself
            training.reinforce(model, examples, grpo, reward, record, seed, engine, board, validation, algo.flops)
            return
        case "sft":
            training.tune(model, examples, algo, record, seed, board)
        case "rejection":
            training.reject(model, examples, algo, grpo, reward, record, seed, engine, board)
    if ranks.leads():
        training.keep(model, record.folder)
