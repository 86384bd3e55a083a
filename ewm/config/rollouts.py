"""GRPO's part of the check: groups, batches and checkpoints, and what moves the weights."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any

from ewm.config import library
from ewm.config.errors import did_you_mean
from ewm.config.schema import TrainConfig

OF_TORCH = ("adamw_torch", "adamw_torch_fused", "adafactor", "sgd", "adagrad", "rmsprop")
FROM_A_PACKAGE = {  # part of an optimizer's name: what it wants; the first that fits
    "galore": "galore_torch", "apollo": "apollo_torch", "lomo": "lomo_optim", "grokadamw": "grokadamw",
    "schedule_free": "schedulefree", "stable_adamw": "optimi", "xla": "torch_xla", "npu": "torch_npu",
    "anyprecision": "torchdistx", "torch_4bit": "torchao", "torch_8bit": "torchao", "": "bitsandbytes",
}  # fmt: skip
WANT_EVALUATION = ("reduce_lr_on_plateau", "greedy")  # they move when an evaluation says so, and there is none
WANT_KWARGS = {  # transformers/optimization.py: what get_scheduler raises without
    "cosine_with_min_lr": ("min_lr", "min_lr_rate"),
    "cosine_warmup_with_min_lr": ("min_lr", "min_lr_rate"),
    "warmup_stable_decay": ("num_decay_steps",),
}


def grpo(cfg: TrainConfig) -> Iterator[str]:
    """How completions are cut into groups, batches and checkpoints, and what moves the weights."""
    g = cfg.grpo
    if cfg.learns_by != "grpo":
        return
    cycle = g.steps_per_generation or g.gradient_accumulation_steps
    ranks = int(os.environ.get("WORLD_SIZE", "1"))
    batch = g.per_device_train_batch_size * cycle * ranks
    if batch > 0 and g.num_generations > 1 and batch % g.num_generations:
        possible = ", ".join(str(n) for n in range(2, batch + 1) if batch % n == 0) or "none, make the batch larger"
        yield (
            f"grpo.num_generations={g.num_generations} does not divide the generation batch of {batch} completions"
            f"{f' of {ranks} ranks' if ranks > 1 else ''}. Possible here: {possible}."
        )
    yield from _cycles(cfg)
    if g.loss_type == "luspo" and g.importance_sampling_level != "sequence":
        yield "grpo.loss_type=luspo wants grpo.importance_sampling_level=sequence."
    if g.loss_type == "vespo" and g.importance_sampling_level != "token":
        yield "grpo.loss_type=vespo wants grpo.importance_sampling_level=token."
    yield from _optimizer(g.optim)
    yield from _schedule(cfg)


def _schedule(cfg: TrainConfig) -> Iterator[str]:
    g, given = cfg.grpo, cfg.grpo.extra.get("lr_scheduler_kwargs") or {}
    given = given if isinstance(given, dict) else {}  # said already
    yield from _of_schedule(g.lr_scheduler_type, given)
    if wanted := WANT_KWARGS.get(g.lr_scheduler_type):
        if not any(name in given for name in wanted):
            yield (
                f"grpo.lr_scheduler_type={g.lr_scheduler_type}: wants {' or '.join(wanted)}, say "
                f"+grpo.extra.lr_scheduler_kwargs.{wanted[-1]}={10 if wanted[-1].startswith('num') else 0.1}."
            )
        return
    schedules = [name for name in library.schedules() if name not in (*WANT_EVALUATION, *WANT_KWARGS)]
    if schedules and g.lr_scheduler_type not in schedules:
        near = did_you_mean(g.lr_scheduler_type, schedules)
        yield f"grpo.lr_scheduler_type={g.lr_scheduler_type}: no such choice.{near} Possible: {', '.join(schedules)}."


def _of_schedule(name: str, given: dict[str, Any]) -> Iterator[str]:
    """What a schedule is told beside its steps."""
    known = library.schedule_arguments(name)
    for key, value in given.items():
        where = f"grpo.extra.lr_scheduler_kwargs.{key}"
        if known is not None and key not in known:
            there = f"Possible: {', '.join(sorted(known))}." if known else "It takes none."
            yield f"{where}: grpo.lr_scheduler_type={name} has no such key.{did_you_mean(key, known)} {there}"
        elif not key.endswith("type") and (isinstance(value, bool) or not isinstance(value, int | float)):
            yield f"{where}={value}: wants a number."


def _cycles(cfg: TrainConfig) -> Iterator[str]:
    """Completions made once serve a whole cycle of steps; a checkpoint inside it could not be resumed equally."""
    g = cfg.grpo
    generation, accumulation = g.steps_per_generation or g.gradient_accumulation_steps, g.gradient_accumulation_steps
    batches = generation * g.num_iterations
    if min(batches, accumulation, g.save_steps) < 1:
        return  # said already
    if batches % accumulation:
        yield (
            f"grpo.steps_per_generation={generation} x grpo.num_iterations={g.num_iterations} is no multiple of "
            f"grpo.gradient_accumulation_steps={accumulation}. Possible: grpo.steps_per_generation=null."
        )
    elif g.save_steps % (steps := batches // accumulation):
        yield (
            f"grpo.save_steps={g.save_steps} falls inside a generation cycle of {steps} steps: a resumed run would "
            f"differ. Possible here: multiples of {steps}, say {math.ceil(g.save_steps / steps) * steps}."
        )


def _optimizer(name: str) -> Iterator[str]:
    known = library.optimizers()
    if not known or name in OF_TORCH:
        return
    if name not in known:
        yield f"grpo.optim={name}: no such choice.{did_you_mean(name, known)} Possible: {', '.join(OF_TORCH)}."
        return
    package = next(package for part, package in FROM_A_PACKAGE.items() if part in name)
    if not library.installed(package):
        yield f"grpo.optim={name}: {package} is not installed. Possible here: {', '.join(OF_TORCH)}."
