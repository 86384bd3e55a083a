"""Data sets: build one, look at one, give one to the hub.

python -m ewm.data build data=traces_1m data.num_train=100000     overrides as of train.py; prints the folder
python -m ewm.data build data=default reward=gated                the very data set that train.py would build
python -m ewm.data show FOLDER [-n 3]                             counts, drops, tokens, licences, examples
python -m ewm.data push FOLDER OWNER/NAME                         to the hub, with its card (FOLDER as it lies there)

A build makes one split: --split validation makes the other.

A build that was broken off goes on when the same command is given again. FOLDER: where it lies, or the first letters of
its name below outputs/data.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ewm import config
from ewm.config.check import check_data
from ewm.programs import Split


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ewm.data", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("build", help="make a data set, or go on with one")
    one.add_argument("overrides", nargs="*", help="data=... data.num_train=... model=... reward=...")
    one.add_argument("--split", choices=["train", "validation", "test"], default="train", help="default: train")
    one = commands.add_parser("show", help="counts, drops, tokens, examples")
    one.add_argument("folder", metavar="FOLDER")
    one.add_argument("-n", type=int, default=2, help="examples to show, default 2")
    one = commands.add_parser("push", help="to the hub")
    one.add_argument("folder", metavar="FOLDER")
    one.add_argument("hub_id", metavar="OWNER/NAME")
    given = parser.parse_args(arguments)
    try:
        if given.command == "build":
            return build(given.overrides, given.split)
        return show(given.folder, given.n) if given.command == "show" else push(given.folder, given.hub_id)
    except config.ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on from the last whole file.", file=sys.stderr)
        return 130


def build(overrides: Sequence[str], split: Split) -> int:
    """Without a reward among the overrides no program is left out for being guessed blindly."""
    cfg = config.compose(overrides, check=check_data)
    from ewm import data, models, rewards  # after the checks: they take seconds
    from ewm.rewards.blind import best

    counted = cfg.data.max_prompt_tokens is not None or cfg.data.max_target_tokens is not None
    count = models.without_weights(cfg.model).count_tokens if counted else None
    rewarded = any(o.lstrip("+").startswith("reward") for o in overrides) and cfg.reward.chance_correct
    blind = partial(best, rewards.compose(cfg.reward, cfg.plugins)) if rewarded else None
    made = (cfg.data, cfg.trace, cfg.task, cfg.format, cfg.model.prompt_style, count, split)
    found = data.build(*made, blind=blind, key=str(cfg.reward) if rewarded else "", plugins=cfg.plugins)
    from ewm.data import manifest

    for line in manifest.short(found.manifest):
        print(line, file=sys.stderr)
    print(found.folder)
    return 0


def show(name: str, number: int) -> int:
    from ewm.data import showing

    showing.show(_folder(name), number)
    return 0


def push(name: str, hub_id: str) -> int:
    from ewm.sources import hub

    print(hub.push(_folder(name), hub_id))
    return 0


def _folder(name: str) -> Path:
    """ConfigError unless exactly one data set is meant."""
    below = Path("outputs/data")
    found = (
        [Path(name)]
        if Path(name).is_dir()
        else [path for path in sorted(below.glob("*")) if name and path.name.startswith(name)]
    )
    found = [path for path in found if (path / "manifest.json").exists()]
    if len(found) != 1:
        there = sorted(path.parent.name for path in below.glob("*/manifest.json"))
        raise config.ConfigError(
            f"{name}: {'more than one data set' if found else 'no data set'}. There are, below {below}: "
            f"{', '.join(there) or 'none; `python -m ewm.data build` makes one'}."
        )
    return found[0]


if __name__ == "__main__":
    sys.exit(main())
