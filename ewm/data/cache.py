"""Where a built data set lies: <cache_dir>/<hash of everything that it depends on>/{examples.jsonl, manifest.json}.

Everything: config, split, tokenizer (by its counts on probe texts), sources' own versions, Python, and the text of the
modules that make examples and their blind scores (not of a plugin's: delete the folder when its reward term changes).
Written aside and renamed; a folder whose examples do not match their hash is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from ewm.config.schema import ASIDE, DataConfig, FormatConfig, TaskConfig, TraceConfig
from ewm.data import example as files
from ewm.data.example import Example
from ewm.programs import SALT
from ewm.sources import mix
from ewm.tracing.pythons import interpreter

ROOMS = ("programs", "tracing", "sources", "tasks", "formats", "scoring", "rewards", "data")
PROBES = (
    "", "L1 x=12345; ys=['a', 'bc']", "def f(n):\n    return n + 1", "The quick fox\n\n\té 世界 🙂", "word " * 50,
)  # fmt: skip


def folder(
    cfg: DataConfig, trace: TraceConfig, task: TaskConfig, format: FormatConfig, style: str, split: str, wanted: int,
    count_tokens: Callable[[str], int], key: str, plugins: Sequence[str],
) -> Path:  # fmt: skip
    """The folder of this data set, made or not."""
    content = {
        "data": [cfg.sources, cfg.seed, cfg.max_prompt_tokens, cfg.max_target_tokens],
        "trace": {k: v for k, v in asdict(trace).items() if k not in (*ASIDE, "python")},
        "traced_by": interpreter(trace.python).version,
        "task": asdict(task),
        "format": asdict(format),
        "style": style,
        "split": split,
        "wanted": wanted,
        "tokens": [count_tokens(text) for text in PROBES],
        "key": key,
        "sources": {name: source.fingerprint() for name, source in mix.build(cfg.sources, plugins).items()},
        "python": sys.version.split()[0],
        "code": _code(),
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
    return Path(cfg.cache_dir) / digest[:16]


def load(path: Path) -> tuple[list[Example], dict[str, Any]] | None:
    """What lies there, None if it is missing or damaged."""
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        if _sha256(path / "examples.jsonl") != manifest["sha256"]:
            return None
        return list(files.load(path / "examples.jsonl")), manifest
    except (OSError, ValueError, KeyError):
        return None


def save(path: Path, examples: list[Example], counts: dict[str, Any]) -> dict[str, Any]:
    """Writes the folder and gives the manifest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        files.save(aside / "examples.jsonl", examples)
        families = sorted({e.program.family for e in examples})
        manifest = {
            **counts,
            "by_level": dict(sorted(Counter(e.program.level or e.source for e in examples).items())),
            "by_task": dict(sorted(Counter(e.task for e in examples).items())),
            "licences": dict(sorted(Counter(e.program.licence for e in examples).items())),
            "families": len(families),
            "families_sha256": hashlib.sha256("\n".join(families).encode()).hexdigest(),
            "salt": SALT,
            "sha256": _sha256(aside / "examples.jsonl"),
            "content": path.name,
        }
        (aside / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        if path.exists() and load(path) is None:
            shutil.rmtree(path, ignore_errors=True)
        try:
            os.rename(aside, path)
        except OSError:  # another process was faster with the same content
            pass
        return manifest
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _code() -> str:
    root = Path(__file__).parents[1]
    files = sorted(file for room in ROOMS for file in (root / room).rglob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
