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
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ewm.training.packing import Batch, MakeStream, Packer

AHEAD = 8  # steps
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


def batches(source: Any) -> Iterator[Batch]:
    """What stands in a rank's queue."""
    while True:
        try:
            item = source.get(timeout=600)
        except queue.Empty:
            raise RuntimeError("No training batch for ten minutes: the stream of examples stands still.") from None
        if item is None:
            return
        if isinstance(item, str):
            raise RuntimeError(f"The stream of examples failed:\n{item}")
        yield item


def die_with_parent(parent: int) -> None:
    """SIGTERM for this process when its parent is gone, however it went (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        raise SystemExit(0)


def _produce(plan: Plan, queues: list[Any], parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    signal.signal(signal.SIGTERM, _stop)
    die_with_parent(parent)
    try:
        for step in plan.packer():
            for one, batch in zip(queues, step, strict=True):
                one.put(batch)
        last: str | None = None
    except Exception:  # handed to the trainer, which raises it  # noqa: BLE001
        last = traceback.format_exc()
    for one in queues:
        one.put(last)


def _stop(*_: object) -> None:
    """Lets the stream close its own processes; nothing in the queues is worth waiting for."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    multiprocessing.util.Finalize(None, os._exit, args=(0,), exitpriority=-10)
    raise SystemExit(0)
