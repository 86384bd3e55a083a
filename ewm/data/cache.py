"""Where a built data set lies: <cache_dir>/<hash of everything that it depends on>/{data/*.parquet, manifest.json}.

Everything: config, split, tokenizer (by its counts on probe texts), sources' own versions, Python, and the text of the
modules that make examples and their blind scores (not of a plugin's: delete the folder when its reward term changes).
It is built in .<hash>.building, which one process has at a time, and renamed; a folder whose shards do not match their
hashes is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from ewm import locks
from ewm.config.schema import ASIDE, DATA_ASIDE, DataConfig, FormatConfig, TaskConfig, TraceConfig
from ewm.data import shards
from ewm.data.building import STATE
from ewm.run import write_atomic
from ewm.sources import mix
from ewm.tracing.pythons import interpreter

ROOMS = ("programs", "tracing", "sources", "tasks", "formats", "scoring", "rewards", "data")
PROBES = (
    "", "L1 x=12345; ys=['a', 'bc']", "def f(n):\n    return n + 1", "The quick fox\n\n\té 世界 🙂", "word " * 50,
)  # fmt: skip
MANIFEST = "manifest.json"


def folder(
    cfg: DataConfig, trace: TraceConfig, task: TaskConfig, format: FormatConfig, style: str, split: str, wanted: int,
    count_tokens: Callable[[str], int] | None, key: str, sources: dict[str, mix.Source], further: Sequence[str] = (),
) -> Path:  # fmt: skip
    """The folder of this data set, made or not. `further`: hashes of what else it depends on."""
    content = {
        "data": {name: value for name, value in asdict(cfg).items() if name not in DATA_ASIDE},
        "trace": {k: v for k, v in asdict(trace).items() if k not in (*ASIDE, "python")},
        "traced_by": interpreter(trace.python).version,
        "task": asdict(task),
        "format": asdict(format),
        "style": style,
        "split": split,
        "wanted": wanted,
        "tokens": count_tokens and [count_tokens(text) for text in PROBES],
        "key": key,
        "sources": {name: source.fingerprint() for name, source in sources.items()},
        "further": list(further),
        "python": sys.version.split()[0],
        "code": _code(),
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
    return Path(cfg.cache_dir) / digest[:16]


def load(path: Path) -> dict[str, Any] | None:
    """The manifest of what lies there, None if it is missing or damaged."""
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        return manifest if shards.sha256(path) == manifest["shards"] else None
    except (OSError, ValueError, KeyError):
        return None


@contextmanager
def building(path: Path, anew: bool = False) -> Iterator[Path | None]:
    """The folder to build in, with what an earlier try left there; None if there is nothing left to build.

    Who comes second waits. The block leaves a whole data set there; it then gets its name. `anew`: whatever is there.
    """
    aside = path.with_name(f".{path.name}.building")
    while True:
        aside.mkdir(parents=True, exist_ok=True)
        if locks.claim(aside):
            break
        time.sleep(0.2)
    with locks.hold(aside):
        if anew:
            for old in aside.glob("[!.]*"):
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        elif load(path) is not None:
            shutil.rmtree(aside, ignore_errors=True)  # not there where it got its name while this process waited
            yield None
            return
        whole = load(aside) is not None  # killed before it got its name
        try:
            yield None if whole else aside
        except BaseException:
            if not shards.paths(aside):  # nothing to go on from
                shutil.rmtree(aside)
            raise
        shutil.rmtree(path, ignore_errors=True)  # damaged
        (aside / STATE).unlink(missing_ok=True)
        os.rename(aside, path)
        (path / ".lock").unlink(missing_ok=True)  # not before: who opened it in between would have a lock of its own


def finish(aside: Path, manifest: dict[str, Any]) -> None:
    """What makes a data set whole, written last."""
    write_atomic(aside / MANIFEST, json.dumps(manifest, indent=2) + "\n")


@cache
def _code() -> str:
    root = Path(__file__).parents[1]
    files = sorted(file for room in ROOMS for file in (root / room).rglob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
