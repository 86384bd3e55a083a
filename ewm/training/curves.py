"""Held-out curves of a GRPO stage: measured before the first step, every `eval_steps`, and after the last one.

What they say goes to the record and the board, the completions to completions/validation-<step>.parquet; the best
weights are kept, and training ends early where patience does. The figures decide nothing else.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from ewm.config import ConfigError
from ewm.config.errors import did_you_mean
from ewm.config.schema import GrpoConfig
from ewm.scoring import passes
from ewm.training import outcome, samples
from ewm.training.best import Best, Evaluation, History
from ewm.training.callbacks import Record
from ewm.training.progress import Board
from ewm.training.validation import HeldOut

if TYPE_CHECKING:
    from ewm.models import Model

log = logging.getLogger(__name__)


class Curves(TrainerCallback):
    """`since`: the step that training goes on from."""

    def __init__(
        self, model: Model, held_out: HeldOut, cfg: GrpoConfig, record: Record, board: Board | None, since: int
    ) -> None:
        folder = record.folder / "checkpoints" / "grpo"
        self.model, self.held_out, self.cfg, self.record, self.board = model, held_out, cfg, record, board
        self.history = History(folder, since)
        self.best = Best(folder / "best", cfg.metric_for_best_model)
        counts = cfg.load_best_model_at_end or cfg.early_stopping_patience is not None
        if counts and cfg.metric_for_best_model not in held_out.names:
            near = did_you_mean(cfg.metric_for_best_model, held_out.names)
            raise ConfigError(
                f"grpo.metric_for_best_model={cfg.metric_for_best_model}: never logged on this validation split.{near} "
                f"Possible here: {', '.join(held_out.names)}."
            )

    @property
    def stops(self) -> bool:
        """Patience has ended."""
        patience = self.cfg.early_stopping_patience
        return patience is not None and self.history.waited(self.cfg.metric_for_best_model) >= patience

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == 0:
            self._measure(state)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        step = state.global_step
        if step % self.cfg.eval_steps == 0 or step >= state.max_steps or control.should_training_stop:
            self._measure(state)
            control.should_training_stop |= self.stops

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._measure(state)  # where something else has ended it

    def finish(self) -> None:
        """After training: the best weights into the model, if asked for; what the curves mean, in a sentence."""
        first, last, best = self.history.evaluations[0], self.history.evaluations[-1], self.best.said
        loads = self.cfg.load_best_model_at_end and best is not None
        if loads:
            outcome.read(self.model, self.best.folder)
        families = [example.program.family for example in self.held_out.examples]
        n, k = self.held_out.n, self.held_out.k
        sentence = f"Held-out, step {first.step} to {last.step}: " + passes.change(
            first.right, last.right, n, k, families
        )
        log.info(sentence)
        if self.stops:
            log.info(
                "Ended early at step %d: %s has not risen for %d evaluations.",
                last.step, self.best.metric, self.cfg.early_stopping_patience,
            )  # fmt: skip
        if best is not None:
            log.info(
                "Best %s: %.4g at step %d. %s", self.best.metric, best["value"], best["step"],
                "Its weights are kept." if loads else "The last weights are kept (grpo.load_best_model_at_end=false).",
            )  # fmt: skip
        self.record.note(
            validation={
                "change": sentence, "first": first.values, "last": last.values, "last_step": last.step, "best": best,
                "kept_step": best["step"] if loads and best else last.step, "ended_early": self.stops,
            }
        )  # fmt: skip

    def _measure(self, state: Any) -> None:
        step, leads = state.global_step, state.is_world_process_zero
        if self.history.has(step):
            return
        start = time.perf_counter()
        found = self.held_out.measure()
        if leads:
            self._tell(found.values | {"time/validation": time.perf_counter() - start}, step)
            if self.cfg.log_completions_every:
                about = (self.held_out.prompts, self.held_out.truths)
                samples.write(self.record.folder / "completions", "validation", step, found.rows, *about, ())
            wanted = self.cfg.load_best_model_at_end or outcome.adapted(self.model)
            if wanted and self.best.metric in found.values:
                self.best.offer(self.model, step, found.values[self.best.metric])
        self.history.add(Evaluation(step, found.values, found.right), keep=leads)

    def _tell(self, values: dict[str, float], step: int) -> None:
        self.record.log(values, step=step)
        if self.board is not None:
            self.board.scalars(values, step)
        shown = (name for name in ("pass@1", f"pass@{self.held_out.k}", "reward") if f"validation/{name}" in values)
        said = "  ".join(f"{name} {values[f'validation/{name}']:.3f}" for name in dict.fromkeys(shown))
        log.info("held-out, step %d: %s", step, said)
