"""Batches made beside training: a process that runs the stream and packs it, one short queue a rank.

The process is started afresh (never forked from a trainer with threads) and dies with its parent, whatever killed that.
An error in the stream is raised in the trainer, with the stream's own traceback in its text.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import queue
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ewm.training.packing import Batch, MakeStream, Packer

AHEAD = 8  # steps
GONE = "The process that makes training examples is gone; its last words stand above."
SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Plan:
    """What a Packer needs, as one thing that can be sent to a process."""

    make_stream: MakeStream
    size: int
    cells: int
    ranks: int
    prompt_weight: float
    state: dict[str, Any] | None = None

    def packer(self) -> Packer:
        return Packer(self.make_stream, self.size, self.cells, self.ranks, self.prompt_weight, self.state)


class Feed:
    """Context manager; `queues[rank]` gives Batches, then None at the stream's end, or the text of its error."""

    def __init__(self, plan: Plan) -> None:
        self.queues = [SPAWN.Queue(AHEAD) for _ in range(plan.ranks)]
        self._process = SPAWN.Process(target=_produce, args=(plan, self.queues, os.getpid()))

    def __enter__(self) -> Feed:
        self._process.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        for one in self.queues:
            one.cancel_join_thread()
            one.close()

    @property
    def crashed(self) -> bool:
        """Ended without having said so in the queues."""
        return bool(self._process.exitcode)

    def batches(self) -> Iterator[Batch]:
        """For the only rank, in the process that opened the feed."""
        return batches(self.queues[0], lambda: self.crashed)


def batches(source: Any, crashed: Callable[[], bool] = lambda: False) -> Iterator[Batch]:
    """What stands in a rank's queue, until its end."""
    while True:
        try:
            item = source.get(timeout=2)
        except queue.Empty:
            if crashed() and source.empty():
                raise RuntimeError(GONE) from None
            continue
        if item is None:
            return
        if isinstance(item, str):
            raise RuntimeError(f"The stream of examples failed:\n{item}")
        yield item


def die_with_parent(parent: int, by: signal.Signals) -> None:
    """A signal for this process when its parent is gone, however it went (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, int(by))  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        raise SystemExit(0)


def _produce(plan: Plan, queues: list[Any], parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # lets the stream close its own processes
    die_with_parent(parent, signal.SIGTERM)
    last: str | None = None
    try:
        for step in plan.packer():
            for one, batch in zip(queues, step, strict=True):
                one.put(batch)
    except SystemExit:
        for one in queues:
            one.cancel_join_thread()  # nobody reads what is still in there
        raise
    except Exception:  # handed to the trainer, which raises it
        last = traceback.format_exc()
    for one in queues:
        one.put(last)
