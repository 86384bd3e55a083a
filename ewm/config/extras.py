"""Keys that go through to TRL and PEFT: that they exist, that their values are of the library's own type and range, and
what cannot work here. TRL says most of it too, but after the model has been loaded, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ewm.config import library
from ewm.config.errors import did_you_mean
from ewm.config.schema import TrainConfig
from ewm.config.signature import WORDS

SET_BY = {  # TRL's keys that follow from keys of this project
    "output_dir": "name and output_dir",
    "seed": "seed",
    "data_seed": "seed",
    "reward_weights": "reward.terms.NAME.weight",
    "multi_objective_aggregation": "reward, whose terms make one number",
    "generation_batch_size": "grpo.per_device_train_batch_size and grpo.steps_per_generation",
    "use_cpu": "hardware.device",
    "use_vllm": "engine",
    "vllm_mode": "engine",
    "vllm_server_base_url": "engine.base_url",
    "model_init_kwargs": "model",
    "chat_template_kwargs": "model.thinking",
    "log_completions": "grpo.log_completions_every",
    "log_completions_hub_repo": "grpo.log_completions_every",
    "num_completions_to_print": "grpo.log_completions_every",
    "logging_strategy": "grpo.logging_steps",
    "save_strategy": "grpo.save_steps",
    "num_train_epochs": "grpo.max_steps",
    "eval_strategy": "grpo.eval_steps",
    "do_eval": "grpo.eval_steps",
    "eval_on_start": "grpo.eval_steps: the first evaluation is before the first step",
    "per_device_eval_batch_size": "engine.batch_size",
}
FIXED = {
    "report_to": "tensorboard/ and metrics.jsonl are always written",
    "disable_tqdm": "There is one progress bar",
    "greater_is_better": "Every figure under validation/ is better when it is higher",
    "push_to_hub": "The adapter lies in the run's folder",
    "resume_from_checkpoint": "The same command goes on",
    "ignore_data_skip": "A resumed run goes on where it was",
    "save_only_model": "A checkpoint has all that an equal end wants",
    "shuffle_dataset": "Every epoch has its own order, drawn from seed",
    "remove_unused_columns": "The reward looks its truth up in the data",
    "label_smoothing_factor": "GRPO has no labels",
    "max_tool_calling_iterations": "No tools are offered",
}
CANNOT = {  # key: why, and what would do
    "auto_find_batch_size": "a smaller batch would cut groups. Possible: a smaller grpo.per_device_train_batch_size.",
    "deepspeed": "checkpoints and rollouts want whole weights. Possible: accelerate launch with plain ranks.",
    "fsdp": "checkpoints and rollouts want whole weights. Possible: accelerate launch with plain ranks.",
    "cast_lm_head_to_fp32": "TRL does not find the head under an adapter. Possible: model.dtype=float32.",
}
WITHIN: dict[str, tuple[float, float]] = {  # least and greatest; both ends allowed
    "min_p": (0, 1), "top_entropy_quantile": (0, 1), "ref_model_mixup_alpha": (0, 1), "warmup_ratio": (0, 1),
    "adam_beta1": (0, 0.999999), "adam_beta2": (0, 0.99999999), "weight_decay": (0, 1e9), "epsilon_high": (0, 1e9),
    "repetition_penalty": (1e-6, 1e9), "sapo_temperature_neg": (1e-6, 1e9), "sapo_temperature_pos": (1e-6, 1e9),
    "entropy_coef": (0, 1e9), "adam_epsilon": (0, 1),
}  # fmt: skip
BIAS = ("none", "all", "lora_only")  # peft/tuners/lora/config.py
INIT = ("gaussian", "pissa", "olora", "orthogonal", "loftq")  # those of PEFT's that want no data of their own
NUMBERED_INIT = re.compile(r"pissa_niter_\d+")
ARGUMENTS = re.compile(r"\s*\w+\s*=\s*[^,=]+(,\s*\w+\s*=\s*[^,=]+)*\s*")  # optim_args, as transformers splits them
CACHES = ("dynamic", "static", "offloaded", "offloaded_static")


def extras(cfg: TrainConfig) -> Iterator[str]:
    """Each key by itself, then what they mean together."""
    for key, value in cfg.grpo.extra.items():
        if key in SET_BY:
            yield f"grpo.extra.{key}: not set here. It follows from {SET_BY[key]}."
        elif key in FIXED:
            yield f"grpo.extra.{key}: not set here. {FIXED[key]}."
        elif key in CANNOT and value:
            yield f"grpo.extra.{key}={value}: {CANNOT[key]}"
        else:
            yield from _extra("grpo", key, value, cfg.grpo, library.grpo_keys(), "TRL's GRPOConfig")
    for key, value in cfg.lora.extra.items():
        if key == "task_type":
            yield "lora.extra.task_type: not set here. It follows from the model."
        else:
            yield from _extra("lora", key, value, cfg.lora, library.lora_keys(), "PEFT's LoraConfig")
    yield from _together(cfg)
    yield from _adapter(cfg)


def _extra(name: str, key: str, value: Any, section: object, known: dict[str, str], owner: str) -> Iterator[str]:
    if key != "extra" and hasattr(section, key):
        yield f"{name}.extra.{key}: has a key of its own, {name}.{key}."
    elif known and key not in known:
        yield f"{name}.extra.{key}: {owner} has no such key.{did_you_mean(key, known)}"
    elif known and (wanted := _unfit(value, known[key])):
        yield f"{name}.extra.{key}={value}: wants {wanted}."
    elif name == "grpo" and key in WITHIN and isinstance(value, int | float):
        least, most = WITHIN[key]
        if not least <= value <= most:
            bounds = f"from {least:g} to {most:g}" if most < 1e9 else f"at least {least:g}"
            yield f"{name}.extra.{key}={value}: must be {bounds}."


def _unfit(value: Any, annotation: str) -> str:
    """What this annotation wants, in words; empty if the value fits, or if it is of a kind that is not checked."""
    if optional := re.fullmatch(r"Optional\[(.*)\]", annotation):
        annotation = f"{optional[1]} | None"
    options = re.sub(r"\[[^\[\]]*(\[[^\[\]]*\])?[^\[\]]*\]", "", annotation).replace(" ", "").split("|")
    plain = {"int": int, "float": float, "bool": bool, "str": str, "dict": dict, "list": list, "None": type(None)}
    if not options or any(option not in plain for option in options):
        return ""
    kinds = [plain[option] for option in options]
    whole = isinstance(value, int) and not isinstance(value, bool)
    if any(type(value) is kind for kind in kinds) or (float in kinds and whole):
        return ""
    return " or ".join("null" if kind is type(None) else WORDS[kind] for kind in kinds)


def _together(cfg: TrainConfig) -> Iterator[str]:
    """What a value means beside others, and on this machine."""
    g, extra = cfg.grpo, cfg.grpo.extra
    if extra.get("sync_ref_model") is True:
        if cfg.lora.enabled:
            yield "grpo.extra.sync_ref_model=true: with an adapter the reference stays. Possible: leave it out."
        elif g.beta == 0:
            yield "grpo.extra.sync_ref_model=true: grpo.beta=0 has no reference. Possible: leave it out."
    if extra.get("fp16") is True and g.bf16:
        yield "grpo.extra.fp16=true with grpo.bf16=true: one of them. Possible: grpo.bf16=false."
    for key in ("tf32", "fp16", "bf16_full_eval", "fp16_full_eval"):
        if extra.get(key) is True and (cfg.hardware.device == "cpu" or not library.cuda_devices()):
            yield f"grpo.extra.{key}=true needs a CUDA device. Possible here: leave it out."
    if extra.get("use_liger_kernel") is True and not library.installed("liger_kernel"):
        yield "grpo.extra.use_liger_kernel=true: liger_kernel is not installed. Possible: leave it out."
    if extra.get("router_aux_loss_coef") and not cfg.model.path:
        yield f"grpo.extra.router_aux_loss_coef: model={cfg.model.name} is no mixture of experts. Leave it out."
    if isinstance(extra.get("accelerator_config"), dict) and extra["accelerator_config"].get("dispatch_batches"):
        yield "grpo.extra.accelerator_config.dispatch_batches=true: prompts are no tensors. Possible: leave it out."
    if (cache := extra.get("cache_implementation")) is not None and cache not in CACHES:
        yield f"grpo.extra.cache_implementation={cache}: no such choice. Possible: {', '.join(CACHES)}."
    given = extra.get("optim_args")
    if isinstance(given, str) and not ARGUMENTS.fullmatch(given):
        yield f"grpo.extra.optim_args={given}: is written name=value,name=value."
    if isinstance(high := extra.get("epsilon_high"), int | float) and high < g.epsilon and g.loss_type != "cispo":
        yield f"grpo.extra.epsilon_high={high:g} is below grpo.epsilon={g.epsilon:g}. Possible: {g.epsilon:g} or more."
    if isinstance(delta := extra.get("delta"), int | float) and delta <= 1 + g.epsilon:
        yield f"grpo.extra.delta={delta:g}: bounds a ratio from above, beyond 1 + grpo.epsilon={1 + g.epsilon:g}."
    if cfg.learns_by == "grpo" and g.beta > 0 and not cfg.lora.enabled:
        yield "grpo.beta with lora=none: there is no second copy of the weights to stay near. Possible: grpo.beta=0."


def _adapter(cfg: TrainConfig) -> Iterator[str]:
    extra = cfg.lora.extra
    if cfg.learns_by == "grpo" and isinstance(cfg.lora.target_modules, list) and "lm_head" in cfg.lora.target_modules:
        yield "lora.target_modules=lm_head: TRL reads the head without its adapter. Possible: all-linear."
    if (bias := extra.get("bias", "none")) not in BIAS:
        yield f"lora.extra.bias={bias}: no such choice. Possible: {', '.join(BIAS)}."
    init = extra.get("init_lora_weights", True)
    if isinstance(init, str) and init not in INIT and not NUMBERED_INIT.fullmatch(init):
        yield f"lora.extra.init_lora_weights={init}: no such choice. Possible: true, false, {', '.join(INIT)}."
    layers = extra.get("layers_to_transform")
    if layers is not None and isinstance(cfg.lora.target_modules, str):
        yield "lora.extra.layers_to_transform wants names: lora.target_modules=[q_proj,v_proj], not a text."
    there = cfg.model.architecture.get("num_hidden_layers") if cfg.model.init == "scratch" else None
    for layer in layers if isinstance(layers, list) else [] if layers is None else [layers]:
        if not isinstance(layer, int) or layer < 0 or (there is not None and layer >= there):
            yield f"lora.extra.layers_to_transform={layer}: no such layer; they count from 0."
