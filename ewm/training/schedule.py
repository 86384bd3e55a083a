"""Which prompts each generation batch holds: a pure function of (seed, cycle).

TRL's own sampler draws one permutation per epoch from a generator that lives as long as the process, so a run that
is resumed in a later epoch would see another order. Here epoch e is shuffled by (seed, e) and a run is one long
epoch, so that the trainer's own skipping of batches finds its place again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from torch.utils.data import Sampler


def shuffled(count: int, seed: int, start: int = 0) -> Iterator[int]:
    """0 to `count` - 1 without end, from the `start`-th on; epoch e is shuffled by (seed, e)."""
    epoch, offset = divmod(start, count)
    while True:
        order = list(range(count))
        random.Random(f"{seed}:{epoch}").shuffle(order)
        yield from order[offset:]
        epoch, offset = epoch + 1, 0


class Schedule(Sampler[int]):
    """Indices in the order TRL expects: each cycle's prompts `repeats` times over, each prompt `generations` times."""

    def __init__(self, examples: int, prompts: int, generations: int, repeats: int, cycles: int, seed: int) -> None:
        if examples < 1:
            raise ValueError("GRPO needs at least one training example.")
        self.examples, self.prompts, self.generations = examples, prompts, generations
        self.repeats, self.cycles, self.seed = repeats, cycles, seed

    def __len__(self) -> int:
        return self.cycles * self.repeats * self.prompts * self.generations

    def __iter__(self) -> Iterator[int]:
        stream = shuffled(self.examples, self.seed)
        for _ in range(self.cycles):
            chunk = [next(stream) for _ in range(self.prompts)]
            for _ in range(self.repeats):
                for index in chunk:
                    yield from [index] * self.generations
