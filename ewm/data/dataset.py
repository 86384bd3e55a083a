"""`build`: the data set that a config asks for. Examples are made once, then read from <cache_dir>/<content hash>/.

Candidates come in one deterministic order; each is kept or dropped for itself, so the first 64 of num_train=298 are
num_train=64. Nothing is ever cut to fit: what exceeds a budget is dropped, and the manifest counts it. The tokenizer
(`count_tokens`) and the reward's blind score (`blind`) are passed in; nothing here knows a model.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ewm.config.errors import ConfigError
from ewm.config.schema import DataConfig, FormatConfig, TaskConfig, TraceConfig
from ewm.data import cache
from ewm.data.benchmarks.shapes import banned
from ewm.data.example import Example, make, task_of
from ewm.formats.prediction import Truth
from ewm.programs import Program, Split
from ewm.sources import mix
from ewm.tracing import Runner, Trace

PER_FAMILY = 4  # near copies of one program in a data set
CANDIDATES = 100  # tried per example wanted before giving up

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DataSet:
    """`manifest`: counts, drops by reason, hashes, the families' digest."""

    examples: list[Example]
    manifest: dict[str, Any]

    def __len__(self) -> int:
        return len(self.examples)

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
    count_tokens: Callable[[str], int],
    split: Split = "train",
    blind: Callable[[Truth], float] | None = None,
    key: str = "",
    plugins: Sequence[str] = (),
) -> DataSet:
    """`key` names what `blind` depends on (the reward's config); `blind` without a key: the cache is not read."""
    wanted = cfg.num_train if split == "train" else cfg.num_validation
    folder = cache.folder(cfg, trace, task, format, style, split, wanted, count_tokens, key, plugins)
    if key or blind is None:
        found = cache.load(folder)
        if found:
            return DataSet(*found)
    maker = _Maker(cfg, trace, task, format, style, count_tokens, blind, wanted)
    examples = list(maker.examples(mix.interleave(cfg.sources, cfg.seed, split, plugins)))
    manifest = {"split": split, "wanted": wanted, **maker.counts()}
    if not examples and wanted:
        raise ConfigError(
            f"data: no example was left of {maker.tried} candidates. Dropped: {dict(maker.drops)}. Set now: "
            f"data.max_prompt_tokens={cfg.max_prompt_tokens}, data.max_target_tokens={cfg.max_target_tokens}; raise "
            f"the one that is in the way, or choose other data.sources."
        )
    if len(examples) < wanted:
        log.warning("data: %d of %d %s examples. Dropped: %s", len(examples), wanted, split, dict(maker.drops))
    return DataSet(examples, cache.save(folder, examples, manifest))


class _Maker:
    """Candidates in, examples out, drops counted."""

    def __init__(
        self, cfg: DataConfig, trace: TraceConfig, task: TaskConfig, format: FormatConfig, style: str,
        count_tokens: Callable[[str], int], blind: Callable[[Truth], float] | None, wanted: int,
    ) -> None:  # fmt: skip
        self.cfg, self.task, self.format, self.style = cfg, task, format.name, style
        self.trace = replace(trace, workers=cfg.workers or trace.workers)
        self.count_tokens, self.blind, self.wanted = count_tokens, blind, wanted
        self.room = {name: node.get("count") for name, node in cfg.sources.items()}
        self.drops: Counter[str] = Counter()
        self.taken: Counter[str] = Counter()
        self.tried = 0
        self.blinds: list[float] = []

    def examples(self, candidates: Iterator[tuple[str, Program]]) -> Iterator[Example]:
        waiting: deque[tuple[int, str, Program, Counter[str]]] = deque()

        def fresh() -> Iterator[Program]:
            distinct = mix.Distinct(PER_FAMILY, banned())
            dropped: Counter[str] = Counter()
            for number, (name, program) in enumerate(candidates, 1):
                if number > CANDIDATES * max(self.wanted, 10):
                    return
                reason = distinct.reason(program)
                if reason:
                    dropped[reason] += 1
                    continue
                waiting.append((number, name, program, dropped))
                dropped = Counter()
                yield program

        if not self.wanted:
            return
        with Runner(self.trace) as runner:
            for traced in runner.trace_all(fresh()):
                self.tried, name, program, dropped = waiting.popleft()
                self.drops += dropped
                made = self._make(name, program, traced)
                if isinstance(made, str):
                    self.drops[made] += 1
                    continue
                self.taken[name] += 1
                yield made
                if self.taken.total() == self.wanted or self._full():
                    return

    def _make(self, name: str, program: Program, trace: Trace) -> Example | str:
        """The example, or why there is none."""
        room = self.room[name]
        if room is not None and self.taken[name] >= room:
            return "source is full"
        made = make(program, trace, task_of(self.task, program), self.format, self.style, name)
        if isinstance(made, str):
            return made
        if not made.truth.complete:
            return "not all values are literals"
        if self.count_tokens(made.messages[-1]["content"]) > self.cfg.max_prompt_tokens:
            return "prompt too long"
        if self.count_tokens(made.target) > self.cfg.max_target_tokens:
            return "target too long"
        if self.blind is None:
            return made
        score = round(self.blind(made.truth), 6)
        if score >= 1:
            return "a blind guess is right"
        self.blinds.append(score)
        return replace(made, truth=replace(made.truth, blind=score))

    def _full(self) -> bool:
        return all(room is not None and self.taken[name] >= room for name, room in self.room.items())

    def counts(self) -> dict[str, Any]:
        return {
            "count": self.taken.total(),
            "by_source": dict(self.taken),
            "candidates": self.tried,
            "dropped": dict(sorted(self.drops.items())),
            "mean_blind": sum(self.blinds) / len(self.blinds) if self.blinds else None,
        }
