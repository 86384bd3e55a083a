"""completions/<mode>-<step>.parquet of a run, read: rows of one step, and examples whose answers changed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from ewm.config import ConfigError

_NAME = re.compile(r"(\w+)-(\d+)\.parquet")


@dataclass(frozen=True)
class Row:
    """One completion, with what it was asked, what is true, and what it earned."""

    step: int
    example: int
    prompt: str
    truth: str
    completion: str
    tokens: int
    cut: bool
    total: float
    terms: dict[str, float | None]


def steps(run: Path, mode: str) -> dict[int, Path]:
    """The table of every step; ConfigError if there is none."""
    if not run.is_dir():
        raise ConfigError(f"{run} is no folder. Give a run's folder, outputs/train/NAME/RUN.")
    found: dict[str, dict[int, Path]] = defaultdict(dict)
    for path in sorted((run / "completions").glob("*.parquet")):
        if match := _NAME.fullmatch(path.name):
            found[match[1]][int(match[2])] = path
    if mode not in found:
        why = (
            f"There are some of --mode {' and '.join(sorted(found))}." if found
            else "GRPO writes them, unless grpo.log_completions_every=0; give a run's folder, outputs/train/NAME/RUN."
        )  # fmt: skip
        raise ConfigError(f"{run} holds no completions/{mode}-*.parquet. {why}")
    return found[mode]


def read(path: Path) -> list[Row]:
    """Every row; ConfigError for a file that is damaged."""
    return [
        Row(
            row["step"], row["example"], row["prompt"], row["truth"], row["completion"], row["tokens"], row["cut"],
            row["total"],
            {name.removeprefix("terms/"): value for name, value in row.items() if name.startswith("terms/")},
        )
        for row in _table(path, ("step", "example", "prompt", "truth", "completion", "tokens", "cut", "total"))
    ]  # fmt: skip


def changed(found: Mapping[int, Path], n: int) -> list[tuple[list[Row], list[Row]]]:
    """The n examples whose mean reward moved most from the first step that has them to the last: both steps' rows."""
    means: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for step in sorted(found):
        totals: dict[int, list[float]] = defaultdict(list)
        for row in _table(found[step], ("example", "total"), only=True):
            totals[row["example"]].append(row["total"])
        for example, values in totals.items():
            means[example].append((step, fmean(values)))
    moved = {example: abs(seen[-1][1] - seen[0][1]) for example, seen in means.items()}
    most = sorted((example for example, by in moved.items() if by > 0), key=lambda e: (-moved[e], e))[:n]
    rows = {step: read(found[step]) for step in {means[e][at][0] for e in most for at in (0, -1)}}
    return [
        ([r for r in rows[means[e][0][0]] if r.example == e], [r for r in rows[means[e][-1][0]] if r.example == e])
        for e in most
    ]


def typical(rows: Sequence[Row]) -> Row:
    """The completion whose reward is nearest to the mean."""
    mean = fmean(row.total for row in rows)
    return min(rows, key=lambda row: abs(row.total - mean))


def _table(path: Path, wanted: Sequence[str], only: bool = False) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, columns=list(wanted) if only else None)
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    if missing := [name for name in wanted if name not in table.column_names]:
        raise ConfigError(f"{path} lacks the columns {', '.join(missing)}: it is not this project's.")
    return table.to_pylist()  # type: ignore[no-any-return]
