"""The runs below a folder, read from what each left there.

A run is a folder with run.json or, if it failed before that, .hydra/overrides.yaml. What cannot be read makes its own
run `unreadable` and no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ewm.config import ConfigError
from ewm.config.record import damaged
from ewm.config.record import read as read_record
from ewm.evaluation.results import Results, split_headline
from ewm.run import WHY, status

UNSAID = ("name", "output_dir")  # keys that do not tell one run from another


@dataclass(frozen=True)
class Run:
    """One job of a sweep; `why` is the first thing that was wrong with one that has no record, or cannot be read."""

    folder: Path
    status: str
    overrides: dict[str, str] = field(default_factory=dict)
    results: Results | None = None
    seconds: float | None = None
    why: str = ""


def find(folder: Path) -> list[Run]:
    """Every run below the folder, in the order of their paths; a run inside a run is not looked for."""
    found: list[Run] = []
    for child in [folder, *sorted(p for p in folder.rglob("*") if p.is_dir())]:
        inside = any(run.folder in child.parents for run in found)
        if not inside and _is(child):
            found.append(read(child))
    return found


def _is(folder: Path) -> bool:
    return (folder / "run.json").exists() or (folder / ".hydra" / "overrides.yaml").exists()


def among(folders: Sequence[Path]) -> list[Run]:
    """The runs in these folders, each once, in the order of their paths; those that have left nothing are no runs."""
    return [read(folder) for folder in sorted({folder.resolve(): folder for folder in folders}.values()) if _is(folder)]


def read(folder: Path) -> Run:
    """What a run's folder says of it."""
    try:
        row: dict[str, Any] = read_record(folder)
    except FileNotFoundError:
        return Run(folder, "failed before it began", overrides(folder, {}), why=_reason(folder))
    except ConfigError as error:
        return Run(folder, "unreadable", overrides(folder, {}), why=str(error))
    said, seconds, results = overrides(folder, row), row.get("wall_s"), folder / "evaluation" / "results.json"
    try:
        return Run(
            folder=folder,
            status=status(folder) or "unreadable",
            overrides=said,
            results=load_results(results) if results.exists() else None,
            seconds=float(seconds) if isinstance(seconds, (int, float)) else None,
        )
    except ConfigError as error:
        return Run(folder, "unreadable", said, why=str(error))


def swept(runs: Sequence[Run]) -> list[str]:
    """Keys whose value differs between the runs; every key of a single run."""
    keys = list(dict.fromkeys(key for run in runs for key in run.overrides))
    keys = [key for key in keys if key not in UNSAID]
    if len(runs) == 1:
        return keys
    return [key for key in keys if len({run.overrides.get(key) for run in runs}) > 1]


def load_results(path: Path) -> Results:
    """The figures of a run; ConfigError if the file does not hold them."""
    try:
        results = Results.load(path)
        split_headline(results.endpoint)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(path, f"cannot be read ({type(error).__name__}: {error})") from error
    return results


def overrides(folder: Path, row: dict[str, Any]) -> dict[str, str]:
    """The command's overrides as {key: value}: Hydra's file, else those of the record."""
    path = folder / ".hydra" / "overrides.yaml"
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
    except (OSError, ValueError, yaml.YAMLError):
        listed = None
    if not isinstance(listed, list):
        listed = row.get("overrides") or []
    pairs = (str(one).lstrip("+~").partition("=") for one in listed)
    return {key: value for key, _, value in pairs}


def _reason(folder: Path) -> str:
    """The first line that the sweep left; nothing for a single run."""
    try:
        return (folder / WHY).read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, ValueError):
        return ""
