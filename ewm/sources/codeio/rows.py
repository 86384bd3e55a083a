"""The rows of the data files in the installed reasoning-gym. Its package is found, not imported."""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any

LICENCE = (
    "Apache-2.0"  # of what ships the code: a model rewrote it from public files, whose own licences it does not name
)
INSTALL = "pip install --no-deps reasoning-gym==0.1.25"
FILES = ("codeio.jsonl.gz", "codeio-hq.jsonl.gz")  # the second one is a JSON array, and mostly a part of the first


@dataclass(frozen=True)
class Row:
    """`number`: its place in the files, one after the other."""

    number: int
    code: str
    generator: str


def data() -> tuple[Path, ...]:
    """The files; ValueError if they are not installed."""
    spec = importlib.util.find_spec("reasoning_gym")
    folders = [Path(folder) / "data" for folder in (spec and spec.submodule_search_locations) or ()]
    for folder in folders:
        if all((folder / name).is_file() for name in FILES):
            return tuple(folder / name for name in FILES)
    missing = "has no data/" + " and data/".join(FILES) if folders else "is not installed"
    raise ValueError(f"The source CodeIO reads programs from reasoning-gym, which {missing}. Run: {INSTALL}")


def version() -> str:
    try:
        return metadata.version("reasoning-gym")
    except metadata.PackageNotFoundError:
        return "unknown"


def rows(counts: Counter[str]) -> Iterator[Row]:
    """Each code once, in the order of the files. `counts` is told of all."""
    seen: set[str] = set()
    for number, row in enumerate(chain.from_iterable(map(_read, data()))):
        counts["rows"] += 1
        if row["code_sample"] in seen:
            counts["left out: the same code again"] += 1
            continue
        seen.add(row["code_sample"])
        yield Row(number, row["code_sample"], row["input_generator"])


def _read(path: Path) -> Iterable[dict[str, Any]]:
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    if text.startswith("["):
        return json.loads(text)  # type: ignore[no-any-return]
    return map(json.loads, filter(str.strip, text.split("\n")))
