"""The algorithm's part of the check: what SFT and rejection sampling cannot do, and a budget that nobody spends."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ewm.config.schema import TrainConfig

UNREAD = ("generation_kwargs", "min_p", "repetition_penalty", "cache_implementation")  # of grpo.extra, by our sampler


def algo(cfg: TrainConfig) -> Iterator[str]:
    """Engines, keys and launches that the chosen algorithm does not know."""
    name = cfg.algo.name
    if cfg.learns_by is None and cfg.algo.flops is not None:
        yield (
            f"algo.flops={cfg.algo.flops:g} with grpo.enabled=false: nothing would spend it. Possible: "
            "grpo.enabled=true, or algo=sft."
        )
    if name == "grpo" and cfg.algo.flops is not None and cfg.grpo.lr_scheduler_type == "warmup_stable_decay":
        yield (
            "grpo.lr_scheduler_type=warmup_stable_decay with algo.flops: it counts its last steps, and how many a "
            "budget has is not known. Possible: linear, cosine, constant."
        )
    if name == "rejection" and cfg.engine.name not in ("hf", "openai"):  # a server is refused for any training
        yield f"engine={cfg.engine.name} with algo=rejection: it samples in this process. Possible: engine=hf."
    if name == "rejection":
        for key in set(cfg.grpo.extra) & set(UNREAD):
            yield (
                f"grpo.extra.{key} with algo=rejection: it samples by grpo.temperature, grpo.top_p and grpo.top_k "
                "alone. Possible: leave it out, or algo=grpo."
            )
    if name in ("sft", "rejection") and (ranks := int(os.environ.get("WORLD_SIZE", "1"))) > 1:
        yield f"algo={name} on {ranks} ranks: it trains in one process. Possible: python train.py, or algo=grpo."
