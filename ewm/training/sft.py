"""Next-token training with Lightning: the module and its loop.

What is trained with it (supervised.py, rejection.py: an adapter on examples or on accepted completions; pretraining.py:
a whole model on a stream) ends with the same weights when killed at any moment and started again, bit for bit on one
machine kind and thread count, as long as `max_minutes` is null (with it the rate follows the clock). A checkpoint is a
folder written aside and renamed: state.pt (weights, optimizers, step, place in the data, generators) and, for a whole
model, the model as transformers stores it.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning
import torch
import torch.distributed as dist
from transformers.utils import logging as hf_logging

from ewm.config.schema import SftConfig
from ewm.training import checkpoints, fused, optim
from ewm.training.feed import Plan
from ewm.training.flops import Ledger
from ewm.training.packing import Batch, MakeStream
from ewm.training.progress import Log

CELL = 2048  # tokens; the fastest size measured for nano
KEEP = 2  # checkpoints

log = logging.getLogger(__name__)


def plan_for(cfg: SftConfig, make_stream: MakeStream, ranks: int, longest: int = 0) -> Plan:
    """`tokens_per_step` as cells of at most CELL tokens (more where an example needs it), equally for each rank."""
    share = max(1, cfg.tokens_per_step // ranks)
    size = max(min(CELL, share), -(-longest // 64) * 64)
    return Plan(make_stream, size, max(1, share // size), ranks, cfg.loss_on_prompt)


class Module(lightning.LightningModule):
    """One optimizer step a batch: cells one by one, gradients summed over cells and ranks, then clipped."""

    def __init__(
        self,
        model: Any,
        cfg: SftConfig,
        folder: Path,
        log: Log | None,
        seed: int,
        tokenizer: Any = None,
        stage: str = "sft",
        ledger: Ledger | None = None,
        share: Callable[[], float] | None = None,
    ) -> None:
        """`stage`: the prefix of the logged names. `share` of the run that is done, in place of steps and clock."""
        super().__init__()
        self.stage, self.ledger, self.share = stage, ledger, share
        self.automatic_optimization = False
        self.model, self.cfg, self.folder, self.record, self.tokenizer = model, cfg, folder, log, tokenizer
        self.losses = fused.Fused(model, cfg.compile) if fused.can_fuse(model) else fused.Plain(model)
        self.trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.optimizers_ = optim.optimizers(model, cfg)
        self.average = {n: p.detach().clone() for n, p in self.trained.items()} if cfg.ema else {}
        self.step, self.seconds, self.tokens = 0, 0.0, 0
        self.data: dict[str, Any] | None = None  # the packer's state
        self.started = 0.0
        torch.manual_seed(seed)
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    def resumed(self, plan: Plan) -> Plan:
        """The plan, from where the last checkpoint stood in the data."""
        return Plan(plan.make_stream, plan.size, plan.cells, plan.ranks, plan.prompt_weight, self.data)

    @property
    def finished(self) -> bool:
        return self.progress() >= 1.0

    def progress(self) -> float:
        """0 to 1: `share`, else by steps or by the clock, whichever is further."""
        if self.share is not None:
            return self.share()
        clock = self.seconds / (60 * self.cfg.max_minutes) if self.cfg.max_minutes else 0.0
        return max(self.step / self.cfg.max_steps, clock)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        return self.optimizers_

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        return batch  # each cell goes as its loss is taken

    def training_step(self, batch: Batch, index: int) -> None:
        begun = self.started or time.monotonic()
        share = optim.rate(self.step, self.progress(), self.cfg)
        total = 0.0
        for cell in batch.cells:
            loss = self.losses(cell) / batch.weight
            self.manual_backward(loss)
            total += loss.item()
        now = time.monotonic()
        self.started = now
        total, self.seconds = self._sum(total, self.seconds + now - begun)
        norm = torch.nn.utils.clip_grad_norm_(self.trained.values(), self.cfg.max_grad_norm or float("inf"))
        for optimizer in self.optimizers_:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * share
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
        if self.average:
            torch._foreach_lerp_(list(self.average.values()), list(self.trained.values()), 1 - (self.cfg.ema or 0.0))
        self.step, self.tokens, self.data = self.step + 1, self.tokens + batch.tokens, batch.state
        if self.ledger is not None:
            self.ledger.forward(batch.tokens)
            self.ledger.backward(batch.tokens)
        if self.record is not None:
            speed = batch.tokens / (now - begun) if now > begun else 0.0
            values = {
                "loss": total, "tokens": self.tokens, "tokens_per_second": speed, "grad_norm": float(norm),
                "rate": share, "dropped": batch.dropped, "minutes": self.seconds / 60,
            }  # fmt: skip
            spent = {} if self.ledger is None else {"flops": self.ledger.spent}
            self.record({f"{self.stage}/{name}": value for name, value in values.items()} | spent, self.step)
        if self.finished:
            self.trainer.should_stop = True
        if self.finished or self.step % self.cfg.checkpoint_every == 0:
            self.save()

    def _sum(self, loss: float, seconds: float) -> tuple[float, float]:
        """Gradients and loss summed over the ranks; everybody gets rank 0's clock."""
        if not dist.is_initialized():
            return loss, seconds
        grads = [p.grad for p in self.trained.values()]
        told = torch.tensor([loss, seconds if dist.get_rank() == 0 else 0.0])
        flat = torch.cat([*(g.flatten() for g in grads), told])
        dist.all_reduce(flat)
        parts = flat[:-2].split([g.numel() for g in grads])
        torch._foreach_copy_(grads, [part.view_as(g) for part, g in zip(parts, grads, strict=True)])
        return float(flat[-2]), float(flat[-1])

    def save(self) -> None:
        """A complete checkpoint, by rank 0. With `ema` the stored model holds the average."""
        if dist.is_initialized() and dist.get_rank() > 0:
            return
        if checkpoints.latest(self.folder) == self.folder / f"checkpoint-{self.step}":
            return
        state = {
            "weights": {name: p.detach() for name, p in self.trained.items()},
            "average": self.average,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers_],
            "generator": torch.get_rng_state(),
            "flops": 0.0 if self.ledger is None else self.ledger.spent,
            **{name: getattr(self, name) for name in COUNTERS},
        }
        with checkpoints.aside(self.folder, self.step, KEEP) as path:
            path.mkdir()
            torch.save(state, path / "state.pt")
            if not hasattr(self.model, "peft_config"):
                best = self.average or state["weights"]
                self.model.save_pretrained(path, state_dict={**self.model.state_dict(), **best})
                if self.tokenizer is not None:
                    self.tokenizer.save_pretrained(path)

    def _resume(self) -> None:
        last = checkpoints.latest(self.folder)
        if last is None:
            return
        state = torch.load(last / "state.pt", weights_only=True, map_location="cpu")
        for store, kept in ((self.trained, state["weights"]), (self.average, state["average"])):
            for name, tensor in store.items():
                with torch.no_grad():
                    tensor.copy_(kept[name])
        for optimizer, kept in zip(self.optimizers_, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        torch.set_rng_state(state["generator"])
        for name in COUNTERS:
            setattr(self, name, state[name])
        if self.ledger is not None:
            self.ledger.spent = state.get("flops", 0.0)
        log.info("SFT goes on from step %d", self.step)


COUNTERS = ("step", "seconds", "tokens", "data")


class Data(lightning.LightningDataModule):
    """Batches that were packed elsewhere."""

    def __init__(self, source: Iterable[Batch]) -> None:
        super().__init__()
        self.source = source

    def train_dataloader(self) -> Iterable[Batch]:
        return self.source


def fit(module: Module, source: Iterable[Batch]) -> None:
    """Train until done, with nothing of Lightning's beside the loop."""
    if module.finished:
        return
    cpu = next(module.model.parameters()).device.type == "cpu"
    with _threads(module.cfg.threads if cpu else 0), _own_signals(), _silence():
        trainer = lightning.Trainer(
            accelerator="cpu" if cpu else "gpu", devices=1, max_steps=-1, max_epochs=1, logger=False,
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
            num_sanity_val_steps=0, inference_mode=False,
        )  # fmt: skip
        trainer.fit(module, datamodule=Data(source))
    if not module.finished:
        module.save()


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _own_signals() -> Iterator[None]:
    """SIGTERM ends the process and Ctrl-C is KeyboardInterrupt, as without Lightning, which would note the first for
    later and turn the second into exit(1)."""
    before = signal.getsignal(signal.SIGTERM) if threading.current_thread() is threading.main_thread() else None
    if before == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    finally:
        if before == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, before)


@contextmanager
def _silence() -> Iterator[None]:
    """Lightning's notices, and the bar that transformers draws for each saved file."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.ERROR)
    bars = hf_logging.is_progress_bar_enabled()
    hf_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if bars:
            hf_logging.enable_progress_bar()
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)
