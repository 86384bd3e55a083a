"""`build`: the data set that a config asks for. Examples are made once, then read from <cache_dir>/<content hash>/.

Candidates come in one deterministic order; each is kept or dropped before the prefix is cut, so the first 64 of
num_train=298 are num_train=64, with the same shares of the sources. Nothing is ever cut to fit: what exceeds a budget
is dropped or written shorter, and the manifest counts it. The tokenizer (`count_tokens`) and the reward's blind score
(`blind`) are passed in, picklable where there are many examples; nothing here knows a model.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ewm.config.errors import ConfigError
from ewm.config.schema import DataConfig, FormatConfig, TaskConfig, TraceConfig
from ewm.data import cache, card, manifest, pools, shards
from ewm.data.building import Build, Order, tidied
from ewm.data.example import Example
from ewm.data.sieve import Sieve
from ewm.data.work import Setup
from ewm.formats.prediction import Truth
from ewm.programs import Split
from ewm.sources import hub, mix

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DataSet:
    """What lies in `folder`. `manifest`: counts, drops by reason, hashes, the families' digest."""

    folder: Path
    manifest: dict[str, Any]

    def __len__(self) -> int:
        return self.manifest["count"]

    @cached_property
    def examples(self) -> list[Example]:
        """All of them, in memory."""
        return [shards.example_of(row) for row in shards.rows(self.folder)]

    @property
    def families(self) -> frozenset[str]:
        return frozenset(e.program.family for e in self.examples)

    @property
    def shapes(self) -> frozenset[str]:
        """The families with constants erased, whatever the origin: what an evaluation looks for."""
        return frozenset(mix.shape(e.program) for e in self.examples)


def build(
    cfg: DataConfig,
    trace: TraceConfig,
    task: TaskConfig,
    format: FormatConfig,
    style: str,
    count_tokens: Callable[[str], int] | None,
    split: Split = "train",
    blind: Callable[[Truth], float] | None = None,
    key: str = "",
    plugins: Sequence[str] = (),
) -> DataSet:
    """`key` names what `blind` depends on (the reward's config); `blind` without a key: nothing is read from the cache.

    What an interrupted build left is gone on from.
    """
    wanted = cfg.num_train if split == "train" else cfg.num_validation
    if cfg.max_prompt_tokens is None and cfg.max_target_tokens is None:
        count_tokens = None
    nodes = _nodes(cfg)
    sources = mix.build(nodes, plugins, trace)
    sieve = Sieve(cfg, split, key)
    folder = cache.folder(
        cfg, trace, task, format, style, split, wanted, count_tokens, key, sources, sieve.depends_on()
    )  # fmt: skip
    known = bool(key) or blind is None
    if not known or cache.load(folder) is None:
        setup = _setup(cfg, trace, task, format, style, count_tokens, split, blind, sieve)
        order = Order(
            sources, mix.weights(nodes), {name: node.get("count") for name, node in nodes.items()},
            cfg.seed, split, wanted, cfg.shard, setup.also,
        )  # fmt: skip
        with cache.building(folder, anew=not known) as aside:
            if aside is not None:
                _build(aside, setup, order, cfg, sieve)
                whole = manifest.made(aside, folder.name, order, sieve)
                card.write(aside, whole)
                cache.finish(aside, whole)
    made = cache.load(folder)
    assert made is not None, f"{folder} was changed while it was built"
    if made["count"] < wanted:
        log.warning("data: %d of %d %s examples. %s", made["count"], wanted, split, manifest.said(made))
    if cfg.push_to_hub and cfg.hub_id:
        log.info("data: %s", hub.push(folder, cfg.hub_id))
    return DataSet(folder, made)


def _setup(
    cfg: DataConfig, trace: TraceConfig, task: TaskConfig, format: FormatConfig, style: str,
    count_tokens: Callable[[str], int] | None, split: Split, blind: Callable[[Truth], float] | None, sieve: Sieve,
) -> Setup:  # fmt: skip
    return Setup(
        replace(trace, workers=cfg.workers or trace.workers), task, format.name, style, split, count_tokens,
        cfg.max_prompt_tokens, cfg.max_target_tokens, tuple(cfg.shorter), tuple(cfg.also), blind, sieve.near,
    )  # fmt: skip


def _nodes(cfg: DataConfig) -> dict[str, Any]:
    """The sources, or the hub's data set in their place, if it is asked for and exists."""
    if cfg.hub_id and not cfg.push_to_hub and hub.exists(cfg.hub_id):
        return {"hub": {"_target_": "ewm.sources.Hub", "id": cfg.hub_id}}
    if cfg.hub_id and not cfg.push_to_hub:
        log.warning("data: the hub has no %s, or cannot be reached; built from data.sources.", cfg.hub_id)
    return cfg.sources


def _build(folder: Path, setup: Setup, order: Order, cfg: DataConfig, sieve: Sieve) -> None:
    tidied(folder)
    sieve.restore(folder)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    terminal = Console(stderr=True)
    with (
        pools.opened(cfg.pool, setup, cfg.workers, order.wanted) as pool,
        Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as bar,
    ):
        step = bar.add_task(f"data: {order.split} examples", total=order.wanted)
        state = Build(order, folder, pool, sieve.reason).run(lambda done: bar.update(step, completed=done))
    if not state.taken.total() and order.wanted:
        dropped = dict(sum(state.drops.values(), start=type(state.taken)()))
        raise ConfigError(
            f"data: no example was left of {state.candidates.total()} candidates. Dropped: {dropped}. Set now: "
            f"data.max_prompt_tokens={cfg.max_prompt_tokens}, data.max_target_tokens={cfg.max_target_tokens}, "
            f"data.min_reward_std={cfg.min_reward_std:g}; change the one in the way, or choose other data.sources."
        )
