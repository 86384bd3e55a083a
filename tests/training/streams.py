"""Streams of encoded examples for a data process: importing this must not load torch."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from ewm.training.packing import Encoded


def counting(start: int) -> Iterator[Encoded]:
    """Runs of consecutive numbers modulo 60: the next token is a function of the last one."""
    position = start
    while True:
        rng = random.Random(position)
        first, length = rng.randrange(60), rng.randrange(10, 60)
        yield [(first + n) % 60 for n in range(length)], 4
        position += 1


def slowly(start: int) -> Iterator[Encoded]:
    for example in counting(start):
        time.sleep(0.01)
        yield example


def failing(start: int) -> Iterator[Encoded]:
    yield from (example for example, _ in zip(counting(start), range(100), strict=False))
    raise ValueError("no more programs")
