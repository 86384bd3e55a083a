"""Whether rewards and metrics can be gamed: attacks that execute nothing, on real programs, with bounds.

python -m ewm.evaluation audit [reward=NAME ...] [overrides] [--programs FILE.jsonl] [--n 300] [-o FILE.md]

Every preset; or the reward that your overrides choose or change, as train.py would take it: reward=gated
reward.terms.state.weight=5, or --config-dir with a file of yours that lists plugins and their terms. The programs are
doctests of the standard library and, where reasoning-gym is installed, CodeI/O's; --programs (which may be given more
than once) takes them from files: what `ewm.sources mine` wrote, rows {"source", "entry"} or {"code", "input"}.
A reward is audited in the formats delta and cwm, ellora in its own, or in the one of format=; and for task=output.
Exit code 1: a bound fails.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from ewm import config, rewards
from ewm.config.schema import TrainConfig
from ewm.evaluation.audit import tables
from ewm.evaluation.audit.measure import (
    STRICTLY,
    Case,
    Measured,
    baselines,
    measure,
    measured,
    rewarded,
)
from ewm.evaluation.audit.programs import Real, imitating, real
from ewm.evaluation.audit.verdict import verdict
from ewm.formats.prediction import Truth
from ewm.rewards import Ellora
from ewm.run import write_atomic

PRESETS = ("strict", "gated", "prefix", "shaped", "ellora")
FORMATS = ("delta", "cwm")
IMITATING = 60
TENTH = 10  # metrics read a text of any length; rewards stop before


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("overrides", nargs="*", help="reward=... reward.terms... format=... task=output plugins=...")
    parser.add_argument("--config-dir", metavar="FOLDER", help="of yours, with groups as in conf/")
    parser.add_argument("--programs", action="append", default=[], metavar="FILE", help="JSONL; default: what is here")
    parser.add_argument("--n", type=int, default=300, help="programs; default: 300")
    parser.add_argument("-o", "--output", metavar="FILE.md", help="also write every figure as markdown")


def run(given: argparse.Namespace, console: Console) -> int:
    """The command's exit code."""
    place = [f"hydra.searchpath=[{Path(given.config_dir).resolve()}]"] if given.config_dir else []
    configs = _configs([*given.overrides, *place])
    first = configs[0]
    with console.status("mining and tracing programs"):
        found = real(given.n, given.programs, first.trace, first.seed, f"{first.data.cache_dir}/mined")
        marked = imitating(found, first.trace, IMITATING)
    about = [_about(found, marked)]
    console.print(about[0])
    on_rewards, on_metrics = audited(configs, given.overrides, found, marked, console)
    bounds = verdict(on_rewards, on_metrics, len(found), given.n)
    tables.show([*on_rewards, *on_metrics], bounds, console)
    if given.output:
        write_atomic(Path(given.output), tables.markdown([*on_rewards, *on_metrics], bounds, about))
        console.print(f"every figure: {given.output}")
    return int(any(not bound.holds for bound in bounds))


def audited(
    configs: Sequence[TrainConfig], overrides: Sequence[str], found: Sequence[Real], marked: Sequence[Real],
    console: Console,
) -> tuple[list[Measured], list[Measured]]:  # fmt: skip
    """Under rewards, and under the evaluation's metrics, in each form of answer."""
    forms = list(_forms(configs, overrides))
    on_rewards, on_metrics = [], []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        for task, format, own in forms:
            all_cases = cases([*found, *marked], task, format)
            if not all_cases:
                continue
            form = format if task == "trace" else task
            step = bar.add_task(form, total=2 * len(all_cases))
            if not console.is_terminal:
                console.print(f"{form}: {len(all_cases)} answers")
            advance = partial(bar.advance, step)
            on_rewards.append(measure(all_cases, rewarded(own), partial(baselines, own), advance=advance))
            on_metrics.append(measure(all_cases, measured, strictly=STRICTLY, every=TENTH, advance=advance))
    return on_rewards, on_metrics


def cases(found: Sequence[Real], task: str, format: str) -> list[Case]:
    """Those whose truth can be told completely there, each with another program's beside it."""
    truths = [(truth, one.program.family) for one in found if (truth := one.truth(task, format))]
    truths = [(truth, family) for truth, family in truths if format != "ellora" or truth.actual_trace]
    return [Case(truth, family, _another(truths, number)) for number, (truth, family) in enumerate(truths)]


def _another(truths: Sequence[tuple[Truth, str]], number: int) -> str:
    """The true text of the next program of another family."""
    later = (*truths[number + 1 :], *truths[:number])
    return next((truth.prediction.text for truth, family in later if family != truths[number][1]), "")


def _configs(overrides: Sequence[str]) -> list[TrainConfig]:
    """One for every preset, or the one that the overrides choose or change; ConfigError lists what is wrong."""
    named = next((o.partition("=")[2] for o in overrides if o.startswith("reward=")), "")
    rest = [o for o in overrides if not o.startswith("reward=")]
    if named:
        return [_config(named, rest)]
    chosen = config.compose(overrides)
    if chosen.reward != config.compose().reward:
        return [chosen]
    return [_config(name, rest) for name in PRESETS]


def _config(reward: str, overrides: Sequence[str]) -> TrainConfig:
    own = ["format=ellora"] if reward == "ellora" else []  # the only one that it reads
    rest = [o for o in overrides if not (own and o.startswith("format="))]
    return config.compose([f"reward={reward}", *own, *rest])


def _forms(configs: Sequence[TrainConfig], overrides: Sequence[str]) -> list[tuple[str, str, list[rewards.Reward]]]:
    """(task, format, the rewards that are audited in it)."""
    built = [rewards.compose(cfg.reward, cfg.plugins) for cfg in configs]
    plain = [reward for reward in built if not isinstance(reward, Ellora)]
    recipe: list[rewards.Reward] = [reward for reward in built if isinstance(reward, Ellora)]
    asked = {key: o.partition("=")[2] for o in overrides for key in ("format", "task") if o.startswith(f"{key}=")}
    chosen = [asked["format"]] if "format" in asked else list(FORMATS)
    forms: list[tuple[str, str, list[rewards.Reward]]] = []
    if plain and asked.get("task", "trace") != "output":
        forms += [("trace", format, plain) for format in chosen]
    if recipe:
        forms.append(("trace", "ellora", recipe))
    if plain and asked.get("task") != "trace":
        forms.append(("output", chosen[0], plain))
    return forms


def _about(found: Sequence[Real], marked: Sequence[Real]) -> str:
    origins = Counter(one.program.origin.partition(":")[0] or "file" for one in found)
    told = ", ".join(f"{name} {count}" for name, count in origins.most_common())
    families = len({one.program.family for one in found})
    return (
        f"{len(found)} real programs of {families} families ({told}); {len(marked)} of them once more, called with a "
        "string that imitates the marks of every format."
    )
