"""Completions from a model, whichever engine makes them: transformers (hf), vLLM, or an OpenAI-compatible server.

    generate(model, prompts, cfg.generation, cfg.engine, seed=cfg.seed)   -> for each prompt its cfg.n completions
    extend(model, prefixes, cfg.generation, cfg.engine, seed=cfg.seed)    the same for bare text, a turn half written

vllm_server is the one that TRL trains with: when training has ended, the model in this process answers, as with hf.
Greedy when the temperature is 0. A sampled completion depends on the seed, its prompt and its number only. An engine
is imported when it is asked for; one that is not here is a ConfigError.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import ModuleType

from ewm.config import ConfigError
from ewm.config.schema import EngineConfig, GenerationConfig
from ewm.generation.completion import Completion
from ewm.models import Model

__all__ = ["Completion", "extend", "generate"]

ENGINES = {"hf": "hf", "vllm": "vllm", "vllm_colocate": "vllm", "vllm_server": "hf", "openai": "openai"}


def generate(
    model: Model,
    prompts: Sequence[Sequence[Mapping[str, str]]],
    cfg: GenerationConfig,
    engine: EngineConfig,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> list[list[Completion]]:
    """`cfg.n` completions for each prompt (chat messages), in order; `advance` hears how many more are done."""
    chosen = _chosen(engine)
    if not prompts:
        return []
    advance = advance or (lambda done: None)
    if not hasattr(chosen, "complete_ids"):  # a server has the template itself
        return chosen.complete(model, prompts, cfg, engine, seed, advance)  # type: ignore[no-any-return]
    ids = [model.encode(messages) for messages in prompts]
    read = partial(Completion.of, thinks=model.cfg.thinking)
    return chosen.complete_ids(model, ids, cfg, engine, seed, advance, read)  # type: ignore[no-any-return]


def extend(
    model: Model,
    prefixes: Sequence[str],
    cfg: GenerationConfig,
    engine: EngineConfig,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> list[list[Completion]]:
    """As `generate`, of prefixes without a template: special tokens in them are meant; nothing is taken for a thought.

    ConfigError for an engine that takes whole messages only.
    """
    chosen = _chosen(engine)
    if not hasattr(chosen, "complete_ids"):
        raise ConfigError(f"engine={engine.name} takes whole messages, no half-written turn. Possible: engine=hf.")
    if not prefixes:
        return []
    ids = [model.tokenizer(prefix, add_special_tokens=False)["input_ids"] for prefix in prefixes]
    return chosen.complete_ids(model, ids, cfg, engine, seed, advance or (lambda done: None), Completion)  # type: ignore[no-any-return]


def _chosen(engine: EngineConfig) -> ModuleType:
    if engine.name not in ENGINES:
        raise ConfigError(f"engine.name={engine.name}: no such engine. Possible: {', '.join(ENGINES)}.")
    return importlib.import_module(f"ewm.generation.{ENGINES[engine.name]}")
