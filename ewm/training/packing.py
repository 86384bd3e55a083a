"""Examples of any length into cells of one fixed size, laid end to end: no padding inside, one static shape.

A batch is one optimizer step: cells for every rank. The order depends on the stream alone, and `Packer.state` (the
position in the stream and the examples drawn but not yet placed) is all that a resumed run needs. An example longer
than a cell is left out and counted; where nearly all are, packing ends with an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Encoded = tuple[Sequence[int], int]  # token ids, how many of them are the prompt
MakeStream = Callable[[int], Iterator[Encoded]]

POOL = 64  # examples to choose from when a cell is nearly full
TOO_LONG = 1000  # examples left out one after the other: the cell fits none
SHORTEST = 8  # tokens; bounds the number of sequences of a cell, whose array of starts has a fixed length


class Cell(NamedTuple):
    """`starts` ends with repetitions of the used length; what lies behind it is padding with weight 0."""

    ids: np.ndarray  # int64 [size]
    targets: np.ndarray  # int64 [size]: the next token
    weights: np.ndarray  # float32 [size]: of the loss on `targets`
    positions: np.ndarray  # int64 [size], from 0 in each sequence
    starts: np.ndarray  # int32 [size // SHORTEST + 1]


@dataclass(frozen=True)
class Batch:
    """One rank's cells of one step; `weight` and `tokens` count the whole step, all ranks together."""

    cells: list[Cell]
    weight: float
    tokens: int
    dropped: int  # examples left out since the stream's beginning
    state: dict[str, Any]  # the packer's, after this batch


class Packer:
    """Iterator of steps, each a list with one Batch a rank. Ends with the stream, dropping an unfilled step."""

    def __init__(
        self, make_stream: MakeStream, size: int, cells: int, ranks: int = 1, prompt_weight: float = 0.0,
        state: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        state = state or {"position": 0, "pending": [], "dropped": 0}
        self.position: int = state["position"]
        self.pending: list[Encoded] = [(list(ids), prompt) for ids, prompt in state["pending"]]
        self.dropped: int = state["dropped"]
        self.size, self.cells, self.ranks, self.prompt_weight = size, cells, ranks, prompt_weight
        self._stream = make_stream(self.position)

    @property
    def state(self) -> dict[str, Any]:
        return {"position": self.position, "pending": list(self.pending), "dropped": self.dropped}

    def __iter__(self) -> Iterator[list[Batch]]:
        while True:
            cells = []
            for _ in range(self.cells * self.ranks):
                chosen = self._choose()
                if not chosen:
                    return
                cells.append(lay(chosen, self.size, self.prompt_weight))
            weight = float(sum(cell.weights.sum() for cell in cells))
            tokens = int(sum(cell.starts[-1] for cell in cells))
            yield [
                Batch(cells[rank :: self.ranks], weight, tokens, self.dropped, self.state) for rank in range(self.ranks)
            ]

    def _choose(self) -> list[Encoded]:
        """The oldest first; the longest that still fits once the room is short."""
        chosen: list[Encoded] = []
        room = self.size
        while True:
            self._fill()
            fits = [n for n, (ids, _) in enumerate(self.pending) if len(ids) <= room]
            if not fits or len(chosen) == self.size // SHORTEST:
                return chosen
            if room > 2 * max(len(ids) for ids, _ in self.pending):
                best = fits[0]
            else:
                best = max(fits, key=lambda n: (len(self.pending[n][0]), -n))
            chosen.append(self.pending.pop(best))
            room -= len(chosen[-1][0])

    def _fill(self) -> None:
        left_out = 0
        while len(self.pending) < POOL:
            example = next(self._stream, None)
            if example is None:
                return
            self.position = getattr(self._stream, "position", self.position + 1)
            if len(example[0]) > self.size:
                self.dropped += 1
                left_out += 1
                if left_out == TOO_LONG:
                    raise ValueError(
                        f"{TOO_LONG:,} examples in a row are longer than a cell of {self.size} tokens. "
                        f"Give sft.tokens_per_step a larger value."
                    )
            else:
                left_out = 0
                self.pending.append((list(example[0]), example[1]))


def lay(examples: Sequence[Encoded], size: int, prompt_weight: float = 0.0) -> Cell:
    """Examples end to end. The last token of each predicts nothing; targets inside the prompt weigh `prompt_weight`."""
    ids, targets, positions = (np.zeros(size, np.int64) for _ in range(3))
    weights = np.zeros(size, np.float32)
    starts = np.zeros(size // SHORTEST + 1, np.int32)
    at = 0
    for n, (tokens, prompt) in enumerate(examples):
        end = at + len(tokens)
        ids[at:end] = tokens
        targets[at : end - 1] = tokens[1:]
        weights[at : end - 1] = 1.0
        weights[at : at + max(0, prompt - 1)] = prompt_weight
        positions[at:end] = np.arange(len(tokens))
        starts[n + 1 :] = end
        at = end
    return Cell(ids, targets, weights, positions, starts)
