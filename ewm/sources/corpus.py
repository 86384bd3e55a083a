"""Programs of files: JSONL or parquet, your own, somebody's, or what a command of `python -m ewm.sources` wrote.

Training takes neither a mined program of a package that is held out, as in `Mine`, nor one whose shape (constants
erased) belongs to the test split: it may be a held-out grammar program that was saved without its origin.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ewm.programs import Program, Split, split_of
from ewm.programs.constructs import constructs
from ewm.programs.corpora import read
from ewm.sources.mine import held_out
from ewm.sources.mix import shape


class Corpus:
    """Finite, in an order drawn by the seed."""

    def __init__(self, path: str, exclude_constructs: Sequence[str] = ()) -> None:
        if not Path(path).exists():
            raise ValueError(
                f"path={path}: no such file. It wants JSONL, one program a line: {{'source', 'entry'}}, a parquet file "
                f"with such columns, or a folder of them."
            )
        self.path, self.excluded = path, frozenset(exclude_constructs)

    def programs(self, seed: int, split: Split | None = None) -> Iterator[Program]:
        found = list(read(self.path))
        random.Random(f"corpus:{seed}").shuffle(found)
        for program in found:
            if split not in (None, program.split) or (split in ("train", "validation") and _held_out(program)):
                continue
            if self.excluded.isdisjoint(constructs(program.source)):
                yield program

    def fingerprint(self) -> str:
        """What the programs depend on beside seed and config."""
        path, seen = Path(self.path), hashlib.sha256()
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                seen.update(file.read_bytes())
        return seen.hexdigest()


def _held_out(program: Program) -> bool:
    mined = program.origin.startswith("mine:")
    root = replace(program, source=program.parent, parent="") if program.parent else program
    return (mined and held_out(program)) or split_of(shape(root)) == "test"
