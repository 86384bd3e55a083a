"""One row per run below a folder: swept keys, status, headline figures. Terminal, table.md, table.csv, plot.png.

What counts as a run, and its status: runs.py. Swept keys are the overrides that differ between the runs (all of them
when there is only one). The rows' intervals are over items; the p of the first figure is McNemar's, adjusted (Holm)
for the number of runs. Runs that differ in their seed alone are pooled below them; a sweep whose runs have one seed
each says nothing about seeds.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from ewm.evaluation.results import Comparison, split_headline
from ewm.reporting import plot, seeds, words
from ewm.reporting.runs import Run, among, find, swept
from ewm.reporting.terminal import WIDE, grid
from ewm.scoring import stats

HOLM = "p (Holm)"
FIGURES = (("reserved", "exact"), ("known", "exact"), ("reserved", "prefix"))


def sweep_table(
    folder: Path | str, console: Console | None = None, jobs: Sequence[Path] | None = None
) -> list[dict[str, str]]:
    """Write table.md, table.csv and plot.png into the folder, print the table, return its rows.

    Over all runs below the folder, or over those of `jobs` alone.
    """
    folder = Path(folder)
    runs = find(folder) if jobs is None else among(jobs)
    rows = tabulate(runs)
    out = console or Console()
    if not rows:
        out.print(f"no runs below {folder}")
        return []
    head = tuple(rows[0])
    cells = [tuple(row.values()) for row in rows]
    figures = list(_figures(runs))
    shown = [name for name in head if name not in figures[2 if out.width >= WIDE else 1 :]]
    screen = [tuple(escape(row[name]) for name in shown) for row in rows]  # benchmark=[a,b] is no markup
    out.print(grid(escape(f"{folder}: {_counts(runs)}"), tuple(shown), screen))
    pooled = {setting: rows for setting, rows in seeds.pooled(runs).items() if rows}
    for setting, own in pooled.items():
        out.print(grid(escape(setting), seeds.HEAD, own))
    (folder / "table.md").write_text(_markdown(head, cells) + seeds.markdown(pooled), encoding="utf-8")
    _write_csv(folder / "table.csv", runs, rows, figures)
    endpoint = next((run.results.endpoint for run in runs if run.results), None)
    if endpoint:
        plot.differences(_points(runs, endpoint), endpoint, folder / "plot.png")
    return rows


def tabulate(runs: Sequence[Run]) -> list[dict[str, str]]:
    """Rows in words, all with the same columns."""
    keys = swept(runs)
    figures = _figures(runs)
    p_values = _holm(runs, next(iter(figures.values()), None))
    rows = []
    for run in runs:
        row = {key: run.overrides.get(key, "") for key in keys} or {"run": run.folder.name}
        row["status"] = f"{run.status}: {run.why}" if run.why else run.status
        for name, (group, metric) in figures.items():
            found = _comparison(run, group, metric)
            row[name] = words.change(found) if found else "-"
        if p_values:
            row[HOLM] = words.p_text(p_values.get(run.folder))
        row["n"] = str(run.results.items) if run.results else "-"
        row["minutes"] = f"{run.seconds / 60:.1f}" if run.seconds is not None else "-"
        rows.append(row)
    return rows


def _holm(runs: Sequence[Run], figure: tuple[str, str] | None) -> dict[Path, float]:
    """The first figure's p of each run, adjusted for how many runs there are; empty for a single one."""
    said = {run.folder: c.p for run in runs if figure and (c := _comparison(run, *figure)) and c.p is not None}
    return dict(zip(said, stats.holm(list(said.values())), strict=True)) if len(said) > 1 else {}


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
    return "Per cent with 95 % intervals over items; a difference is in points.\n\n" + words.markdown(head, rows)
