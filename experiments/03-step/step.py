"""CPU time of a GRPO step here over plain TRL with a constant reward: python experiments/03-step/step.py --pairs 30

Same model (nano and a fresh LoRA adapter), prompts, order and sampling. A run is a few steps of one arm in this
process, the first of them not counted; the arms of a pair run one after the other, which one first changes from pair to
pair. A step's cost is the process's CPU time, threads and system calls included, from its beginning to the next one's:
reward, recorder, table of samples and TensorBoard are all in it. Three comparisons, each the median over pairs:

    whole      each arm with its own generation: merged decoding here, generate() there
    rest       the completions that this arm made are replayed in both: all but generation
    alike      as `rest`, with TRL's own log-probabilities here too: what judge, recorder and samples cost
"""

from __future__ import annotations

import argparse
import csv
import logging
import random
import statistics
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

import torch
from transformers import PrinterCallback, TrainerCallback
from trl import GRPOTrainer

from ewm import config, data, models, rewards
from ewm.reporting.tensorboard import Writer
from ewm.rewards.blind import best as best_blind
from ewm.training import grpo
from ewm.training.policy import PolicyTrainer

PRESETS = ["reward=gated", "grpo.temperature=1.3", "grpo.save_steps=100000"]  # checkpoints: plain TRL writes none
ARMS = ("whole", "whole plain", "rest", "alike", "rest plain")
COMPARED = {"whole": "whole plain", "rest": "rest plain", "alike": "rest plain"}
tape: list[Any] = []  # the completions of this pair's first run, a generation each


class Clock(TrainerCallback):
    """CPU seconds at the beginning of every step, and at the end."""

    def __init__(self) -> None:
        self.marks: list[float] = []

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.marks.append(cpu())

    on_train_end = on_step_begin

    def step(self) -> float:
        """Of a step, the first left out."""
        return (self.marks[-1] - self.marks[1]) / (len(self.marks) - 2)


class Replayed:
    """Mixed into a trainer: generation, recorded or played back."""

    replay = False
    turn = 0  # generations so far
    tokens = 0

    def _generate_single_turn(self, *args: Any, **kwargs: Any) -> Any:
        if self.replay:
            made = tape[self.turn]
            self.turn += 1
        else:
            made = super()._generate_single_turn(*args, **kwargs)[0], None  # type: ignore[misc]
            tape.append(made)
        self.tokens += sum(map(len, made[0]))
        return made


class Ours(Replayed, PolicyTrainer):
    """As it is."""


class OursAlike(Ours):
    """With TRL's log-probabilities."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shares_prompts = False


class Plain(Replayed, GRPOTrainer):
    """TRL's trainer; prompts come in this project's order, so that both arms see the same."""

    _get_train_sampler = PolicyTrainer._get_train_sampler


class Record:
    """As much of a run record as training writes to; every line goes to a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def log(self, values: dict[str, Any], step: int) -> None:
        with (self.folder / "metrics.jsonl").open("a") as file:
            file.write(f"{step} {values}\n")

    def note(self, **facts: Any) -> None:
        """What the doctor finds stands in the log."""


def cpu() -> float:
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def constant(prompts: list[Any], **_: Any) -> list[float]:
    return [0.5] * len(prompts)


def ours(
    cfg: Any, model: Any, examples: Any, reward: Any, folder: Path, kind: type[Ours], replay: bool
) -> tuple[float, int]:
    clock, made = Clock(), []

    def trainer(*args: Any, callbacks: list[Any], **kwargs: Any) -> Ours:
        one = kind(*args, callbacks=[*callbacks, clock], **kwargs)
        one.replay = replay
        made.append(one)
        return one

    grpo.PolicyTrainer = trainer  # type: ignore[assignment, misc]
    with Writer(folder) as board:
        grpo.reinforce(model, examples, cfg.grpo, reward, Record(folder), cfg.seed, cfg.engine, board)  # type: ignore[arg-type]
    return clock.step(), made[0].tokens


def plain(cfg: Any, model: Any, examples: Any, folder: Path, replay: bool) -> tuple[float, int]:
    clock = Clock()
    trainer = Plain(
        model=model.model,
        args=grpo.arguments(cfg.grpo, folder, cfg.seed, model.device, cfg.engine),
        reward_funcs=constant,
        train_dataset=grpo._table(list(examples.examples)),
        processing_class=model.tokenizer,
        callbacks=[clock],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.replay = replay
    trainer.train()
    return clock.step(), trainer.tokens


def measured(arm: str, cfg: Any, examples: Any, reward: Any) -> tuple[float, int]:
    """CPU seconds a step and tokens of the whole run."""
    model = models.load(cfg.model, cfg.lora, cfg.hardware, cfg.seed)
    with tempfile.TemporaryDirectory() as folder:
        if arm.endswith("plain"):
            return plain(cfg, model, examples, Path(folder), replay=arm == "rest plain")
        return ours(cfg, model, examples, reward, Path(folder), OursAlike if arm == "alike" else Ours, arm != "whole")


def interval(ratios: list[float], draws: int = 10_000) -> tuple[float, float]:
    """95 % of a bootstrap of the median over pairs."""
    rng = random.Random(0)
    found = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(draws))
    return found[int(0.025 * draws)], found[int(0.975 * draws)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--steps", type=int, default=2, help="counted, after one that is not")
    parser.add_argument("--completions", type=int, default=32, help="of a step, 8 to a prompt")
    parser.add_argument("--csv", type=Path)
    parser.add_argument("overrides", nargs="*", help="as train.py takes them")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    size = [f"grpo.max_steps={given.steps + 1}", f"grpo.per_device_train_batch_size={given.completions}"]
    cfg = config.compose([*PRESETS, "data.num_train=64", *size, *given.overrides])
    reward = rewards.compose(cfg.reward, cfg.plugins)
    count = models.load(cfg.model, None, cfg.hardware).without_weights().count_tokens
    made = (cfg.data, cfg.trace, cfg.task, cfg.format, cfg.model.prompt_style, count)
    examples = data.build(*made, blind=lambda truth: best_blind(reward, truth), key=str(cfg.reward))
    rows: list[dict[str, float]] = []
    for pair in range(given.pairs):
        tape.clear()
        order = ARMS if pair % 2 == 0 else ("whole plain", "whole", "rest plain", "alike", "rest")
        row: dict[str, float] = {}
        for arm in order:
            keep = list(tape)
            row[arm], tokens = measured(arm, cfg, examples, reward)
            row[f"{arm} tokens"] = tokens
            if arm == "whole":
                tape[:] = tape[len(keep) :]
            elif arm == "whole plain":
                tape[:] = keep
        rows.append(row)
        shown = "  ".join(f"{a} {row[a]:.3f} s / {row[b]:.3f} s = {row[a] / row[b]:.3f}" for a, b in COMPARED.items())
        print(f"pair {pair + 1}: {shown}", flush=True)
    for arm, other in COMPARED.items():
        ratios = [row[arm] / row[other] for row in rows]
        low, high = interval(ratios)
        print(f"{arm}: median {statistics.median(ratios):.3f} [{low:.3f}, {high:.3f}] of {len(ratios)} pairs")
    if given.csv:
        with given.csv.open("w", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
    print(f"torch threads {torch.get_num_threads()}, python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
