"""GRPO with TRL: `reinforce` trains the model's LoRA adapter against one composed reward.

Truth comes with the data set and is only looked up. A run killed at any moment and started again with the same
arguments ends with the same adapter, bit for bit on one machine kind and thread count: prompts, sampling and dropout
depend on (seed, step) only, and checkpoints hold adapter, optimizer, schedule and generators. Whether a config can
work at all is answered before this module is imported (ewm.config).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from accelerate.utils import gather_object
from datasets import Dataset
from datasets.utils import logging as datasets_logging
from transformers import PrinterCallback
from trl import GRPOConfig

from ewm import ranks
from ewm.config.schema import EngineConfig, GrpoConfig
from ewm.training import canary, checkpoints, rollout
from ewm.training.budget import ENDLESS, Spending
from ewm.training.callbacks import Bar, Checkpoints, Record, Recorder, Samples
from ewm.training.curves import Curves
from ewm.training.doctor import Doctor
from ewm.training.flops import Ledger
from ewm.training.history import Plan
from ewm.training.judge import Judge, Reward
from ewm.training.outcome import keep
from ewm.training.policy import PolicyTrainer
from ewm.training.progress import Board
from ewm.training.validation import HeldOut

if TYPE_CHECKING:
    from ewm.models import Model

log = logging.getLogger(__name__)


class Examples(Protocol):
    """What a data set must offer: `examples` with messages and truth."""

    examples: Any


def reinforce(
    model: Model,
    dataset: Examples,
    cfg: GrpoConfig,
    reward: Reward,
    record: Record,
    seed: int = 0,
    engine: EngineConfig | None = None,
    board: Board | None = None,
    validation: Examples | None = None,
    flops: float | None = None,
) -> Path | None:
    """Train `model` in place: its adapter, or every weight if it has none. What `keep` leaves; None if disabled, and in
    other ranks than the first.

    With `validation` and `cfg.eval_steps`, held-out curves beside it, and the best weights at its end if so asked.
    With `flops`, a budget, it ends with the step that spends it, whatever `cfg.max_steps`.
    """
    if not cfg.enabled:
        return None
    folder = record.folder / "checkpoints" / "grpo"
    if ranks.leads():
        folder.mkdir(parents=True, exist_ok=True)
        checkpoints.clean(folder)
    examples = list(dataset.examples)
    cfg = rollout.settled(model, cfg, examples, record)
    resume = checkpoints.latest(folder)
    since = checkpoints.step_of(resume) if resume else 0
    sampler = rollout.choose(model, cfg, engine)
    if ranks.leads():
        weights = {term.name: term.weight for term in getattr(reward, "terms", ())}
        plan = Plan(cfg, weights, canary.tolerance(sampler), budget=flops is not None)
        record = Doctor(record, plan, board, since)
    truths = [example.truth for example in examples]
    ledger = Ledger.of(model.model, flops)
    args = arguments(cfg if flops is None else replace(cfg, max_steps=ENDLESS), folder, seed, model.device, engine)
    judge = Judge(reward, truths, rollout.decoder(model), frozenset(rollout.ends(model)), model.cfg.thinking)
    if args.bf16 and args.device.type == "cpu":
        log.warning("grpo.bf16=true costs time on a CPU and gains nothing; grpo.bf16=null has it on CUDA only.")
    if args.world_size > 1:
        judge.gather = gather_object
        if args.device.type == "cpu":
            args._setup_devices = torch.device("cpu")  # accelerate's cpu:0 is no place that torch.load knows
    prompts = ["\n".join(m["content"] for m in example.messages) for example in examples]
    shown = Samples(judge, prompts, truths, record.folder / "completions", cfg.log_completions_every, board)
    bar = Bar(ledger=ledger)
    held_out = _held_out(model, validation, cfg, reward, seed, engine, args, sampler)
    curves = Curves(model, held_out, cfg, record, board, since) if held_out else None
    with _quiet(), repeatable():
        trainer = PolicyTrainer(
            model=model.model,
            args=args,
            reward_funcs=judge,
            train_dataset=_table(examples),
            processing_class=model.tokenizer,
            callbacks=[Recorder(record, board), shown, bar, Spending(ledger), *([curves] if curves else [])],
            encode=model.encode,
            rollout=sampler,
            ledger=ledger,
            canary=canary.choose(sampler, model.encode(examples[0].messages)),
        )
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(Checkpoints(cfg.save_steps, trainer.cycle))
        shown.advantages = trainer._logs["advantages"]  # type: ignore[assignment]
        if resume is not None:
            log.info("GRPO goes on from step %d", since)
            ledger.restore(resume)
        try:
            if resume is not None and (ledger.exhausted or (curves is not None and curves.stops)):
                trainer._load_from_checkpoint(str(resume))
            else:
                trainer.train(resume_from_checkpoint=str(resume) if resume else None)
        finally:
            bar.close()
            _leave_as_found(trainer)
    if not ranks.leads():
        return None
    if curves is not None:
        curves.finish()
    return keep(model, record.folder)


def _held_out(
    model: Model, validation: Examples | None, cfg: GrpoConfig, reward: Reward, seed: int,
    engine: EngineConfig | None, args: GRPOConfig, sampler: rollout.Rollout | None,
) -> HeldOut | None:  # fmt: skip
    """The first `max_eval_samples` of the validation split; None where there are none, or no curves are asked for."""
    examples = list(validation.examples)[: cfg.max_eval_samples] if validation is not None and cfg.eval_steps else []
    if not examples:
        return None
    assert cfg.max_completion_length is not None, "settled by reinforce"
    return HeldOut(
        examples=examples,
        policy=rollout.asked(model, sampler),
        reward=reward,
        n=cfg.num_generations_eval,
        k=cfg.eval_k or cfg.num_generations_eval,
        limit=cfg.max_completion_length,
        seed=seed,
        engine=engine,
        rank=args.process_index,
        ranks=args.world_size,
        gather=gather_object if args.world_size > 1 else list,
    )


def arguments(cfg: GrpoConfig, folder: Path, seed: int, device: Any, engine: EngineConfig | None = None) -> GRPOConfig:
    """TRL's configuration. `cfg.extra` comes last and wins."""
    on_cpu = str(getattr(device, "type", device)).startswith("cpu")
    name = engine.name if engine is not None else "hf"
    settings: dict[str, Any] = dict(
        output_dir=str(folder),
        max_steps=cfg.max_steps,
        per_device_train_batch_size=cfg.per_device_train_batch_size,
        gradient_accumulation_steps=cfg.gradient_accumulation_steps,
        num_generations=cfg.num_generations,
        steps_per_generation=cfg.steps_per_generation,
        num_iterations=cfg.num_iterations,
        learning_rate=cfg.learning_rate,
        lr_scheduler_type=cfg.lr_scheduler_type,
        warmup_steps=cfg.warmup_steps,
        beta=cfg.beta,
        temperature=cfg.temperature,
        top_p=cfg.top_p,
        top_k=cfg.top_k,
        max_completion_length=cfg.max_completion_length,
        loss_type=cfg.loss_type,
        scale_rewards=cfg.scale_rewards,
        importance_sampling_level=cfg.importance_sampling_level,
        epsilon=cfg.epsilon,
        max_grad_norm=cfg.max_grad_norm,
        optim=cfg.optim,
        bf16=not on_cpu if cfg.bf16 is None else cfg.bf16,
        gradient_checkpointing=cfg.gradient_checkpointing,
        logging_steps=cfg.logging_steps,
        save_strategy="no",  # callbacks.Checkpoints asks for them
        save_total_limit=cfg.save_total_limit,
        seed=seed,
        use_cpu=on_cpu,
        dataloader_pin_memory=not on_cpu,
        ddp_find_unused_parameters=False,  # of several ranks: every trained weight is used in every step
        report_to="none",
        disable_tqdm=True,
        use_vllm=name in ("vllm", "vllm_colocate", "vllm_server"),
        vllm_mode="server" if name == "vllm_server" else "colocate",
    )
    if name == "vllm_server" and engine is not None and engine.base_url:
        settings["vllm_server_base_url"] = engine.base_url
    return GRPOConfig(**{**settings, **cfg.extra})


def _leave_as_found(trainer: PolicyTrainer) -> None:
    """Without mixed precision around its forward, without TRL's reference copy of the adapter, in eval mode."""
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    if "ref" in getattr(model, "peft_config", {}):
        model.delete_adapter("ref")
    model.eval()


def _table(examples: list[Any]) -> Dataset:
    """What TRL iterates over: the messages, and the index under which everything else is looked up."""
    return Dataset.from_dict({"prompt": [e.messages for e in examples], "example": list(range(len(examples)))})


@contextmanager
def repeatable() -> Iterator[None]:
    """Sums in one order. Without it, gradients through an index differ in their last bits from run to run on several
    threads (a CPU adds atomically), and no resumed run equals an unbroken one."""
    before = torch.are_deterministic_algorithms_enabled(), torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.utils.deterministic.fill_uninitialized_memory = before[1]  # type: ignore[attr-defined]


class _quiet:
    """TRL's and the datasets library's notices that do not concern a user of this project."""

    def __enter__(self) -> None:
        self.caught = warnings.catch_warnings()
        self.caught.__enter__()
        warnings.filterwarnings("ignore", message=".*(use_reentrant|pin_memory|experimental).*")
        datasets_logging.disable_progress_bar()

    def __exit__(self, *exc: Any) -> None:
        self.caught.__exit__(*exc)
