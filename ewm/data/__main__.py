"""Data sets: build one, look at one, give one to the hub.

python -m ewm.data build data=traces_1m data.num_train=100000     overrides as of train.py; prints the folder
python -m ewm.data build data=default reward=gated                the very data set that train.py would build
python -m ewm.data show FOLDER [-n 3]                             counts, drops, tokens, licences, examples
python -m ewm.data push FOLDER OWNER/NAME                         to the hub, with its card

A build that was broken off goes on when the same command is given again. FOLDER: where it lies, or the first letters of
its name below outputs/data.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ewm import config
from ewm.config.check import check_data

USAGE = __doc__ or ""


def main(arguments: Sequence[str]) -> int:
    command, rest = (arguments[0], list(arguments[1:])) if arguments else ("--help", [])
    if command in ("-h", "--help") or {"-h", "--help"} & set(rest):
        print(USAGE)
        return 0
    try:
        if command == "build":
            return build(rest)
        if command == "show":
            return show(rest)
        if command == "push" and len(rest) == 2:
            return push(*rest)
    except config.ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on from the last whole file.", file=sys.stderr)
        return 130
    print(f"no such command: {' '.join(arguments)}\n\n{USAGE}", file=sys.stderr)
    return 2


def build(overrides: Sequence[str]) -> int:
    """Without a reward among the overrides no program is left out for being guessed blindly."""
    cfg = config.compose(overrides, check=check_data)
    from ewm import data, models, rewards  # after the checks: they take seconds
    from ewm.rewards.blind import best

    counted = cfg.data.max_prompt_tokens is not None or cfg.data.max_target_tokens is not None
    count = models.without_weights(cfg.model).count_tokens if counted else None
    rewarded = any(o.lstrip("+").startswith("reward") for o in overrides) and cfg.reward.chance_correct
    blind = partial(best, rewards.compose(cfg.reward, cfg.plugins)) if rewarded else None
    made = (cfg.data, cfg.trace, cfg.task, cfg.format, cfg.model.prompt_style)
    found = data.build(*made, count, blind=blind, key=str(cfg.reward) if rewarded else "", plugins=cfg.plugins)
    print(found.folder)
    return 0


def show(arguments: Sequence[str]) -> int:
    from ewm.data import showing

    number = int(arguments[arguments.index("-n") + 1]) if "-n" in arguments else 2
    showing.show(_folder(arguments[0]), number)
    return 0


def push(name: str, hub_id: str) -> int:
    from ewm.sources import hub

    print(hub.push(_folder(name), hub_id))
    return 0


def _folder(name: str) -> Path:
    """ConfigError unless exactly one data set is meant."""
    below = Path("outputs/data")
    found = [Path(name)] if Path(name).is_dir() else sorted(below.glob(f"{name}*")) if name else []
    found = [path for path in found if (path / "manifest.json").exists()]
    if len(found) != 1:
        there = sorted(path.parent.name for path in below.glob("*/manifest.json"))
        raise config.ConfigError(
            f"{name}: {'more than one data set' if found else 'no data set'}. There are, below {below}: "
            f"{', '.join(there) or 'none; `python -m ewm.data build` makes one'}."
        )
    return found[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
