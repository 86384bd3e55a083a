"""What study.py asks a finished run beyond its own evaluation: the validation split, and eight samples an item."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from table import K

from ewm import data, generation, models
from ewm.config import compose
from ewm.config.schema import GenerationConfig, TrainConfig
from ewm.data import benchmarks
from ewm.data.example import Example
from ewm.evaluation.answers import Answer
from ewm.evaluation.comparison import Settings, load_examples
from ewm.evaluation.items import scored
from ewm.run import write_atomic


def validation(folder: Path, overrides: Sequence[str], n: int) -> float:
    """Share of exact greedy answers on `n` validation programs of the run's own sources."""
    cfg = compose(overrides)
    model = models.load(cfg.model, None, cfg.hardware)
    settings = replace(cfg.data, num_validation=n)
    count = model.without_weights().count_tokens
    made = data.build(settings, cfg.trace, cfg.task, cfg.format, model.prompt_style, count, "validation")
    carrier = model.with_adapter(folder / "adapter")
    right = answered(carrier, made.examples, cfg, GenerationConfig(max_new_tokens=cfg.generation.max_new_tokens))
    return sum(sum(row) for row in right) / len(right)


def samples(folder: Path, overrides: Sequence[str], arm: str, seed: int, n: int, into: Path) -> None:
    """K samples at temperature 1 of `n` items a level, the adapter's and, once a format and seed, the base's."""
    cfg = compose(overrides)
    wanted = {f"{arm}-{seed}": True, f"base_{cfg.format.name}-{seed}": False}
    missing = {name: adapted for name, adapted in wanted.items() if not (into / f"{name}.json").exists()}
    if not missing:
        return
    into.mkdir(parents=True, exist_ok=True)
    model = models.load(cfg.model, None, cfg.hardware)
    carrier = model.with_adapter(folder / "adapter")
    examples = [
        (name, example)
        for name, node in cfg.benchmarks.items()
        for example in load_examples(name, {**node, "n": n}, Settings.of(cfg), model, benchmarks.load)
    ]
    sampling = GenerationConfig(name="sample", temperature=1.0, n=K, max_new_tokens=cfg.generation.max_new_tokens)
    for name, adapted in missing.items():
        asked = carrier if adapted else carrier.without_adapter()
        right = answered(asked, [example for _, example in examples], cfg, sampling, seed)
        rows = [
            {"benchmark": of, "id": e.id, "family": e.program.family, "level": e.program.level, "right": sum(found)}
            for (of, e), found in zip(examples, right, strict=True)
        ]
        write_atomic(into / f"{name}.json", json.dumps(rows) + "\n")
        print(f"{name}: {K} samples of {len(rows)} items")


def answered(
    model: Any, examples: Sequence[Example], cfg: TrainConfig, sampling: GenerationConfig, seed: int = 0
) -> list[list[bool]]:
    """Which completions of each example are exact; a cut one is not."""
    made = generation.generate(model, [e.messages for e in examples], sampling, cfg.engine, seed=seed)
    return [
        [scored(Answer(c.text, c.tokens, c.cut), e.truth).scores["exact"] == 1.0 for c in found]
        for e, found in zip(examples, made, strict=True)
    ]
