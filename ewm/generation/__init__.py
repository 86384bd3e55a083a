"""Completions from a model, whichever engine makes them: transformers (hf), vLLM, or an OpenAI-compatible server.

    generate(model, prompts, cfg.generation, cfg.engine, seed=cfg.seed)   -> for each prompt its cfg.n completions

vllm_server is the one that TRL trains with: when training has ended, the model in this process answers, as with hf.
Greedy when the temperature is 0. A sampled completion depends on the seed, its prompt and its number only. An engine
is imported when it is asked for; one that is not here is a ConfigError.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence

from ewm.config import ConfigError
from ewm.config.schema import EngineConfig, GenerationConfig
from ewm.generation.completion import Completion
from ewm.models import Model

__all__ = ["Completion", "generate"]

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
    if engine.name not in ENGINES:
        raise ConfigError(f"engine.name={engine.name}: no such engine. Possible: {', '.join(ENGINES)}.")
    if not prompts:
        return []
    chosen = importlib.import_module(f"ewm.generation.{ENGINES[engine.name]}")
    return chosen.complete(model, prompts, cfg, engine, seed, advance or (lambda done: None))
