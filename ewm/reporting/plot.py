"""Pictures of figures with their intervals. Without matplotlib nothing is drawn and nothing fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Point:
    """A labelled figure with its interval, as shares."""

    label: str
    mean: float
    low: float
    high: float


def differences(points: Sequence[Point], title: str, path: Path) -> bool:
    """One line per point, zero marked. False if there was nothing to draw with."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return False
    if not points:
        return False
    figure = Figure(figsize=(8, 1.2 + 0.35 * len(points)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    rows = range(len(points))
    means = [100 * p.mean for p in points]
    spread = [[100 * (p.mean - p.low) for p in points], [100 * (p.high - p.mean) for p in points]]
    axes.errorbar(means, rows, xerr=spread, fmt="o", color="#3367d6", capsize=3)
    axes.axvline(0, color="#888888", linewidth=0.8)
    axes.set_yticks(rows, [p.label for p in points])
    axes.set_ylim(len(points) - 0.5, -0.5)
    axes.set_xlabel(f"{title} (points, 95 % interval over items)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    return True
