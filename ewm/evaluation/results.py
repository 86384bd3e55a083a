"""What an evaluation found: Estimate, Comparison, Group, Results; JSON in and out.

Every figure is a mean with n and an interval; beside it stand the base model on the same items, the paired
difference and the trivial baselines. Groups are named `benchmark`, `benchmark/known`, `benchmark/reserved`,
`benchmark/<level>` and `benchmark/<source>`. Nothing here computes or prints.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ewm.config.headline import METRICS as METRICS
from ewm.config.headline import PARTS
from ewm.config.headline import split_headline as split_headline

SCHEMA = 1
KINDS = ("all", "known", "reserved", "level", "source")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval. `method`: wilson (each item its own family) or bootstrap (by family)."""

    mean: float
    low: float
    high: float
    n: int
    method: str


@dataclass(frozen=True)
class Comparison:
    """One metric of one group. `p` comes from `test`; both are empty without an adapter."""

    base: Estimate
    adapter: Estimate | None = None
    difference: Estimate | None = None
    p: float | None = None
    test: str = ""
    baselines: dict[str, float] = field(default_factory=dict)

    @property
    def own(self) -> Estimate:
        return self.adapter or self.base

    @property
    def best_baseline(self) -> tuple[str, float] | None:
        return max(self.baselines.items(), key=lambda pair: pair[1], default=None)


@dataclass(frozen=True)
class Group:
    """Items that are reported together. `incomplete`: truths that hold a cut mark, left out of `exact`."""

    name: str
    kind: str  # one of KINDS
    n: int
    families: int
    incomplete: int
    base_cut: int  # answers that the token limit cut: wrong
    adapter_cut: int
    metrics: dict[str, Comparison]
    level_kind: str = ""  # of a level: known | reserved | extrapolation


@dataclass(frozen=True)
class Bad:
    """One answer that went wrong, to be read by a person."""

    id: str
    group: str
    source: str
    entry: str | None
    truth: str
    answer: str
    cut: bool
    scores: dict[str, float | None]
    divergence: int | None = None
    divergence_kind: str | None = None


@dataclass(frozen=True)
class Results:
    """One evaluation. `identical`: items on which base and adapter wrote the same text."""

    groups: dict[str, Group]
    items: int
    identical: int = 0
    model: str = ""
    adapter: str | None = None
    endpoint: str = "heldout/exact_difference"
    seed: int = 0
    generation: dict[str, Any] = field(default_factory=dict)
    worst: tuple[Bad, ...] = ()
    overlap: dict[str, int] = field(default_factory=dict)  # benchmark -> items known to have been in the training data
    trained_on: str = ""  # how that is known: by "shapes", by the "split" (nano alone), or "": not known
    seconds: float = 0.0
    schema: int = SCHEMA

    def headline(self, name: str | None = None) -> float:
        """`heldout/reserved/exact_difference` -> number; see ewm.config.headline. The base's own
        figure where there is no adapter; nan (and a warning) if there is none."""
        name = name or self.endpoint
        group, metric, part = split_headline(name)
        found = self.groups.get(group)
        comparison = found.metrics.get(metric) if found else None
        estimate = getattr(comparison, part, None) if comparison else None
        if comparison and comparison.adapter is None:  # the base was asked alone: there is nothing to subtract
            estimate = comparison.base
        if estimate is None:
            log.warning("no figure %s; groups here: %s", name, ", ".join(self.groups) or "none")
            return float("nan")
        return float(estimate.mean)

    def scalars(self, kinds: Sequence[str] = KINDS) -> dict[str, float]:
        """Every mean of groups of these kinds as `group/metric_part`: for TensorBoard, HParams and run.json."""
        return {
            f"{group.name}/{metric}_{part}": estimate.mean
            for group in self.groups.values()
            if group.kind in kinds
            for metric, comparison in group.metrics.items()
            for part in PARTS
            if (estimate := getattr(comparison, part)) is not None
        }

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Results:
        if row.get("schema", SCHEMA) != SCHEMA:
            raise ValueError(f"results of schema {row['schema']} cannot be read here (this version reads {SCHEMA})")
        groups = {name: _group(group) for name, group in row["groups"].items()}
        worst = tuple(Bad(**bad) for bad in row.get("worst", ()))
        return cls(**{**row, "groups": groups, "worst": worst})

    def save(self, path: Path) -> None:
        aside = path.with_suffix(".tmp")
        aside.write_text(json.dumps(self.to_json(), indent=1), encoding="utf-8")
        aside.replace(path)

    @classmethod
    def load(cls, path: Path) -> Results:
        return cls.from_json(json.loads(path.read_text(encoding="utf-8")))


def _group(row: dict[str, Any]) -> Group:
    return Group(**{**row, "metrics": {name: _comparison(metric) for name, metric in row["metrics"].items()}})


def _comparison(row: dict[str, Any]) -> Comparison:
    parts = {k: Estimate(**row[k]) if row[k] else None for k in PARTS}
    return Comparison(**{**row, **parts})
