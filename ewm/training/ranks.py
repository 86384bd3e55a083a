"""Several ranks on one machine: processes of their own, gradients summed by gloo.

OMP_NUM_THREADS is set before any of them imports torch: two processes of one thread keep their speed on a busy machine
where one process of two threads does not. The parent runs the data process, hears rank 0's metrics and waits; every
process dies with it. Not for several machines.
"""

from __future__ import annotations

import os
import queue
import signal
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ewm.config.schema import SftConfig
from ewm.training import checkpoints
from ewm.training.feed import GONE, SPAWN, Feed, Plan, batches, die_with_parent
from ewm.training.sft import Module, fit

SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE", "GLOO_SOCKET_IFNAME": "lo", "TOKENIZERS_PARALLELISM": "false"}


def train(
    model: Any, tokenizer: Any, plan: Plan, cfg: SftConfig, folder: Path,
    log: Callable[[dict[str, float], int], None], seed: int,
) -> None:  # fmt: skip
    """Returns when all ranks are done, or raises if one failed. Weights are then in the last checkpoint."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    checkpoints.clean(folder)
    last = checkpoints.latest(folder)
    state: dict[str, Any] = torch.load(last / "state.pt", weights_only=True) if last else {"step": 0, "data": None}
    if state["step"] >= cfg.max_steps:
        return
    with tempfile.TemporaryDirectory() as meeting, Feed(replace(plan, state=state["data"])) as feed:
        torch.save((model, tokenizer), Path(meeting) / "model.pt")
        metrics = SPAWN.Queue()
        arguments = [(r, cfg, folder, meeting, seed, feed.queues[r], metrics, os.getpid()) for r in range(cfg.ranks)]
        processes = [SPAWN.Process(target=_rank, args=one) for one in arguments]
        before = {name: os.environ.get(name) for name in (*SETTINGS, "OMP_NUM_THREADS")}
        os.environ.update(SETTINGS, OMP_NUM_THREADS=str(threads(cfg)))
        try:
            for process in processes:
                process.start()
            _wait(processes, metrics, log, feed)
        finally:
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})
            for process in processes:
                if process.pid:
                    process.kill()
                    process.join()


def threads(cfg: SftConfig) -> int:
    """Of one rank."""
    return cfg.threads or max(1, (os.cpu_count() or 1) // cfg.ranks)


def _wait(processes: list[Any], metrics: Any, log: Callable[[dict[str, float], int], None], feed: Feed) -> None:
    told = False
    while True:
        alive = [process.is_alive() for process in processes]
        failed = [process.exitcode for process in processes if process.exitcode]
        try:
            while True:
                item = metrics.get(timeout=0.1 if failed or not any(alive) else 0.5)
                if isinstance(item, str):
                    raise RuntimeError(f"A training rank failed:\n{item}")
                log(*item)
        except queue.Empty:
            pass
        if failed:
            raise RuntimeError(f"A training rank ended with exit code {failed[0]}.")
        if not any(alive):
            return
        if feed.crashed and not told:
            told = True
            for one in feed.queues:
                one.put(GONE)  # after what is still in there


def _rank(
    rank: int, cfg: SftConfig, folder: Path, meeting: str, seed: int, source: Any, metrics: Any, parent: int
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    die_with_parent(parent, signal.SIGKILL)
    try:
        _train(rank, cfg, folder, meeting, seed, source, metrics)
    except Exception:  # raised again by the parent
        metrics.put(traceback.format_exc())
        raise SystemExit(1) from None


def _train(rank: int, cfg: SftConfig, folder: Path, meeting: str, seed: int, source: Any, metrics: Any) -> None:
    import torch
    import torch.distributed as dist

    torch.set_num_threads(threads(cfg))
    dist.init_process_group("gloo", init_method=f"file://{meeting}/ranks", rank=rank, world_size=cfg.ranks)
    model, tokenizer = torch.load(Path(meeting) / "model.pt", weights_only=False)
    log = (lambda values, step: metrics.put((values, step))) if rank == 0 else None
    module = Module(model.train(), cfg, folder, log, seed, tokenizer)
    fit(module, batches(source))
    dist.barrier()  # rank 0 may still be writing
    dist.destroy_process_group()
