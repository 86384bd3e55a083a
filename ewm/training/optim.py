"""Optimizers and the learning rate: Muon for matrices, AdamW for the rest.

Muon moves each matrix along its orthogonalised momentum; matrices of one shape go through one batched iteration in
bfloat16. Its step is scaled to the size of AdamW's (0.2 sqrt(longer side), Moonlight, arXiv 2502.16982), so that both
take similar learning rates. The schedule is a function of progress alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from ewm.config.schema import SftConfig

ITERATION = (3.4445, -4.7750, 2.0315)  # Newton-Schulz coefficients of Muon (Keller Jordan)


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised by Newton-Schulz."""

    def __init__(
        self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0, rounds: int = 5
    ) -> None:
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay, rounds=rounds))

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            shapes: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for p in group["params"]:
                if p.grad is not None:
                    shapes[p.shape].append(p)
            for shape, params in shapes.items():
                self._move(params, group, 0.2 * max(shape) ** 0.5)

    def _move(self, params: list[Tensor], group: dict[str, Any], scale: float) -> None:
        for p in params:
            if not self.state[p]:
                self.state[p]["momentum"] = torch.zeros_like(p)
        grads = [p.grad for p in params if p.grad is not None]
        means = [self.state[p]["momentum"] for p in params]
        torch._foreach_lerp_(means, grads, 1 - group["momentum"])
        ahead = torch._foreach_lerp(grads, means, group["momentum"])
        moves = orthogonal(torch.stack(ahead), group["rounds"]).to(params[0].dtype)
        if group["weight_decay"]:
            torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(params, list(moves.unbind()), alpha=-group["lr"] * scale)


def orthogonal(x: Tensor, rounds: int = 5) -> Tensor:
    """[count, rows, columns] -> roughly the nearest semi-orthogonal matrices, in bfloat16."""
    a, b, c = ITERATION
    tall = x.shape[-2] > x.shape[-1]
    x = (x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)).bfloat16()
    x = x.mT.contiguous() if tall else x
    for _ in range(rounds):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x


def optimizers(model: nn.Module, cfg: SftConfig) -> list[torch.optim.Optimizer]:
    """Matrices under `learning_rate`; embeddings and vectors under `embedding_learning_rate`."""
    matrices: list[Tensor] = []
    rest: list[Tensor] = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            (matrices if p.ndim == 2 and "embed" not in name and "lm_head" not in name else rest).append(p)
    out: list[torch.optim.Optimizer] = []
    groups = [{"params": rest, "lr": cfg.embedding_learning_rate}] if rest else []
    if cfg.optimizer == "muon":
        out.append(Muon(matrices, cfg.learning_rate, weight_decay=cfg.weight_decay))
    else:
        groups.append({"params": matrices, "lr": cfg.learning_rate, "weight_decay": cfg.weight_decay})
    if groups:
        out.append(torch.optim.AdamW(groups, betas=(0.9, 0.95), weight_decay=0.0, fused=True))
    for optimizer in out:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return out


def rate(step: int, progress: float, cfg: SftConfig) -> float:
    """Share of the peak rate: warmup by steps, then constant, then linear to zero over the last `decay_share`."""
    warm = min(1.0, (step + 1) / max(1, cfg.warmup_steps))
    left = max(0.0, 1.0 - progress)
    return warm * (min(1.0, left / cfg.decay_share) if cfg.decay_share else 1.0)
