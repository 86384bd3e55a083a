"""Runs that differ in their seed alone, as one table a setting: what a claim about the setting may rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ewm.evaluation.pooled import Pooled, over_runs
from ewm.reporting import words
from ewm.reporting.runs import Run, swept

HEAD = ("group", "metric", "base", "adapter", "difference", "lowest bound of a run")
SEEDS = ("seed", "data.seed")
Rows = list[tuple[str, ...]]


def pooled(runs: Sequence[Run]) -> dict[str, Rows]:
    """`reward=strict: 5 seeds together` -> rows; only of settings that two or more evaluated runs share."""
    keys = swept(runs)
    if not any(key in SEEDS for key in keys):
        return {}
    settings: dict[str, list[Run]] = {}
    for run in runs:
        if run.status == "done" and run.results is not None and run.results.adapter is not None:
            name = " ".join(f"{key}={run.overrides.get(key, '')}" for key in keys if key not in SEEDS)
            settings.setdefault(name, []).append(run)
    return {
        f"{name + ': ' if name else ''}{len(own)} seeds together": [
            _row(one) for one in over_runs([r.folder for r in own])
        ]
        for name, own in settings.items()
        if len(own) > 1
    }


def markdown(tables: Mapping[str, Rows]) -> str:
    """The tables for table.md."""
    how = "The difference's 95 % interval is a two-level bootstrap (seeds, then families)."
    return "".join(f"\n{title}. {how}\n\n{words.markdown(HEAD, rows)}" for title, rows in tables.items())


def _row(one: Pooled) -> tuple[str, ...]:
    group = one.group + (f" ({one.level_kind})" if one.level_kind else "")
    means = (f"{100 * one.base:.1f}", f"{100 * one.adapter:.1f}")
    return group, one.metric, *means, words.cell(one.difference, signed=True), f"{100 * min(one.lows):+.1f}"
