"""The figure that a run is made for, by name: `heldout/reserved/exact_difference`.

A group (a benchmark, or a part of it), one of METRICS, and whose figure it is. What the metrics mean: ewm.scoring.
"""

from __future__ import annotations

from ewm.config.errors import ConfigError, did_you_mean

PARTS = ("base", "adapter", "difference")
METRICS = (
    "exact", "prefix", "state_f1", "state_full", "path", "path_exact", "final_state", "output", "exception", "parse",
    "faithful",
)  # fmt: skip


def split_headline(name: str) -> tuple[str, str, str]:
    """`heldout/reserved/exact_difference` -> (`heldout/reserved`, `exact`, `difference`); ConfigError if it is none.

    Parts: base, adapter, difference; without one, `own`: the adapter's if there is one, otherwise the base's.
    """
    group, _, leaf = name.rpartition("/")
    metric, _, part = leaf.rpartition("_")
    if part not in PARTS:
        metric, part = leaf, "own"
    if not group or metric not in METRICS:
        near = did_you_mean(metric, METRICS) if leaf else ""
        raise ConfigError(
            f"headline={name}: no such figure.{near} It reads like heldout/reserved/exact_difference: a group, a "
            f"metric ({', '.join(METRICS)}), then _difference, _base, _adapter or nothing."
        )
    return group, metric, part
