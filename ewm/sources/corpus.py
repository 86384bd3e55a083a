"""Programs of a JSONL file: your own, or what `python -m ewm.sources mine` wrote.

Training takes neither a mined program of a package that is held out, as in `Mine`, nor one whose shape (constants
erased) belongs to the test split: it may be a held-out grammar program that was saved without its origin.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from ewm.programs import Program, Split, split_of
from ewm.programs.constructs import constructs
from ewm.programs.corpora import read_jsonl
from ewm.sources.mine import held_out
from ewm.sources.mix import shape


class Corpus:
    """Finite, in an order drawn by the seed."""

    def __init__(self, path: str, exclude_constructs: Sequence[str] = ()) -> None:
        if not Path(path).is_file():
            raise ValueError(f"path={path}: no such file. It wants JSONL, one program a line: {{'source', 'entry'}}.")
        self.path, self.excluded = path, frozenset(exclude_constructs)

    def programs(self, seed: int, split: Split | None = None) -> Iterator[Program]:
        found = list(read_jsonl(self.path))
        random.Random(f"corpus:{seed}").shuffle(found)
        for program in found:
            if split not in (None, program.split) or (split in ("train", "validation") and _held_out(program)):
                continue
            if self.excluded.isdisjoint(constructs(program.source)):
                yield program

    def fingerprint(self) -> str:
        """What the programs depend on beside seed and config."""
        return hashlib.sha256(Path(self.path).read_bytes()).hexdigest()


def _held_out(program: Program) -> bool:
    mined = program.origin.startswith("mine:")
    return (mined and held_out(program)) or split_of(shape(program)) == "test"
