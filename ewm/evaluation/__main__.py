"""What is measured beside evaluate.py: spread (below) and audit (python -m ewm.evaluation audit -h).

How much rewards spread over samples of a model, item by item:

python -m ewm.evaluation spread data=quick data.num_train=2000 [generation.n=8] [--adapter FOLDER] [-o FILE.jsonl]

Overrides as of train.py; the examples are those that it would train on. Then train on the items whose reward spreads:
python train.py data=quick data.spread=FILE.jsonl data.min_reward_std=0.05
An interrupted measurement goes on when the same command is given again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from ewm import config
from ewm.config.check import check_data, no_adapter

K = 8
EDGES = (0.0, 0.05, 0.1, 0.2, 0.3)


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return audited(given[1:]) if given[:1] == ["audit"] else measured(given)
    except config.ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


def audited(arguments: Sequence[str]) -> int:
    """Whether rewards and metrics can be gamed."""
    from ewm.evaluation.audit import command

    parser = argparse.ArgumentParser(
        prog="python -m ewm.evaluation audit",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.arguments(parser)
    return command.run(parser.parse_intermixed_args(arguments), Console())


def measured(arguments: Sequence[str]) -> int:
    """How much rewards spread."""
    parser = argparse.ArgumentParser(
        prog="python -m ewm.evaluation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["spread"], help="or audit")
    parser.add_argument("overrides", nargs="*", help="model=... data=... reward=... generation.n=...")
    parser.add_argument("--adapter", help="folder of an adapter on that model; without one: the base")
    parser.add_argument("-o", "--output", help="default: outputs/spread/<hash of what is measured>.jsonl")
    given = parser.parse_intermixed_args(arguments)
    try:
        return spread(given.overrides, given.adapter, given.output)
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on from the last chunk.", file=sys.stderr)
        return 130


def spread(overrides: Sequence[str], adapter: str | None, output: str | None) -> int:
    """Measures, and prints what was found."""
    mine = {"generation=sample", f"generation.n={K}"}
    named = {o.lstrip("+").partition("=")[0] for o in overrides}
    overrides = [*sorted(o for o in mine if o.partition("=")[0] not in named), *overrides]
    cfg = config.compose(overrides, check=check_data)
    if cfg.generation.n < 2 or cfg.generation.temperature <= 0:
        raise config.ConfigError(
            f"generation.n={cfg.generation.n}, generation.temperature={cfg.generation.temperature:g}: a spread wants "
            f"at least two samples and a temperature above 0, as generation=sample generation.n={K} has them."
        )
    if adapter and (problem := no_adapter(adapter)):
        raise config.ConfigError(problem)
    from ewm import data, generation, models, rewards  # after the checks: torch takes seconds
    from ewm.evaluation import spread as measuring
    from ewm.rewards.blind import best

    model: Any = models.load(cfg.model, None, cfg.hardware, cfg.seed)
    if adapter:
        if problem := models.base_problem(adapter, cfg.model):
            raise config.ConfigError(problem)
        model = model.with_adapter(adapter)
    reward = rewards.compose(cfg.reward, cfg.plugins)
    blind = partial(best, reward) if cfg.reward.chance_correct else None
    count = model.without_weights().count_tokens
    whole = replace(cfg.data, min_reward_std=0.0, spread=None)
    examples = data.build(
        whole, cfg.trace, cfg.task, cfg.format, model.prompt_style, count, blind=blind, key=str(cfg.reward),
        plugins=cfg.plugins,
    ).examples  # fmt: skip
    about = measuring.head(model, cfg.generation, str(cfg.reward), cfg.seed, len(examples))
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]
    path = Path(output) if output else Path(cfg.output_dir) / "spread" / f"{digest}.jsonl"
    ask = measuring.asker(model, generation.generate, cfg.generation, cfg.engine, cfg.seed)
    console = Console(stderr=True)
    size = max(1, cfg.engine.batch_size // cfg.generation.n)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        step = bar.add_task(f"{cfg.generation.n} samples each", total=len(examples))

        def advance(done: int) -> None:
            bar.advance(step, done)
            if not console.is_terminal:
                print(f"{int(bar.tasks[0].completed)} of {len(examples)} items", file=sys.stderr, flush=True)

        rows = measuring.measure(examples, ask, reward, about, path, size, advance)
    print("\n".join(said(rows, path, about)))
    return 0


def said(rows: Sequence[dict[str, Any]], path: Path, about: dict[str, Any]) -> list[str]:
    """What was found, in lines."""
    stds = sorted(row["std"] for row in rows)
    above = ", ".join(f"{edge:g}: {sum(std > edge for std in stds)}" for edge in EDGES)
    return [
        f"{len(rows)} items, {about['k']} samples each at temperature {about['temperature']:g}",
        f"median standard deviation {stds[len(stds) // 2]:g}; items above {above}",
        f"data.spread={path} data.min_reward_std=0.05",
    ]


if __name__ == "__main__":
    sys.exit(main())
