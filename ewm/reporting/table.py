"""One row per run below a folder: swept keys, status, headline figures. Terminal, table.md, table.csv, plot.png.

A run is a folder with run.json or, if it failed before that, .hydra/overrides.yaml. Swept keys are the overrides that
differ between the runs (all of them when there is only one). A sweep whose runs have one seed each says nothing about
seeds: the intervals are over items.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from ewm.evaluation.results import Comparison, Results, split_headline
from ewm.reporting import plot, words
from ewm.reporting.terminal import WIDE, grid
from ewm.run import status

FIGURES = (("reserved", "exact"), ("known", "exact"), ("reserved", "prefix"))
UNSAID = ("name", "output_dir")  # keys that do not tell one run from another


@dataclass(frozen=True)
class Run:
    """One job of a sweep."""

    folder: Path
    status: str
    overrides: dict[str, str] = field(default_factory=dict)
    results: Results | None = None
    seconds: float | None = None


def sweep_table(folder: Path | str, console: Console | None = None) -> list[dict[str, str]]:
    """Write table.md, table.csv and plot.png beside the runs, print the table, return its rows."""
    folder = Path(folder)
    runs = find(folder)
    rows = tabulate(runs)
    out = console or Console()
    if not rows:
        out.print(f"no runs below {folder}")
        return []
    head = tuple(rows[0])
    cells = [tuple(row.values()) for row in rows]
    figures = list(_figures(runs))
    shown = [name for name in head if name not in figures[2 if out.width >= WIDE else 1 :]]
    screen = [tuple(row[name] for name in shown) for row in rows]
    out.print(grid(f"{folder}: {_counts(runs)}", tuple(shown), screen))
    (folder / "table.md").write_text(_markdown(head, cells), encoding="utf-8")
    _write_csv(folder / "table.csv", runs, rows, figures)
    endpoint = next((run.results.endpoint for run in runs if run.results), None)
    if endpoint:
        plot.differences(_points(runs, endpoint), endpoint, folder / "plot.png")
    return rows


def find(folder: Path) -> list[Run]:
    """Every run below the folder, in the order of their paths; a run inside a run is not looked for."""
    found: list[Run] = []
    for child in [folder, *sorted(p for p in folder.rglob("*") if p.is_dir())]:
        inside = any(run.folder in child.parents for run in found)
        if not inside and ((child / "run.json").exists() or (child / ".hydra" / "overrides.yaml").exists()):
            found.append(read(child))
    return found


def read(folder: Path) -> Run:
    """What a run's folder says of it."""
    row = _json(folder / "run.json")
    seconds = row.get("wall_s")
    results = folder / "evaluation" / "results.json"
    return Run(
        folder=folder,
        status=status(folder) or "failed before it began",
        overrides=overrides(folder),
        results=Results.load(results) if results.exists() else None,
        seconds=float(seconds) if isinstance(seconds, (int, float)) else None,
    )


def overrides(folder: Path) -> dict[str, str]:
    """The command's overrides as {key: value}."""
    path = folder / ".hydra" / "overrides.yaml"
    listed = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
    if listed is None:
        listed = _json(folder / "run.json").get("overrides", [])
    pairs = (str(one).lstrip("+~").partition("=") for one in listed or [])
    return {key: value for key, _, value in pairs}


def swept(runs: Sequence[Run]) -> list[str]:
    """Keys whose value differs between the runs; every key of a single run."""
    keys = list(dict.fromkeys(key for run in runs for key in run.overrides))
    keys = [key for key in keys if key not in UNSAID]
    if len(runs) == 1:
        return keys
    return [key for key in keys if len({run.overrides.get(key) for run in runs}) > 1]


def tabulate(runs: Sequence[Run]) -> list[dict[str, str]]:
    """Rows in words, all with the same columns."""
    keys = swept(runs)
    figures = _figures(runs)
    rows = []
    for run in runs:
        row = {key: run.overrides.get(key, "") for key in keys} or {"run": run.folder.name}
        row["status"] = run.status
        for name, (group, metric) in figures.items():
            found = _comparison(run, group, metric)
            row[name] = words.change(found) if found else "-"
        row["n"] = str(run.results.items) if run.results else "-"
        row["minutes"] = f"{run.seconds / 60:.1f}" if run.seconds is not None else "-"
        rows.append(row)
    return rows


def _figures(runs: Sequence[Run]) -> dict[str, tuple[str, str]]:
    """Columns: the endpoint first, then reserved and known, where some run has them. `reserved exact` for
    heldout/reserved, unless there are several benchmarks."""
    wanted: list[tuple[str, str]] = []
    for results in (run.results for run in runs if run.results):
        wanted.append(split_headline(results.endpoint)[:2])
        wanted += [(g.name, metric) for kind, metric in FIGURES for g in results.groups.values() if g.kind == kind]
    found = [pair for pair in dict.fromkeys(wanted) if any(_comparison(run, *pair) for run in runs)]
    several = len({group.partition("/")[0] for group, _ in found}) > 1
    return {
        f"{group if several else group.partition('/')[2] or group} {metric}": (group, metric) for group, metric in found
    }


def _write_csv(path: Path, runs: Sequence[Run], rows: Sequence[dict[str, str]], figures: Sequence[str]) -> None:
    """The rows with every mean, low and high as a number instead of the figures in words."""
    numbers = [_numbers(run) for run in runs]
    extra = list(dict.fromkeys(key for one in numbers for key in one))
    own = [name for name in rows[0] if name not in figures]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*own, "folder", *extra])
        for run, row, one in zip(runs, rows, numbers, strict=True):
            values = [one.get(key, "") for key in extra]
            writer.writerow([*(row[name] for name in own), run.folder, *values])


def _comparison(run: Run, group: str, metric: str) -> Comparison | None:
    found = run.results.groups.get(group) if run.results else None
    return found.metrics.get(metric) if found else None


def _numbers(run: Run) -> dict[str, float]:
    """Every mean, low and high of a run, for table.csv."""
    found: dict[str, float] = {}
    for group in run.results.groups.values() if run.results else ():
        for metric, comparison in group.metrics.items():
            for part in ("base", "adapter", "difference"):
                if (estimate := getattr(comparison, part)) is not None:
                    name = f"{group.name}/{metric}_{part}"
                    found |= {name: estimate.mean, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return found


def _points(runs: Sequence[Run], endpoint: str) -> list[plot.Point]:
    group, metric, part = split_headline(endpoint)
    keys = swept(runs)
    points = []
    for run in runs:
        estimate = getattr(_comparison(run, group, metric), part, None)
        if estimate:
            label = " ".join(f"{key}={run.overrides.get(key, '')}" for key in keys) or run.folder.name
            points.append(plot.Point(label, estimate.mean, estimate.low, estimate.high))
    return points


def _counts(runs: Sequence[Run]) -> str:
    statuses = [run.status for run in runs]
    return ", ".join(f"{statuses.count(s)} {s}" for s in dict.fromkeys(statuses))


def _markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["Per cent with 95 % intervals over items; a difference is in points.", ""]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
