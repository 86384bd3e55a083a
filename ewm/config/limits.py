"""What a single value may be: choices and ranges of the schema's keys, by section."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any

from ewm.config.errors import did_you_mean

CHOICES: dict[str, tuple[str, ...]] = {
    "model.init": ("pretrained", "scratch"),
    "model.prompt_style": ("short", "sentence"),
    "model.dtype": ("auto", "float32", "bfloat16"),
    "model.quantization": ("nf4",),
    "trace.isolation": ("auto", "L0", "L1", "L2", "L3"),
    "trace.require": ("L0", "L1", "L2", "L3"),
    "task.name": ("trace", "output", "reason", "mixed"),
    "format.name": ("delta", "cwm", "ellora"),
    "data.pool": ("auto", "here", "processes", "ray"),
    "sft.optimizer": ("adamw", "muon"),
    "algo.name": ("grpo", "sft", "rejection"),
    # trl/trainer/grpo_trainer.py, compute_loss; a wrong one fails there only after the first generation
    "grpo.loss_type": ("dapo", "grpo", "dr_grpo", "bnpo", "cispo", "sapo", "vespo", "luspo"),
    "grpo.importance_sampling_level": ("token", "sequence"),
    "grpo.scale_rewards": ("group", "batch", "none"),
    "engine.name": ("hf", "vllm", "vllm_colocate", "vllm_server", "openai"),
    "generation.constrain": ("none",),
    "selfgen.mode": ("prequery", "prompted", "both"),
    "hardware.device": ("auto", "cpu", "cuda"),
}

# fmt: off
AT_LEAST_ONE = {
    "lora": ("r", "lora_alpha"),
    "data": ("num_train", "max_prompt_tokens", "max_target_tokens", "per_family", "shard"),
    "model": ("max_length",),
    "trace": ("max_events", "max_elements", "max_chars", "max_depth", "batch", "cache_disk_mb"),
    "sft": ("max_steps", "tokens_per_step", "ranks", "checkpoint_every"),
    "algo": ("max_steps", "tokens_per_step", "checkpoint_every", "rounds", "prompts", "epochs"),
    "grpo": (
        "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps", "num_iterations", "logging_steps",
        "steps_per_generation", "max_completion_length", "save_steps", "save_total_limit",
        "max_eval_samples", "num_generations_eval", "eval_k", "early_stopping_patience",
    ),
    "engine": ("batch_size",),
    "generation": ("n", "max_new_tokens"),
    "selfgen": ("batch", "patience"),
    "": ("benchmark_items", "n"),
}
NOT_NEGATIVE = {
    "data": ("num_validation", "workers", "seed", "min_reward_std"),
    "trace": ("workers", "max_output", "cache_mb"),
    "sft": ("weight_decay", "warmup_steps", "loss_on_prompt", "threads"),
    "algo": ("weight_decay", "warmup_steps"),
    "grpo": ("warmup_steps", "beta", "top_k", "epsilon", "log_completions_every", "eval_steps"),
    "generation": ("temperature", "top_k"),
    "hardware": ("threads",),
    "selfgen.filter": ("min_lines", "min_assignments", "min_operations", "max_range", "min_steps", "min_variables"),
}
POSITIVE = {
    "trace": ("cpu_s",),
    "sft": ("max_minutes", "learning_rate", "embedding_learning_rate", "max_grad_norm"),
    "algo": ("flops", "learning_rate", "max_grad_norm"),
    "grpo": ("learning_rate", "temperature", "max_grad_norm"),
}
# fmt: on

SYSTEM = 1 << 40  # what the system takes as a limit, also of MiB in bytes


def _each(keys: dict[str, tuple[str, ...]], *limit: Any) -> dict[str, tuple[float, bool, float]]:
    names = (f"{section}.{name}".lstrip(".") for section, leaves in keys.items() for name in leaves)
    return dict.fromkeys(names, limit)  # type: ignore[return-value]


# key: (least value, whether that value itself is allowed, greatest value)
RANGES: dict[str, tuple[float, bool, float]] = {
    **_each(AT_LEAST_ONE, 1, True, math.inf),
    **_each(NOT_NEGATIVE, 0, True, math.inf),
    **_each(POSITIVE, 0, False, math.inf),
    **_each({"trace": AT_LEAST_ONE["trace"]}, 1, True, SYSTEM),
    **_each({"trace": NOT_NEGATIVE["trace"]}, 0, True, SYSTEM),
    "trace.cpu_s": (0, False, SYSTEM),
    "trace.memory_mb": (16, True, 2**40),  # less leaves no room for a thread: isolation would not be found
    "grpo.num_generations": (2, True, math.inf),
    "seed": (0, True, 2**31 - 1),  # what every library takes
    "lora.lora_dropout": (0, True, 1),
    "sft.decay_share": (0, True, 1),
    "algo.decay_share": (0, True, 1),
    "algo.accept": (0, False, 1),
    "sft.ema": (0, False, 1),
    "data.near": (0, False, 1),
    "selfgen.filter.near": (0, False, 1),
    "grpo.top_p": (0, False, 1),
    "generation.top_p": (0, False, 1),
}

PATHS = ("trace.read_paths", "trace.sys_path")


def get(cfg: Any, key: str) -> Any:
    """The value at a dotted key; None where this config has no such section."""
    for name in key.split("."):
        cfg = getattr(cfg, name, None)
    return cfg


def values(cfg: Any) -> Iterator[str]:
    """Single values outside their choice or range."""
    for key, allowed in CHOICES.items():
        value = get(cfg, key)
        if value is not None and value not in allowed:
            yield f"{key}={value}: no such choice.{did_you_mean(str(value), allowed)} Possible: {', '.join(allowed)}."
    for key, (least, inclusive, most) in RANGES.items():
        value = get(cfg, key)
        if isinstance(value, float) and not math.isfinite(value):
            yield f"{key}={value}: wants a finite number."
            continue
        if value is None or (least < value <= most) or (inclusive and value == least):
            continue
        bounds = [f"at least {least}" if inclusive else f"above {least}"]
        if most == SYSTEM:  # that there is such a bound is only of interest beyond it
            bounds = bounds if value < most else [f"at most {most}"]
        elif most < math.inf:
            bounds.append(f"at most {most}")
        yield f"{key}={value}: must be {' and '.join(bounds)}."
    for key in PATHS:
        for path in get(cfg, key) or ():
            if why := _no_path(path, folder=key == "trace.sys_path"):
                yield f"{key}={path}: {why}."


def _no_path(path: Any, folder: bool) -> str:
    """Why a traced program cannot be shown this; nothing if it can."""
    if not isinstance(path, str) or not os.path.isabs(path):
        return "must be an absolute path"
    if "\0" in path or os.path.normpath(path) != path.rstrip("/") or os.path.realpath(path) == "/":
        return "must be a plain path, without '..', to something inside '/'"
    if not os.path.exists(path):
        return "does not exist"
    return "is no folder" if folder and not os.path.isdir(path) else ""
