"""The study of experiments/04-algo, step by step; every step skips what is done, so that it can be cut anywhere.

    python experiments/04-algo/study.py estimate         what is left, and how long it will take
    python experiments/04-algo/study.py grid             three rates an arm, on the validation split
    python experiments/04-algo/study.py runs             the arms with the rates that the grid chose, five seeds
    python experiments/04-algo/study.py samples          eight samples an item of every run, and of the base
    python experiments/04-algo/study.py table            results/table.md, table.csv, plot.png

`--trial` goes the same way with two seeds, a tiny budget and few items, into a folder of its own: does it run at all?
A run is `python train.py ...`, its command printed before it starts; run again, it goes on from its checkpoint.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ewm import run
from ewm.config import compose, digest

HERE = Path(__file__).parent
ARMS = {
    "sft": ["algo=sft"],
    "rejection": ["algo=rejection", "reward=strict"],
    "gated": ["reward=gated"],
    "prefix": ["reward=prefix"],
    "strict": ["reward=strict"],
    "ellora": ["reward=ellora", "format=ellora"],  # the recipe's reward reads the recipe's text only
}
COMMON = [
    "data=quick",
    "grpo=quick",
    "grpo.temperature=1.3",  # the quickstart's: at 1.0 half of nano's groups answer alike
    "grpo.save_steps=25",
    "+benchmarks.longer._target_=ewm.data.benchmarks.heldout",
    "+benchmarks.longer.levels=[]",
    "+benchmarks.longer.sources={longer:{_target_:ewm.sources.Grammar,levels:{loop:1.0},knobs:{loops:[6,9]}}}",
    "+benchmarks.longer.max_target_tokens=256",  # longer answers would be cut, whoever gives them
]
OWN_RATE = {"sft": "algo.learning_rate", "rejection": "algo.learning_rate"}
RATES = (2e-4, 8e-4, 3.2e-3)
GRID_SEED = 100  # of no run of the study


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    folder: Path
    arms: tuple[str, ...]
    flops: float
    seeds: tuple[int, ...]
    rates: tuple[float, ...]
    items: int  # of a level, and of the longer loops
    sampled: int  # of a level, eight samples each
    validation: int


FULL = Size(Path("outputs/algo-study"), tuple(ARMS), 4e12, (0, 1, 2, 3, 4), RATES, 400, 50, 300)
TRIAL = Size(Path("outputs/algo-trial"), ("sft", "rejection", "gated", "ellora"), 3e10, (0, 1), RATES[:2], 2, 1, 4)


@dataclass(frozen=True)
class Job:
    """One run of train.py."""

    arm: str
    rate: float
    seed: int
    overrides: tuple[str, ...]

    @property
    def folder(self) -> Path | None:
        """Of the run that is done; None before."""
        cfg = compose(self.overrides)
        parent = Path(cfg.output_dir) / "train" / cfg.name
        found = (one for one in sorted(parent.glob(f"*-{digest(cfg)[:8]}")) if run.status(one) == "done")
        return next(found, None)

    def train(self) -> Path:
        if (done := self.folder) is not None:
            return done
        command = [sys.executable, "train.py", *self.overrides]
        print("\n$ python", shlex.join(command[1:]), flush=True)
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": os.getcwd()})
        done = self.folder
        assert done is not None, "train.py ended well, and its folder is not done"
        return done


def job(size: Size, arm: str, rate: float, seed: int, name: str, items: int) -> Job:
    overrides = [
        *ARMS[arm], *COMMON, f"benchmarks.heldout.n={items}", f"+benchmarks.longer.n={items}",
        f"algo.flops={size.flops:g}", f"{OWN_RATE.get(arm, 'grpo.learning_rate')}={rate:g}", f"seed={seed}",
        f"name={name}", f"output_dir={size.folder}",
    ]  # fmt: skip
    return Job(arm, rate, seed, tuple(overrides))


def grid(size: Size) -> Iterator[Job]:
    for arm in size.arms:
        for rate in size.rates:
            yield job(size, arm, rate, GRID_SEED, "grid", 1)  # one item a level: the test split is not looked at


def runs(size: Size) -> Iterator[Job]:
    rates = chosen(size)
    for seed in size.seeds:
        for arm in size.arms:
            yield job(size, arm, rates[arm], seed, "study", size.items)


def chosen(size: Size) -> dict[str, float]:
    """The rate of each arm: highest exact, greedy, on the validation split; of equal ones the lowest."""
    path = size.folder / "rates.json"
    if not path.exists():
        raise SystemExit(f"{path} is not there yet: `study.py grid` comes first.")
    rows = json.loads(path.read_text())
    return {arm: max(rows[arm], key=lambda row: (row["exact"], -row["rate"]))["rate"] for arm in size.arms}


def choose(size: Size) -> None:
    from measure import validation  # here: the other steps load no model

    rows: dict[str, list[dict[str, float]]] = {arm: [] for arm in size.arms}
    for one in grid(size):
        exact = validation(one.train(), one.overrides, size.validation)
        rows[one.arm].append({"rate": one.rate, "exact": exact})
        print(f"{one.arm} rate {one.rate:g}: exact {100 * exact:.1f} % of validation")
    size.folder.mkdir(parents=True, exist_ok=True)
    run.write_atomic(size.folder / "rates.json", json.dumps(rows, indent=2) + "\n")


def estimate(size: Size) -> None:
    """By the median wall time of the runs that are done, three minutes where none is."""
    known = (size.folder / "rates.json").exists()
    left = [*grid(size), *(runs(size) if known else ())]
    done = [folder for one in left if (folder := one.folder)]
    walls = sorted(json.loads((folder / "run.json").read_text())["wall_s"] for folder in done)
    each = walls[len(walls) // 2] if walls else 180.0
    total = len(size.arms) * (len(size.rates) + len(size.seeds))
    remaining = total - len(done)
    print(f"{len(done)} of {total} runs done; {remaining} x {each:.0f} s = {remaining * each / 3600:.1f} h")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("estimate", "grid", "runs", "samples", "table"))
    parser.add_argument("--trial", action="store_true", help="tiny: its numbers are no results")
    given = parser.parse_args()
    size = TRIAL if given.trial else FULL
    if given.step == "estimate":
        estimate(size)
    elif given.step == "grid":
        estimate(size)
        choose(size)
    elif given.step == "runs":
        estimate(size)
        for one in runs(size):
            one.train()
    elif given.step == "samples":
        from measure import samples

        for one in runs(size):
            samples(one.train(), one.overrides, one.arm, one.seed, size.sampled, size.folder / "samples")
    else:
        from table import write

        write(
            [(one.arm, one.seed, one.train()) for one in runs(size)], size.folder / "samples", size.folder / "results"
        )


if __name__ == "__main__":
    main()
