"""The open sections: sources, reward terms, benchmarks, and the figure that a run is made for.

Entries are held against the signatures of what they name. Those live in higher rooms and are reached as every
`_target_` is: by name.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping
from typing import Any

from ewm.config import signature, targets
from ewm.config.errors import ConfigError, did_you_mean
from ewm.config.headline import split_headline
from ewm.config.schema import EvaluateConfig, TrainConfig

Config = TrainConfig | EvaluateConfig
Entries = Mapping[str, Any]

TERMS_GET = frozenset({"prediction", "truth"})  # arguments that a room passes itself, so a config may not
LOADERS_GET = frozenset({"name", "trace", "task", "format", "style", "count_tokens", "roots"})
REWARDS = "ewm.rewards.Gated, ewm.rewards.Weighted, ewm.rewards.Ellora"
RECIPE = "ewm.rewards.ellora."  # its terms compare with the recipe's text of a trace


def sources(cfg: TrainConfig) -> Iterator[str]:
    """Where programs come from."""
    wrong = [*_sources("data.sources", cfg.data.sources, cfg), *weights("data.sources", cfg.data.sources, least=0.0)]
    yield from wrong
    if cfg.sft.enabled and cfg.sft.stream:
        nodes = {name: node for name, node in cfg.data.sources.items() if isinstance(node, Mapping)}
        other = [name for name, node in nodes.items() if "levels" not in node]
        yield from (
            f"data.sources.{name}: a stream (sft.stream=true) draws from ewm.sources.Grammar only." for name in other
        )
        if not wrong and not other:
            try:
                targets.locate("ewm.data.endless.curriculum_of")(nodes)
            except ConfigError as error:
                yield from error.problems


def _sources(where: str, entries: Entries, cfg: Config) -> Iterator[str]:
    for name, node in entries.items():
        wrong = targets.problems(f"{where}.{name}", node, cfg.plugins)
        yield from wrong
        if not wrong:
            try:
                made = targets.build(node, cfg.plugins)  # says what a signature cannot: no such file, no such package
            except ValueError as error:
                yield f"{where}.{name}.{error}"
            else:
                yield from _file(f"{where}.{name}", made)


def _file(where: str, source: Any) -> Iterator[str]:
    """A source that is a file is read once through: a line that is no program would end the run much later."""
    if not isinstance(source, targets.locate("ewm.sources.Corpus")):
        if inner := getattr(source, "source", None):
            yield from _file(f"{where}.source", inner)
        return
    try:
        if next(source.programs(0), None) is None:
            yield f"{where}.path={source.path}: there is no program in it."
    except (ConfigError, OSError) as error:
        yield f"{where}.path={error}"


def reward(cfg: TrainConfig) -> Iterator[str]:
    """Terms, and the class that makes one number of them."""
    for name, node in cfg.reward.terms.items():
        yield from targets.problems(f"reward.terms.{name}", node, cfg.plugins, TERMS_GET)
    yield from weights("reward.terms", cfg.reward.terms)
    try:
        kind = targets.locate(cfg.reward._target_, cfg.plugins)
        if not (isinstance(kind, type) and issubclass(kind, targets.locate("ewm.rewards.Reward"))):
            yield f"reward._target_={cfg.reward._target_} is no Reward. Possible: {REWARDS}."
        elif inspect.isabstract(kind):
            yield f"reward._target_={cfg.reward._target_} says nothing of its own. Possible: {REWARDS}."
    except ConfigError as error:
        yield f"reward._target_={error} Possible: {REWARDS}."
    yield from _recipe(cfg)


def _recipe(cfg: TrainConfig) -> Iterator[str]:
    """On other answers than the recipe's text of a trace its terms still pay, for nothing that is right."""
    named = [
        cfg.reward._target_,
        *(str(n.get("_target_")) for n in cfg.reward.terms.values() if isinstance(n, Mapping)),
    ]
    if not any(name == "ewm.rewards.Ellora" or name.startswith(RECIPE) for name in named):
        return
    if cfg.format.name != "ellora":
        yield f"reward={cfg.reward.name} reads the recipe's text, not {cfg.format.name}. Possible: format=ellora."
    if cfg.task.name == "output" or (cfg.task.name == "mixed" and cfg.task.mix.get("output", 0.0) > 0):
        yield f"reward={cfg.reward.name} scores traces, not task={cfg.task.name}. Possible: task=trace."


def weights(where: str, entries: Entries, least: float = -math.inf) -> Iterator[str]:
    """Weights and counts: numbers, and something above zero among the weights."""
    found = {name: node.get("weight", 1.0) for name, node in entries.items() if isinstance(node, Mapping)}
    numbers = {name: weight for name, weight in found.items() if _number(weight)}
    for name, weight in found.items():
        if name not in numbers:
            yield f"{where}.{name}.weight={weight}: wants a number."
        elif weight < least:
            yield f"{where}.{name}.weight={weight:g}: must be at least {least:g}."
    for name, node in entries.items():
        count = node.get("count") if isinstance(node, Mapping) else None
        if count is not None and not (isinstance(count, int) and not isinstance(count, bool) and count > 0):
            yield f"{where}.{name}.count={count}: wants a whole number above zero, or null."
    if not entries:
        yield f"{where} is empty: there is nothing to draw from. Choose one of the presets of this group."
    elif len(numbers) == len(entries) and not sum(numbers.values()) > 0:
        names = " ".join(f"{where}.{name}.weight={weight:g}" for name, weight in numbers.items())
        yield f"{where}: the weights sum to {sum(numbers.values()):g} ({names}). Give one of them a weight above zero."


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def benchmarks(cfg: Config) -> Iterator[str]:
    """What a model is measured on."""
    if not cfg.benchmarks:
        yield "benchmarks is empty: there is nothing to measure on. Choose benchmark=[heldout]."
    for name, node in cfg.benchmarks.items():
        where = f"benchmarks.{name}"
        wrong = targets.problems(where, node, cfg.plugins, LOADERS_GET)
        yield from wrong
        for key in () if wrong or node.get("sources") else ("levels", "kinds"):
            if node.get(key) == []:
                yield f"{where}.{key}=[]: there would be no item. Leave it out, or name one at least."
        if not wrong and (lacking := targets.locate("ewm.data.benchmarks.lacking")(node)):
            yield f"{where}{lacking}"
        if not wrong and isinstance(node.get("sources"), Mapping):
            yield from _sources(f"{where}.sources", node["sources"], cfg)


def headline(cfg: TrainConfig) -> Iterator[str]:
    """The figure exists, as far as can be told without the items."""
    try:
        group, metric, _ = split_headline(cfg.headline)
    except ConfigError as error:
        yield from error.problems
        return
    benchmark, _, part = group.partition("/")
    if benchmark not in cfg.benchmarks:
        if cfg.benchmarks:
            possible = f"headline={next(iter(cfg.benchmarks))}/{metric}_difference"
            near = did_you_mean(benchmark, cfg.benchmarks)
            yield f"headline={cfg.headline}: there is no benchmark {benchmark}.{near} Possible here: {possible}."
        return
    parts = _parts(cfg.benchmarks[benchmark], cfg)
    if part and parts and part not in parts:
        near = did_you_mean(part, parts)
        yield f"headline={cfg.headline}: {benchmark} has no part {part}.{near} Possible here: {', '.join(parts)}."


def _parts(node: Any, cfg: TrainConfig) -> list[str]:
    """Groups below a benchmark of levels; empty where only its items could tell."""
    try:
        levels = node["levels"] if "levels" in node else signature.default(
            targets.locate(str(node["_target_"]), cfg.plugins), "levels"
        )  # fmt: skip
        return ["known", "reserved", *levels, *(node.get("sources") or ()), "grammar"]
    except (ConfigError, KeyError, TypeError, AttributeError):
        return []  # said already, or none
