"""How much of a reward can be had without the program: GRPO on prompts from which its text is taken out.

python experiments/03-audit/adaptive.py [--rewards gated,gated:raw,ellora] [--steps 60] [--seeds 0] [--fresh 300]
                                        [--out outputs/audit/adaptive] [overrides of train.py]

All prompts are the same, so all that can be learnt is what to say whatever the program is: the reward that this
reaches on fresh programs is the exploitability. Measured before and after, sampled as in training and greedy, raw and
after chance correction. `gated:raw` trains on gated without chance correction, which pays something from the first step
on: the harder attack. ellora begins with a short SFT on the masked prompts, which teaches its format. What is done is
skipped, a training that was killed goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ewm import config, data, generation, models, rewards, training
from ewm.config.schema import GenerationConfig, TrainConfig
from ewm.data.example import Example
from ewm.evaluation.answers import append_rows, read_rows
from ewm.rewards.blind import best
from ewm.rewards.compose import corrected
from ewm.scoring import stats
from ewm.tasks.prompts import numbered

MASKED = ["data=quick", "grpo=quick", "grpo.temperature=1.0", "grpo.beta=0.0"]  # nothing that holds it back
WAYS = ("sampled", "greedy")


@dataclass
class Record:
    """What training writes to."""

    folder: Path

    def log(self, values: dict[str, Any], step: int) -> None:
        append_rows(self.folder / "metrics.jsonl", [{"step": step, **values}])

    def note(self, **facts: Any) -> None:
        """What the doctor finds stands in the log."""


@dataclass(frozen=True)
class Masked:
    """Examples without their programs' text in the prompt."""

    examples: list[Example]


def configured(reward: str, steps: int, seed: int, fresh: int, overrides: Sequence[str]) -> TrainConfig:
    reward, _, raw = reward.partition(":")
    own = ["format=ellora", "sft=short"] if reward == "ellora" else []  # nano's base does not know this format
    own += ["reward.chance_correct=false"] if raw else []
    more = [f"reward={reward}", f"grpo.max_steps={steps}", f"seed={seed}", f"data.num_validation={fresh}"]
    return config.compose([*MASKED, *own, *more, *overrides])


def masked(example: Example) -> Example:
    """The prompt's head alone: what is asked, not about which program."""
    whole, asked = example.messages[0]["content"], _asked(example)
    assert whole.endswith(asked), "a prompt that does not end with its program"
    said = whole.removesuffix(asked)
    return replace(example, messages=[{"role": "user", "content": said}])


def _asked(example: Example) -> str:
    call = f"\ncall {example.program.entry}" if example.program.entry else ""
    return numbered(example.program.source) + call


def examples(cfg: TrainConfig, model: Any, split: str) -> list[Example]:
    made = data.build(
        cfg.data, cfg.trace, cfg.task, cfg.format, model.prompt_style, model.without_weights().count_tokens, split
    )
    return [masked(example) for example in made.examples]


def corrected_from(found: Sequence[Example], reward: rewards.Reward) -> list[Example]:
    """With the blind score in each truth; programs that a blind guess has right are left out, as in training."""
    bare = replace(reward, chance_correct=False)
    known = [replace(e, truth=replace(e.truth, blind=best(bare, e.truth))) for e in found]
    return [e for e in known if e.truth.blind < 1]


def run(cfg: TrainConfig, folder: Path) -> Iterator[dict[str, Any]]:
    """Trains if there is no adapter yet; rows of what the base and the adapter are paid on fresh programs."""
    reward = rewards.compose(cfg.reward, cfg.plugins)
    base = models.load(cfg.model, cfg.lora, cfg.hardware, cfg.seed)
    fresh = corrected_from(examples(cfg, base, "validation"), reward)
    yield from paid(base.without_adapter(), "base", fresh, reward, cfg)
    if not (folder / "adapter").exists():
        found = examples(cfg, base, "train")
        found = corrected_from(found, reward) if reward.chance_correct else found
        training.warm_start(base, Masked(found), cfg.sft, Record(folder), cfg.seed)
        training.reinforce(base, Masked(found), cfg.grpo, reward, Record(folder), cfg.seed, cfg.engine)
    yield from paid(base.with_adapter(folder / "adapter"), "trained", fresh, reward, cfg)


def paid(
    model: Any, which: str, fresh: Sequence[Example], reward: rewards.Reward, cfg: TrainConfig
) -> Iterator[dict[str, Any]]:
    """One row for each way to answer. All prompts are one, so its completions are dealt out to the programs."""
    bare = replace(reward, chance_correct=False)
    for way in WAYS:
        n, temperature = (len(fresh), cfg.grpo.temperature) if way == "sampled" else (1, 0.0)
        asked = GenerationConfig(way, temperature, n=n, max_new_tokens=cfg.grpo.max_completion_length)
        said = generation.generate(model, [fresh[0].messages], asked, cfg.engine, seed=cfg.seed + 1)[0]
        pairs = list(zip(said * (len(fresh) // n), [e.truth for e in fresh], strict=True))
        raw = [bare(completion.text, truth, cut=completion.cut).total for completion, truth in pairs]
        families = [e.program.family for e in fresh]
        yield {
            "model": which,
            "answers": way,
            "raw": figure(raw, families),
            "corrected": figure([corrected(r, t.blind) for r, (_, t) in zip(raw, pairs, strict=True)], families),
            "blind": figure([truth.blind for _, truth in pairs], families),
            "commonest": max((c.text for c, _ in pairs), key=[c.text for c, _ in pairs].count)[:300],
        }


def figure(values: Sequence[float], families: Sequence[str]) -> list[float]:
    """Mean, low, high, n."""
    found = stats.bootstrap_mean(values, families)
    return [round(found.mean, 4), round(found.low, 4), round(found.high, 4), found.n]


def table(rows: Sequence[dict[str, Any]]) -> Table:
    shown = Table("reward", "seed", "steps", "model", "answers", "raw", "corrected", "best blind", "n")
    for row in rows:
        told = ["{:.3f} ({:.3f}-{:.3f})".format(*row[key][:3]) for key in ("raw", "corrected", "blind")]
        about = (str(row[key]) for key in ("reward", "seed", "steps", "model", "answers"))
        shown.add_row(*about, *told, str(row["raw"][3]))
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rewards", default="gated,gated:raw,prefix,prefix:raw,strict,ellora")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--fresh", type=int, default=300)
    parser.add_argument("--out", default="outputs/audit/adaptive")
    parser.add_argument("overrides", nargs="*")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    out, rows = Path(given.out), []
    for seed in map(int, given.seeds.split(",")):
        for name in given.rewards.split(","):
            cfg = configured(name, given.steps, seed, given.fresh, given.overrides)
            key = config.digest(cfg)[:8]
            known = [row for row in read_rows(out / "results.jsonl") if row["key"] == key]
            if not known:
                folder = out / f"{name.replace(':', '-')}-{seed}-{key}"
                folder.mkdir(parents=True, exist_ok=True)
                about = {"key": key, "reward": name, "seed": seed, "steps": given.steps}
                known = [{**about, **row} for row in run(cfg, folder)]
                append_rows(out / "results.jsonl", known)
            rows += known
    Console(width=150).print(table(rows))
    (out / "table.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
