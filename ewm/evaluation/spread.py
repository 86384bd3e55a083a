"""How much the reward of one item spreads over samples of the current model: what has no spread teaches GRPO nothing.

One row an example, {"id", "mean", "std", "best"}, after a head that says what was measured: model, hash of its weights,
k, temperature, reward. `std` is the sample standard deviation over the k completions, as TRL scales rewards by it. The
file is written a chunk at a time; the same call goes on from what is there. Data reads it (data.spread).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from ewm.config.errors import ConfigError
from ewm.config.schema import EngineConfig, GenerationConfig
from ewm.data.example import Example
from ewm.evaluation import answers
from ewm.formats import thinking
from ewm.formats.prediction import Truth

SCHEMA = 1
Reward = Callable[..., Any]  # (completion, truth, cut=...) -> a Score


def head(model: Any, generation: GenerationConfig, reward: str, seed: int, items: int) -> dict[str, Any]:
    """What a spread belongs to; a file with fewer rows than `items` is not finished."""
    return {
        "schema": SCHEMA,
        "items": items,
        "model": model.cfg.name,
        "weights": answers.fingerprint(model.model, adapter=model.has_adapter),
        "k": generation.n,
        "temperature": generation.temperature,
        "top_p": generation.top_p,
        "top_k": generation.top_k,
        "max_new_tokens": generation.max_new_tokens,
        "reward": reward,
        "seed": seed,
    }


def measure(
    examples: Sequence[Example],
    ask: Callable[[Sequence[Example]], list[list[Any]]],
    reward: Reward,
    about: dict[str, Any],
    path: Path,
    size: int,
    advance: Callable[[int], None] = lambda done: None,
) -> list[dict[str, Any]]:
    """The rows, in the order of the examples. `ask` gives each one's k completions; `size` examples are asked at once.

    ConfigError if the file holds another measurement.
    """
    rows = list(answers.read_rows(path))
    if rows and rows[0] != about:
        raise ConfigError(f"{path} holds the spread of something else: {json.dumps(rows[0])}. Name another file.")
    if not rows:
        answers.append_rows(path, [about])
    known = {row["id"]: row for row in rows[1:]}
    for chunk in answers.chunks(examples, size):
        missing = [e for e in chunk if e.id not in known]
        if missing:
            fresh = [_row(e, found, reward) for e, found in zip(missing, ask(missing), strict=True)]
            answers.append_rows(path, fresh)
            known.update({row["id"]: row for row in fresh})
        advance(len(chunk))
    return [known[e.id] for e in examples]


def asker(
    model: Any, generate: Callable[..., Any], generation: GenerationConfig, engine: EngineConfig, seed: int
) -> Callable[[Sequence[Example]], list[list[Any]]]:
    """Ask the model as it stands for k completions each."""
    return lambda examples: generate(model, [e.messages for e in examples], generation, engine, seed=seed)


def _row(example: Example, completions: Sequence[Any], reward: Reward) -> dict[str, Any]:
    truth: Truth = example.truth
    said = [(thinking.counted(truth.task, c.thinking, c.text), c.cut) for c in completions]
    totals = [float(reward(text, truth, cut=cut).total) for text, cut in said]
    return {
        "id": example.id,
        "mean": round(fmean(totals), 6),
        "std": round(stdev(totals), 6),
        "best": round(max(totals), 6),
    }
