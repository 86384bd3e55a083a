"""GRPOTrainer with the seams this project needs, and nothing else of it changed.

- prompts are encoded by the model's own `encode`, so that a program holding "<|im_end|>" stays text;
- rollouts come from a function that is passed in, where TRL's own generate() is not wanted;
- on a CPU, log-probabilities come from logprobs.py (each prompt of a group once; rows without advantage without graph);
- every generation cycle is seeded by (seed, step), so that a run can be cut anywhere and go on as if it had not been;
- checkpoints are written aside and renamed, on whole generation cycles only (see callbacks.Checkpoints), by rank 0
  with every rank's generators in them;
- time is split into generation, scoring and update;
- a canary asks now and then whether the weights that sample are those that are trained (canary.py).

The overridden methods are TRL 1.16's private ones: the pin in pyproject.toml and tests/training/test_grpo.py hold them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import set_seed
from peft import set_peft_model_state_dict
from safetensors.torch import load_file
from torch.utils.data import Sampler
from trl import GRPOConfig, GRPOTrainer

from ewm.training import budget, canary, checkpoints, logprobs
from ewm.training.flops import Ledger
from ewm.training.schedule import Schedule

Rollout = Callable[[list[list[int]], int], list[list[int]]]  # prompt ids, seed -> completion ids


class PolicyTrainer(GRPOTrainer):
    """`encode`: messages -> prompt ids. `rollout`: None leaves generation to TRL (generate() or vLLM). `canary`: how
    far sampler and policy are apart; logged as `canary`. `ledger` is told what goes through the model."""

    _tag_names = ["ewm", "grpo"]
    args: GRPOConfig
    _aside: str | None = None

    def __init__(
        self,
        *args: Any,
        encode: Callable[..., list[int]],
        rollout: Rollout | None,
        ledger: Ledger,
        canary: Callable[[], float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.ledger = ledger
        self._encode = encode
        self._rollout = rollout
        self._canary = canary
        self._spent: dict[str, float] = {}
        self._live: torch.Tensor | None = None
        on_cpu = self.accelerator.device.type == "cpu"
        alone = self.accelerator.num_processes == 1  # gradients of several ranks meet in the wrapper's own forward
        plain = on_cpu and alone and not self.args.gradient_checkpointing
        self._shares_prompts = plain and logprobs.possible(self._causal)

    @property
    def cycle(self) -> int:
        """Optimizer steps after which no generated completion is left half used."""
        accumulated = self.args.gradient_accumulation_steps
        return math.lcm((self.args.steps_per_generation or 1) * self.num_iterations, accumulated) // accumulated

    # data

    def _get_train_sampler(self, dataset: Any = None) -> Sampler[int]:
        repeats = self.num_iterations * (self.args.steps_per_generation or 1)
        generations = int(self.num_generations or 1)
        micro_steps = self.args.max_steps * self.args.gradient_accumulation_steps
        return Schedule(
            examples=len(dataset if dataset is not None else self.train_dataset),  # type: ignore[arg-type]
            prompts=(self.args.generation_batch_size or 0) // generations,
            generations=generations,
            repeats=repeats,
            cycles=-(-micro_steps // repeats),
            seed=self.args.seed,
        )

    # rollouts

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        set_seed(_mix(self.args.seed, self._cycle_number()), device_specific=True)
        return super()._generate_and_score_completions(inputs)

    def _cycle_number(self) -> int:
        return self.state.global_step * self.args.gradient_accumulation_steps + (
            self._step % self.args.gradient_accumulation_steps
        )

    def _tokenize_prompts(self, prompts: list[Any]) -> tuple[list[list[int]], None, dict[str, Any]]:
        return [self._encode(prompt) for prompt in prompts], None, {}

    def _generate_single_turn(self, prompt_ids: list[list[int]], *args: Any, **kwargs: Any) -> Any:
        with self._timed("generation"):
            if self._rollout is None:
                made = super()._generate_single_turn(prompt_ids, *args, **kwargs)
                self.ledger.forward(sum(map(len, prompt_ids)) + sum(map(len, made[0])))
                return made
            seed = _mix(self.args.seed, self._cycle_number(), self.accelerator.process_index)
            completions = self._rollout(prompt_ids, seed)
            self.ledger.forward(sum(map(len, set(map(tuple, prompt_ids)))) + sum(map(len, completions)))
            if self._canary is not None and canary.due(self.state.global_step // self.cycle):
                self._metrics["train"]["canary"].append(self._canary())
            return completions, None

    def _calculate_rewards(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        with self._timed("scoring"):
            return super()._calculate_rewards(*args, **kwargs)

    # update

    @property
    def _causal(self) -> Any:
        model = self.accelerator.unwrap_model(self.model)
        return model.get_base_model() if hasattr(model, "peft_config") else model

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        moved = self.beta != 0.0 or self._entropy_bonus_enabled or self.aux_loss_enabled
        self._live = None if moved else inputs["advantages"] != 0
        try:
            return super()._compute_loss(model, inputs)
        finally:
            self._live = None

    def _get_per_token_logps_and_entropies(
        self, model: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor, logits_to_keep: int, **kwargs: Any
    ) -> Any:
        if not self._shares_prompts or model is self.ref_model:
            self._note(float(attention_mask.sum()), torch.is_grad_enabled())
            return super()._get_per_token_logps_and_entropies(
                model, input_ids, attention_mask, logits_to_keep, **kwargs
            )
        at = input_ids.shape[1] - logits_to_keep
        batch = logprobs.Batch(input_ids[:, :at], attention_mask[:, :at], input_ids[:, at:], attention_mask[:, at:])
        with self.accelerator.autocast():
            logps, entropies = logprobs.per_token(self._causal, batch, self.temperature, self._live)
        for tokens, back in logprobs.passes(batch, self._live):
            self._note(tokens, back)
        return logps, entropies if kwargs.get("compute_entropy") else None, None

    def _note(self, tokens: float, back: bool) -> None:
        self.ledger.forward(tokens)
        if back:
            self.ledger.backward(tokens)

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        if self.ledger.budget is None:
            return super().create_scheduler(num_training_steps, optimizer)
        if self.lr_scheduler is None:
            self.lr_scheduler = budget.scheduler(
                self.args.lr_scheduler_type, optimizer or self.optimizer, int(self.args.warmup_steps),
                self.ledger, self.args.lr_scheduler_kwargs,
            )  # fmt: skip
            self._created_lr_scheduler = True
        return self.lr_scheduler

    # logs

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._spent[name] = self._spent.get(name, 0.0) + time.perf_counter() - start

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        spent, self._spent = self._spent, {}
        steps = len(self._metrics["train"].get("step_time", ())) or 1
        if "step_time" in self._metrics["train"]:
            total = sum(self._metrics["train"].pop("step_time")) / steps
            shares = {f"time/{name}": seconds / steps for name, seconds in spent.items()}
            logs.update(shares, **{"time/step": total, "time/update": total - sum(shares.values())})
            logs["flops"] = self.ledger.spent
        super().log(logs, start_time)

    # checkpoints

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """The card is written by reporting."""

    def _get_output_dir(self, trial: Any) -> str:
        return self._aside or super()._get_output_dir(trial)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        keep, self.args.save_total_limit = self.args.save_total_limit, None  # the trainer must not rotate in there
        folder, step = Path(str(self.args.output_dir)), self.state.global_step
        try:
            if self.accelerator.is_main_process:
                with checkpoints.aside(folder, step, keep) as target:
                    self._save_into(target, model, trial)
                    self.ledger.save(target)
            else:
                self._save_into(checkpoints.target(folder, step), model, trial)
            self.accelerator.wait_for_everyone()
        finally:
            self._aside = None
            self.args.save_total_limit = keep

    def _save_into(self, target: Path, model: Any, trial: Any) -> None:
        """All ranks, once rank 0 has made the place; it goes on when all of them have written."""
        self.accelerator.wait_for_everyone()
        self._aside = str(target.parent)
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Every adapter into its place. The trainer's own way skips the trained one where there is a reference too."""
        model = self.accelerator.unwrap_model(model or self.model)
        if not hasattr(model, "peft_config"):
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        for name in model.peft_config:
            folder = Path(resume_from_checkpoint) / ("" if name == "default" else name)
            set_peft_model_state_dict(model, load_file(folder / "adapter_model.safetensors"), adapter_name=name)


def _mix(*numbers: int) -> int:
    """One 31-bit seed from several numbers."""
    mixed = 0
    for number in numbers:
        mixed = (mixed * 1_000_003 + number + 0x9E3779B9) & 0xFFFFFFFF
        mixed = ((mixed ^ (mixed >> 16)) * 0x45D9F3B) & 0xFFFFFFFF
    return mixed & 0x7FFFFFFF
