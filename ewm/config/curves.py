"""Held-out curves in training: what they want, and what hangs on them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ewm.config.errors import did_you_mean
from ewm.config.schema import TrainConfig

LEVEL = re.compile(r"validation/level/.+/exact")  # which levels there are is known when the split is built


def held_out(cfg: TrainConfig) -> Iterator[str]:
    """Evaluations that nobody makes, figures that nobody logs."""
    g = cfg.grpo
    if cfg.learns_by != "grpo":
        return
    if g.eval_steps and not cfg.data.num_validation:
        yield f"grpo.eval_steps={g.eval_steps} wants data.num_validation above 0. Possible: grpo.eval_steps=0."
    if not g.eval_steps:
        for key in ("load_best_model_at_end", "early_stopping_patience"):
            if value := getattr(g, key):
                yield f"grpo.{key}={str(value).lower()}: nothing is evaluated. Give grpo.eval_steps, say 50."
        return
    k = g.eval_k or g.num_generations_eval
    if k > g.num_generations_eval:
        yield f"grpo.eval_k={k}: of {g.num_generations_eval} samples. Possible: up to grpo.num_generations_eval."
    names = ("validation/pass@1", f"validation/pass@{k}", "validation/reward", "validation/known/exact")
    if g.metric_for_best_model not in names and not LEVEL.fullmatch(g.metric_for_best_model):
        yield (
            f"grpo.metric_for_best_model={g.metric_for_best_model}: never logged."
            f"{did_you_mean(g.metric_for_best_model, names)} Possible: {', '.join(dict.fromkeys(names))}, "
            "validation/level/LEVEL/exact."
        )
