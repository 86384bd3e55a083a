"""A budget of FLOPs on a GRPO run: where it ends, and how its rate falls. Without a budget nothing here acts."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from transformers import TrainerCallback, get_scheduler

from ewm.training.flops import Ledger

ENDLESS = 10**9  # steps: the budget ends the run
PARTS = 10_000  # of a budget, as a scheduler's steps


class Spending(TrainerCallback):
    """Ends training with the step that spends the budget. The ledger, each rank's own within a step, is the sum of all
    ranks from before the optimizer moves: rates and ends are the same everywhere."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.summed = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.summed = self.ledger.spent

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if dist.is_initialized():
            own = torch.tensor(self.ledger.spent - self.summed, dtype=torch.float64, device=args.device)
            dist.all_reduce(own)
            self.ledger.spent = self.summed + float(own)
        self.summed = self.ledger.spent

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.ledger.exhausted:
            control.should_training_stop = True


def scheduler(name: Any, optimizer: Any, warmup: int, ledger: Ledger, kwargs: Any) -> torch.optim.lr_scheduler.LambdaLR:
    """The schedule called `name` over the share of the budget that is spent; `warmup` is in steps."""
    given = kwargs if isinstance(kwargs, dict) else None
    made = get_scheduler(name, optimizer, 0, PARTS, scheduler_specific_kwargs=given)
    (factor, *_) = made.lr_lambdas  # type: ignore[attr-defined]
    for group in optimizer.param_groups:  # as the one just made has found them
        group["lr"] = group.pop("initial_lr")
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: factor(int(PARTS * ledger.share)) * (min(1.0, step / warmup) if warmup else 1.0)
    )
