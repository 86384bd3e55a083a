"""The build itself: candidates of every source -> made examples -> the draw by shares -> shards, resumable.

Kept or dropped is decided in one order, that of the draw, so the first 64 of 298 are the 64, with the same shares.
After each shard the state stands beside it (how far each source was read, the draw, the counts): a build that was
killed goes on from there and gives the bytes of an unbroken one. Memory: one shard, the blocks ahead, and what tells
near copies.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ewm.data import shards
from ewm.data.decontaminate import IN_A_BENCHMARK
from ewm.data.feeds import Feed
from ewm.data.pools import Pool
from ewm.data.work import Made
from ewm.programs import Split
from ewm.run import write_atomic
from ewm.sources.mix import Source
from ewm.sources.shares import Shares

DRY = 2000  # candidates in a row of which none is taken: the source is given up
LISTED = 1000
STATE = "state.json"
GIVEN_UP = f"given up: none of {DRY} candidates in a row was left"


@dataclass(frozen=True)
class Order:
    """What is to be built. `weights`, `most`: by source, `most` the examples that it may give at most."""

    sources: Mapping[str, Source]
    weights: Mapping[str, float]
    most: Mapping[str, int | None]
    seed: int
    split: Split
    wanted: int
    shard: int  # examples
    texts: tuple[str, ...] = ()


@dataclass
class State:
    """Where a build stands at the end of a shard."""

    shares: Shares
    positions: Counter[str] = field(default_factory=Counter)
    candidates: Counter[str] = field(default_factory=Counter)  # of the split, by source
    taken: Counter[str] = field(default_factory=Counter)
    drops: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))  # source -> reason
    dry: Counter[str] = field(default_factory=Counter)
    notes: dict[str, str] = field(default_factory=dict)  # source -> why it gave no more
    funnels: dict[str, Counter[str]] = field(default_factory=dict)
    banned: list[dict[str, str]] = field(default_factory=list)  # the first LISTED that are in a benchmark
    shards: int = 0

    def save(self, path: Path) -> None:
        write_atomic(path, json.dumps({**vars(self), "shares": self.shares.state()}, indent=1))

    @classmethod
    def load(cls, path: Path) -> State:
        row = json.loads(path.read_text(encoding="utf-8"))
        for name in ("positions", "candidates", "taken", "dry"):
            row[name] = Counter(row[name])
        row["drops"] = defaultdict(Counter, {k: Counter(v) for k, v in row["drops"].items()})
        row["funnels"] = {k: Counter(v) for k, v in row["funnels"].items()}
        return cls(**{**row, "shares": Shares.restored(row["shares"])})


def tidied(folder: Path) -> None:
    """Takes away what a kill left beyond the last state: half a file, or a shard that the state does not know yet."""
    path = folder / STATE
    known = State.load(path).shards if path.exists() else 0
    for shard in shards.paths(folder)[known:]:
        shard.unlink()
    for half in (*folder.glob(".*.json.*"), *folder.glob("data/.*")):
        half.unlink()


Keep = Callable[[Made], str | None]  # why this example is not taken, beside those that were; it is told of each once


class Build:
    """One build in `folder`, which may hold what an earlier one left. `keep` must know the examples that are there."""

    def __init__(self, order: Order, folder: Path, pool: Pool, keep: Keep) -> None:
        self.order, self.folder, self.keep = order, folder, keep
        path = folder / STATE
        self.state = State.load(path) if path.exists() else State(Shares(order.weights))
        self._feeds = {
            name: Feed(name, source, order.seed, order.split, pool, self.state.positions[name])
            for name, source in order.sources.items()
        }

    def run(self, advance: Callable[[int], None] = lambda done: None) -> State:
        """Writes what is missing; `advance` hears how many examples there are."""
        order, state = self.order, self.state
        rows: list[dict[str, Any]] = []
        for made in self._taken():
            assert made.row is not None
            rows.append(made.row)
            advance(state.taken.total())
            if len(rows) == order.shard:
                self._write(rows)
                rows = []
        if rows or not state.shards:
            self._write(rows)
        return state

    def _write(self, rows: list[dict[str, Any]]) -> None:
        shards.write(self.folder, self.order.split, self.state.shards, rows, self.order.texts)
        self.state.shards += 1
        for name, feed in self._feeds.items():
            self.state.positions[name] = feed.position
            self.state.funnels[name] = feed.funnel
        self.state.save(self.folder / STATE)

    def _taken(self) -> Iterator[Made]:
        state = self.state
        while state.taken.total() < self.order.wanted and state.shares:
            name = state.shares.next()
            most = self.order.most[name]
            if most is not None and state.taken[name] >= most:
                self._end(name, "full")
                continue
            if (made := next(self._feeds[name], None)) is None:
                self._end(name, "exhausted")
                continue
            if made.row is None and not made.reason:
                continue
            state.candidates[name] += 1
            if reason := made.reason or self.keep(made):
                state.drops[name][reason] += 1
                state.dry[name] += 1
                if made.row is not None and reason.startswith(IN_A_BENCHMARK) and len(state.banned) < LISTED:
                    state.banned.append({"source": name, "origin": made.row["origin"], "why": reason})
                if state.dry[name] == DRY:
                    self._end(name, GIVEN_UP)
                continue
            state.dry[name] = 0
            state.taken[name] += 1
            state.shares.take(name)
            yield made

    def _end(self, name: str, why: str) -> None:
        self.state.notes[name] = why
        self.state.shares.leave(name)
