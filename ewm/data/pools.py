"""Who makes the blocks: this process, processes beside it on all cores, or a Ray cluster. The results are the same.

A pool has submit(name, drafts) -> a promise with .result(); blocks are done in any order, promises wait for their own.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

from ewm.config.errors import ConfigError
from ewm.data import work
from ewm.data.work import Draft, Made, Setup, Work

KINDS = ("auto", "here", "processes", "ray")
FEW = 4000  # examples for which it does not pay to start processes: they would load the tokenizer's library again
RAY = "data.pool=ray wants Ray, and it is not installed. pip install 'ewm[cluster]'"


class Promise(Protocol):
    def result(self) -> list[Made]: ...


class Pool(Protocol):
    ahead: int  # blocks that keep it busy

    def submit(self, name: str, drafts: Sequence[Draft]) -> Promise: ...


@contextmanager
def opened(kind: str, setup: Setup, workers: int, wanted: int) -> Iterator[Pool]:
    """The pool of this kind. `workers`: processes, 0 for one a core (of the cluster, with ray)."""
    if kind == "auto":
        kind = "here" if wanted <= FEW else "processes"
    if kind not in KINDS:
        raise ConfigError(f"data.pool={kind}: no such choice. Possible: {', '.join(KINDS)}.")
    with {"here": _here, "processes": _processes, "ray": _ray}[kind](setup, workers) as pool:
        yield pool


class _Done:
    def __init__(self, make: Callable[[], list[Made]]) -> None:
        self.result = make


class _Here:
    ahead = 1

    def __init__(self, worker: Work) -> None:
        self._work = worker

    def submit(self, name: str, drafts: Sequence[Draft]) -> Promise:
        return _Done(lambda: self._work.block(name, drafts))


@contextmanager
def _here(setup: Setup, workers: int) -> Iterator[Pool]:
    with Work(replace(setup, trace=replace(setup.trace, workers=workers))) as worker:
        yield _Here(worker)


class _Processes:
    def __init__(self, executor: ProcessPoolExecutor, processes: int) -> None:
        self._executor, self.ahead = executor, 2 * processes + 1

    def submit(self, name: str, drafts: Sequence[Draft]) -> Promise:
        return self._executor.submit(work.block, name, drafts)


@contextmanager
def _processes(setup: Setup, workers: int) -> Iterator[Pool]:
    processes = workers or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()) or 1
    executor = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), work.start, (_alone(setup),))
    try:
        yield _Processes(executor, processes)
    except BrokenProcessPool:
        raise ConfigError(
            "data: a worker process was killed, most likely for memory. What was built is kept; run the same command "
            f"again with fewer processes (data.workers=1, now {processes}), or smaller trace.memory_mb."
        ) from None
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


class _Answer:
    def __init__(self, answer: Any) -> None:
        self.result = answer.get


class _Ray:
    def __init__(self, pool: Any, processes: int) -> None:
        self._pool, self.ahead = pool, 2 * processes + 1

    def submit(self, name: str, drafts: Sequence[Draft]) -> Promise:
        return _Answer(self._pool.apply_async(work.block, (name, drafts)))


@contextmanager
def _ray(setup: Setup, workers: int) -> Iterator[Pool]:
    try:
        import ray
        from ray.util.multiprocessing import Pool as RayPool
    except ImportError:
        raise ConfigError(RAY) from None
    ours = not ray.is_initialized()
    if ours:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    processes = workers or int(ray.cluster_resources().get("CPU", 1))
    pool = RayPool(processes, initializer=work.start, initargs=(_alone(setup),))
    try:
        yield _Ray(pool, processes)
    finally:
        pool.terminate()
        pool.join()
        if ours:
            ray.shutdown()


def _alone(setup: Setup) -> Setup:
    """Each process has one tracer."""
    return replace(setup, trace=replace(setup.trace, workers=1))
