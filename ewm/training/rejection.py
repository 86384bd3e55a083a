"""Rejection sampling and SFT, in rounds: sample as GRPO does, keep what earns `algo.accept`, learn from it, again.

A round asks the next `algo.prompts` of the shuffled data set, `grpo.num_generations` times each; completions that reach
the least reward (1.0: exact) and that the token limit did not cut are kept, equal ones once. Their own ids are the
targets. Adapter, optimizer and falling rate go on from round to round; nothing of an earlier round is used
again. Sampling depends on (seed, round) and the weights alone, and checkpoints fall on the ends of rounds, so that a
killed run goes on to the same adapter, bit for bit. A round that accepts nothing is followed by the next one.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from ewm.config.schema import AlgoConfig, EngineConfig, GrpoConfig
from ewm.training import checkpoints, rollout, samples
from ewm.training.flops import Ledger
from ewm.training.judge import Judge, Reward, Scored
from ewm.training.packing import Batch, Encoded, lay
from ewm.training.progress import Board, shown
from ewm.training.schedule import shuffled
from ewm.training.sft import Module, fit, plan_for
from ewm.training.supervised import steps_of, trainable

if TYPE_CHECKING:
    from ewm.models import Model

NEVER = 10**9  # steps between checkpoints inside a round
ROUNDING = 1e-9  # of a reward

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Round:
    """What was sampled: `ids` with their end marks, one row of `scored` each, over these prompts."""

    number: int
    prompts: list[list[int]]
    ids: list[list[int]]
    scored: list[Scored]
    metrics: dict[str, float]

    def accepted(self, least: float) -> list[Encoded]:
        """(prompt and completion, length of the prompt) of every completion to learn from, equal ones once."""
        good = {
            (row.example, tuple(ids)): (prompt + ids, len(prompt))
            for prompt, ids, row in zip(self.prompts, self.ids, self.scored, strict=True)
            if row.total >= least - ROUNDING and not row.cut
        }
        return list(good.values())


def reject(
    model: Model,
    dataset: Any,
    cfg: AlgoConfig,
    sampling: GrpoConfig,
    reward: Reward,
    record: Any,
    seed: int = 0,
    engine: EngineConfig | None = None,
    board: Board | None = None,
) -> Path | None:
    """Train `model` in place; the last checkpoint, None if no round accepted anything."""
    examples = list(dataset.examples)
    if not examples:
        raise ValueError("Rejection sampling needs at least one training example.")
    trainable(model)
    sampling = rollout.settled(model, sampling, examples, record)
    truths = [example.truth for example in examples]
    judge = Judge(reward, truths, rollout.decoder(model), frozenset(rollout.ends(model)), model.cfg.thinking)
    texts = ["\n".join(m["content"] for m in example.messages) for example in examples]
    prompts = [model.encode(example.messages) for example in examples]
    ledger = Ledger.of(model.model, cfg.flops)
    sample = rollout.sampler(model, sampling, engine)
    plan = replace(steps_of(cfg), checkpoint_every=NEVER)
    folder = record.folder / "checkpoints" / "rejection"
    accepted = 0

    def share() -> float:
        return ledger.share if ledger.budget else module.data["done"] / cfg.rounds if module.data else 0.0

    with shown("rejection", plan, record.log, board, stage="rejection", share=share) as tell:
        module = Module(model.model, plan, folder, tell, seed, stage="rejection", ledger=ledger, share=share)
        while not module.finished:
            number = int(module.data["done"]) if module.data else 0
            model.model.eval()
            asked = _asked(len(examples), cfg.prompts, sampling.num_generations, number, seed)
            made = _sampled(number, asked, prompts, sample, judge, seed, ledger)
            chosen = made.accepted(cfg.accept)
            accepted += len(chosen)
            step = module.step + 1  # the one that these lead to
            tell(made.metrics | {"rejection/accepted": len(chosen) / len(asked), "flops": ledger.spent}, step)
            if sampling.log_completions_every:
                samples.write(record.folder / "completions", "rejection", number + 1, made.scored, texts, truths, ())
            if board is not None:
                board.text("completions/rejection", samples.as_text(made.scored, texts, truths), step)
            if chosen:
                model.model.train()
                order = random.Random(f"{seed}:{number}")
                fit(module, _batches(chosen, cfg, number, order))
            else:
                module.data = {"done": number + 1}
    model.model.eval()
    if not accepted and module.step == 0:
        log.warning(
            "rejection: no completion reached algo.accept=%g, so the adapter is as it began. Possible: a lower "
            "algo.accept, or sft=short before it.", cfg.accept,
        )  # fmt: skip
    return checkpoints.latest(folder)


def _asked(examples: int, prompts: int, each: int, number: int, seed: int) -> list[int]:
    """The examples of a round, in the order of an endless shuffled list, each `each` times."""
    stream = shuffled(examples, seed, number * prompts)
    return [index for index in islice(stream, prompts) for _ in range(each)]


def _sampled(
    number: int,
    asked: Sequence[int],
    prompts: Sequence[list[int]],
    sample: rollout.Rollout,
    judge: Judge,
    seed: int,
    ledger: Ledger,
) -> Round:
    metrics: dict[str, float] = {}
    begun = time.perf_counter()
    given = [prompts[index] for index in asked]
    ids = sample(given, random.Random(f"{seed}:{number}").getrandbits(31))
    ledger.forward(sum(len(prompts[index]) for index in dict.fromkeys(asked)) + sum(map(len, ids)))
    made = time.perf_counter()
    totals = judge(ids, list(asked), metrics.__setitem__)
    metrics |= {
        "rejection/round": number + 1,
        "rewards/total/mean": fmean(totals),
        "completions/mean_length": fmean(map(len, ids)),
        "completions/clipped_ratio": fmean(row.cut for row in judge.batch),
        "time/generation": made - begun,
        "time/scoring": time.perf_counter() - made,
    }
    return Round(number, given, ids, judge.batch, metrics)


def _batches(chosen: Sequence[Encoded], cfg: AlgoConfig, number: int, order: random.Random) -> Iterator[Batch]:
    """Every accepted completion `epochs` times, over batches of about `tokens_per_step`, none of them a small rest."""
    longest = max(len(ids) for ids, _ in chosen)
    size = plan_for(steps_of(cfg), lambda start: iter(()), 1, longest).size
    count = min(len(chosen), max(1, round(sum(len(ids) for ids, _ in chosen) / cfg.tokens_per_step)))
    for epoch in range(cfg.epochs):
        shuffled = order.sample(chosen, len(chosen))
        for n in range(count):
            cells = [lay(part, size) for part in _cells(shuffled[n::count], size)]
            done = number + (epoch * count + n + 1) / (cfg.epochs * count)
            tokens = sum(int(cell.starts[-1]) for cell in cells)
            yield Batch(cells, float(sum(cell.weights.sum() for cell in cells)), tokens, 0, {"done": done})


def _cells(examples: Sequence[Encoded], size: int) -> Iterator[list[Encoded]]:
    """Examples in order, as many to a cell as fit."""
    held: list[Encoded] = []
    for example in examples:
        if held and sum(len(ids) for ids, _ in held) + len(example[0]) > size:
            yield held
            held = []
        held.append(example)
    yield held
