"""Runs that differ in their seed alone, taken together: what may be said of a setting, not of one run.

Read from the rows that each run left (evaluation/*.jsonl). The interval is the two-level bootstrap (seeds, then
families) of the paired difference adapter - base; beside it stands the lowest lower bound of a single run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ewm.evaluation import answers
from ewm.evaluation.groups import level_kind, split
from ewm.evaluation.items import Item
from ewm.evaluation.results import Estimate, Results
from ewm.scoring import stats

SHOWN = {"reserved": ("exact", "prefix"), "known": ("exact",), "level": ("exact",)}


@dataclass(frozen=True)
class Pooled:
    """One metric of one group over runs. `lows`: the lower bound of each run's own difference, in their order."""

    group: str
    metric: str
    base: float
    adapter: float
    difference: Estimate
    lows: tuple[float, ...]
    level_kind: str = ""

    @property
    def runs(self) -> int:
        return len(self.lows)


def over_runs(folders: Sequence[Path]) -> list[Pooled]:
    """Reserved, known and every level, on what all of these evaluated runs were asked with an adapter."""
    grouped = [_groups(read(folder)) for folder in folders]
    results = [Results.load(folder / "evaluation" / "results.json") for folder in folders]
    shared = [name for name in grouped[0] if all(name in one for one in grouped)] if grouped else []
    found = []
    for name in shared:
        kind = grouped[0][name][0]
        for metric in SHOWN.get(kind, ()):
            runs = [_paired(one[name][1], metric) for one in grouped]
            own = [_own(one, name, metric) for one in results]
            if all(one.base for one in runs) and all(own):
                found.append(_pooled(name, kind, metric, runs, [one.low for one in own if one]))
    return found


def read(folder: Path) -> list[Item]:
    """Every item that an evaluation left, of all its benchmarks."""
    files = sorted((folder / "evaluation").glob("*.jsonl"))
    return [Item.from_json(row) for file in files for row in answers.read_rows(file) if "identity" not in row]


def _groups(items: Sequence[Item]) -> dict[str, tuple[str, list[Item]]]:
    benchmarks = dict.fromkeys(i.benchmark for i in items)
    parts = (part for name in benchmarks for part in split(name, [i for i in items if i.benchmark == name]))
    return {name: (kind, members) for name, kind, members in parts}


class Paired(NamedTuple):
    """Values of the items that base and adapter both answered."""

    base: list[float]
    adapter: list[float]
    families: list[str]


def _paired(items: Sequence[Item], metric: str) -> Paired:
    found = Paired([], [], [])
    for i in items:
        base, adapter = i.base.scores.get(metric), i.adapter.scores.get(metric) if i.adapter else None
        if base is not None and adapter is not None:
            found.base.append(base)
            found.adapter.append(adapter)
            found.families.append(i.family)
    return found


def _own(results: Results, group: str, metric: str) -> Estimate | None:
    found = results.groups.get(group)
    comparison = found.metrics.get(metric) if found else None
    return comparison.difference if comparison else None


def _pooled(name: str, kind: str, metric: str, runs: Sequence[Paired], lows: list[float]) -> Pooled:
    found = stats.two_level([(np.subtract(one.adapter, one.base).tolist(), one.families) for one in runs])
    base, adapter = (
        float(np.mean([np.mean(part) for part in parts]))
        for parts in zip(*((o.base, o.adapter) for o in runs), strict=True)
    )
    level = level_kind(name.rpartition("/")[2]) if kind == "level" else ""
    estimate = Estimate(found.mean, max(-1.0, found.low), min(1.0, found.high), found.n, "two-level bootstrap")
    return Pooled(name, metric, base, adapter, estimate, tuple(lows), level)
