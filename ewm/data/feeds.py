"""One source's results in the order of its candidates, some blocks ahead of who reads them.

Blocks always begin at the same candidates, so that what a source has counted by the end of one (its funnel) is the same
whether a build was broken off or not.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice

from ewm.data.pools import Pool, Promise
from ewm.data.work import Draft, Made
from ewm.programs import Split
from ewm.sources.mix import Source

BLOCK = 128  # candidates


class Feed:
    """Iterator of Made. `position`: candidates that were read; `funnel`: what the source had counted by then."""

    def __init__(self, name: str, source: Source, seed: int, split: Split, pool: Pool, position: int = 0) -> None:
        self.name, self.position = name, position
        self._source, self._pool = source, pool
        self._drafts = _drafts(source, seed, split)
        self._ahead: deque[tuple[Promise, Counter[str]]] = deque()
        self._results: Iterator[Made] = iter(())
        self.funnel: Counter[str] = Counter()
        whole, rest = divmod(position, BLOCK)
        for _ in islice(self._drafts, whole * BLOCK):
            pass
        for _ in range(rest):  # their results were used before
            self._next()

    def __iter__(self) -> Iterator[Made]:
        return self

    def __next__(self) -> Made:
        made = self._next()
        self.position += 1
        return made

    def _next(self) -> Made:
        while (made := next(self._results, None)) is None:
            self._fill()
            if not self._ahead:
                raise StopIteration
            promise, self.funnel = self._ahead.popleft()
            self._results = iter(promise.result())
        return made

    def _fill(self) -> None:
        while len(self._ahead) < self._pool.ahead and (drafts := list(islice(self._drafts, BLOCK))):
            counts = Counter(getattr(self._source, "counts", {}))
            self._ahead.append((self._pool.submit(self.name, drafts), counts))


def _drafts(source: Source, seed: int, split: Split) -> Iterator[Draft]:
    """What a source can leave to the worker comes as a call that makes the program."""
    drafts = getattr(source, "drafts", None)
    return drafts(seed) if drafts else source.programs(seed, split)
