"""What happens beside a GRPO step: metrics to the run record and a board, samples, progress, checkpoints.

The board (TensorBoard's writer lives in reporting) and the record are passed in; this module only knows their shape.
Names: `rewards/...`, `completions/...` and `time/...` as they are, everything else under `grpo/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from transformers import TrainerCallback

from ewm.formats.prediction import Truth
from ewm.training import samples
from ewm.training.flops import Ledger
from ewm.training.judge import Judge
from ewm.training.progress import Board, Meter

TEXT_EVERY = 10  # steps: a page of texts is read by a person
_OWN_NAMES = ("rewards/", "completions/", "time/", "flops")
_NOT_METRICS = ("train_", "total_flos", "epoch", "reward_std")  # the closing summary; what rewards/total says already


class Record(Protocol):
    """The part of a run record that training writes to."""

    folder: Path

    def log(self, values: dict[str, Any], step: int) -> None: ...
    def note(self, **facts: Any) -> None: ...


def named(logs: Mapping[str, Any]) -> dict[str, float]:
    """The trainer's log line under this project's names; absent values and the closing summary left out."""
    kept = {k: v for k, v in logs.items() if isinstance(v, int | float) and not k.startswith(_NOT_METRICS)}
    return {(k if k.startswith(_OWN_NAMES) else f"grpo/{k}"): float(v) for k, v in kept.items()}


class Recorder(TrainerCallback):
    """Every log line to the record and to the board."""

    def __init__(self, record: Record, board: Board | None) -> None:
        self.record, self.board = record, board

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        values = named(logs or {})
        if not values or not state.is_world_process_zero:
            return
        self.record.log(values, step=state.global_step)
        if self.board is not None:
            self.board.scalars(values, state.global_step)


class Samples(TrainerCallback):
    """Every `every` steps, and at the first: the last batch as a table; at each tenth, three completions as text."""

    def __init__(
        self,
        judge: Judge,
        prompts: Sequence[str],
        truths: Sequence[Truth],
        folder: Path,
        every: int,
        board: Board | None,
    ) -> None:
        self.judge, self.prompts, self.truths = judge, prompts, truths
        self.folder, self.every, self.board = folder, every, board
        self.advantages: Sequence[float] = ()  # a live view, set by the caller

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        step = state.global_step
        due = self.every > 0 and (step == 1 or step % self.every == 0)
        if not due or not self.judge.batch or not state.is_world_process_zero:
            return
        batch = self.judge.batch
        samples.write(self.folder, "train", step, batch, self.prompts, self.truths, list(self.advantages))
        if self.board is not None and (step == 1 or step % TEXT_EVERY == 0):
            self.board.text("completions/train", samples.as_text(batch, self.prompts, self.truths), step)


class Checkpoints(TrainerCallback):
    """Asks for a checkpoint at every `every`-th step that ends a generation cycle: completions are never half used."""

    def __init__(self, every: int, cycle: int) -> None:
        self.every = -(-every // cycle) * cycle if every > 0 else 0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        last = state.global_step >= state.max_steps or control.should_training_stop
        control.should_save = bool(self.every) and (last or state.global_step % self.every == 0)


class Bar(TrainerCallback):
    """Progress, with the reward and its health."""

    def __init__(self, console: Console | None = None, ledger: Ledger | None = None) -> None:
        self.console, self.ledger = console, ledger if ledger is not None and ledger.budget else None
        self.meter: Meter | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            self.meter = (
                Meter("GRPO", state.max_steps, self.console)
                if self.ledger is None
                else Meter("GRPO %", 100, self.console)
            )
            self.meter.start(self._at(state))

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        if self.meter is not None and "reward" in (logs or {}):
            self.meter.show(self._at(state), _note(logs or {}))

    def _at(self, state: Any) -> int:
        return state.global_step if self.ledger is None else int(100 * self.ledger.share)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Also after an exception."""
        if self.meter is not None:
            self.meter.close()


def _note(logs: Mapping[str, Any]) -> str:
    parts = {"reward": "reward", "same": "frac_reward_zero_std", "entropy": "entropy", "s/step": "time/step"}
    return "  ".join(f"{name} {logs[key]:.3f}" for name, key in parts.items() if logs.get(key) is not None)
