"""Encoded examples kept on disk as the stream makes them, each used several times.

    make_stream = Shards(folder, make_stream, times=2)      # again a make_stream, positions counted in examples

Making an example costs as much as training on it for a while: what is kept is made once, for every restart and trial
too. Round k is the k-th shard together with those made `lag`, 2 `lag`, ... rounds before it, shuffled. What a shard
holds is a function of the stream alone, so two processes may fill one folder. Name the folder after the stream's
settings: nothing here knows them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ewm.training.packing import Encoded, MakeStream


@dataclass(frozen=True)
class Shards:
    """`size` examples a shard; each example is used `times` times."""

    folder: Path
    make_stream: MakeStream
    times: int = 2
    size: int = 2048
    lag: int = 16

    def __call__(self, start: int) -> Iterator[Encoded]:
        store = _Store(self)
        k = 0
        while start >= (length := self.size * len(self.round(k))):
            start, k = start - length, k + 1
        while True:
            examples = [example for shard in self.round(k) for example in store.load(shard)]
            random.Random(f"round:{k}").shuffle(examples)
            yield from examples[start:]
            start, k = 0, k + 1

    def round(self, k: int) -> list[int]:
        """The shards of round k, the new one first."""
        return [k - n * self.lag for n in range(self.times) if k >= n * self.lag]

    def path(self, shard: int) -> Path:
        return Path(self.folder) / f"{shard:05d}.npz"

    def fill(self, count: int) -> None:
        """Make the first `count` shards ahead of training."""
        store = _Store(self)
        for shard in range(count):
            store.make(shard)


class _Store:
    """Reads shards, and makes those that are missing, in order, from one open stream."""

    def __init__(self, shards: Shards) -> None:
        self.shards = shards
        self._stream: Iterator[Encoded] | None = None
        self._position = 0  # of the open stream

    def load(self, shard: int) -> list[Encoded]:
        self.make(shard)
        with np.load(self.shards.path(shard)) as kept:
            ids, lengths, prompts = kept["ids"], kept["lengths"], kept["prompts"]
        parts = np.split(ids, np.cumsum(lengths)[:-1])
        return [(part.tolist(), int(prompt)) for part, prompt in zip(parts, prompts, strict=True)]

    def make(self, shard: int) -> None:
        path = self.shards.path(shard)
        if path.exists():
            return
        start = 0
        if shard:
            self.make(shard - 1)
            with np.load(self.shards.path(shard - 1)) as before:
                start = int(before["after"])
        if self._stream is None or self._position != start:
            if self._stream is not None and hasattr(self._stream, "close"):
                self._stream.close()
            self._stream, self._position = self.shards.make_stream(start), start
        examples = []
        for _ in range(self.shards.size):
            examples.append(next(self._stream))
            self._position = getattr(self._stream, "position", self._position + 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{os.getpid()}-{path.name}")
        np.savez(
            partial,
            ids=np.concatenate([np.asarray(ids, np.uint32) for ids, _ in examples]),
            lengths=[len(ids) for ids, _ in examples],
            prompts=[prompt for _, prompt in examples],
            after=self._position,
        )
        os.replace(partial, path)
