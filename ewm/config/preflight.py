"""What stands ahead of hydra.main: every mistake on the command line at once, before anything heavy is imported.

Hydra stops at its first mistake and recommends `+key` for a typo. Here overrides are read and composed one by one, keys
that the schema lacks are refused even with `+`, and what is left is checked as a whole, on this machine.

    if __name__ == "__main__":
        with preflight("train"):
            main()

Prints to stderr and exits with 2. Inside the block a ConfigError of a room ends the same way, Ctrl-C with 130.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from hydra._internal.utils import get_args_parser
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from ewm.config import flags as hydra_flags
from ewm.config import help, machine
from ewm.config.check import check
from ewm.config.errors import ConfigError
from ewm.config.groups import groups
from ewm.config.load import to_dataclass
from ewm.config.mistakes import explain, group_problems, key_problems, sweep_problems
from ewm.config.overrides import Place, Read, parse

SHOWING = ("hydra_help", "shell_completion", "version", "info")  # flags that run nothing
FOLLOWS = ["hydra.output_subdir=null", "hydra/job_logging=none"]  # another rank than 0 leaves the run's folder alone
CHECKED_JOBS = 24  # of a sweep; the others are checked when their turn comes


@contextmanager
def preflight(config_name: str) -> Iterator[None]:
    """Checks sys.argv, then turns ConfigError and Ctrl-C inside the block into exit codes."""
    flags, _ = get_args_parser().parse_known_args()
    multirun = bool(flags.multirun)
    searchpath = [f"file://{os.path.abspath(flags.config_dir)}"] if flags.config_dir else []
    _exit_on(list(hydra_flags.problems(flags, config_name)), config_name)
    name = (flags.config_name or config_name).removesuffix(".yaml")
    if flags.help:
        _show_help(flags.overrides, name, multirun, searchpath)
    if not any(getattr(flags, name, False) for name in SHOWING) and not flags.experimental_rerun:
        _exit_on(problems(flags.overrides, name, multirun, searchpath, on_machine=not flags.cfg), config_name)
    if not _leads():
        sys.argv += FOLLOWS
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let exceptions through to the lines below
    try:
        yield
    except ConfigError as error:
        _exit_on(error.problems, config_name)
    except (HydraException, OmegaConfBaseException) as error:
        _exit_on([" ".join(str(error).split())], config_name)
    except KeyboardInterrupt:
        sys.exit(130)


def problems(
    arguments: Sequence[str],
    config_name: str = "train",
    multirun: bool = False,
    searchpath: Sequence[str] = (),
    on_machine: bool = False,
) -> list[str]:
    """Every mistake in these overrides; an empty list means that the run may start (with `on_machine`: here)."""
    found: list[str] = []
    place = Place(config_name, tuple(searchpath))
    read = parse(arguments, found, searchpath)
    presets = [r for r in read if r.group in groups(config_name) or r.is_placed]
    of_a_sweep = multirun or any(r.key == "hydra.run.dir" for r in read)  # a sweep gives its jobs their folders
    right: list[Read] = []
    for one in sorted(read, key=lambda r: r not in presets):
        mine = list(group_problems(one, of_a_sweep, place) if one in presets else key_problems(one, place))
        mine = mine or list(sweep_problems(one, multirun, place))
        found += mine
        right += [] if mine else [one]
    if any(len(r.variants) != 1 for r in right) or place.broken([r.text for r in right]):
        chosen = [r.variants[0] for r in right if r in presets]
        if broken := place.broken(chosen):
            return [*found, broken]
        for one in [r for r in right if r not in presets]:  # each alone, since Hydra names only the first
            mine = [
                line
                for text in one.variants
                if (broken := place.broken([*chosen, text]))
                for line in explain(text, one, broken, place, chosen)
            ]
            found += mine
            right = [r for r in right if r is not one or not mine]
    return found + _as_a_whole([r.variants for r in right if r.variants], place, multirun, on_machine)


def _show_help(overrides: Sequence[str], config_name: str, multirun: bool, searchpath: Sequence[str]) -> None:
    """The page; of a sweep with the values of its first job."""
    place = Place(config_name, tuple(searchpath))
    made = place.compose([r.variants[0] for r in parse(overrides, [], searchpath) if r.variants])
    if isinstance(made, str):
        _exit_on(problems(overrides, config_name, multirun, searchpath) or [made], config_name)
    try:
        print(help.page(cast(DictConfig, made), config_name), flush=True)
    except BrokenPipeError:  # `--help | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)


def _leads() -> bool:
    return int(os.environ.get("RANK", "0")) == 0


def _exit_on(lines: Sequence[str], config_name: str) -> None:
    if not lines:
        return
    if not _leads():  # rank 0 says the same
        sys.exit(2)
    count = f"{len(lines)} problems" if len(lines) > 1 else "A problem"
    print(f"{count} with the configuration:\n" + "\n".join(f"  {line}" for line in lines), file=sys.stderr)
    print(f"All keys and presets: python {config_name}.py --help", file=sys.stderr)
    sys.exit(2)


def _as_a_whole(variants: list[list[str]], place: Place, multirun: bool, on_machine: bool) -> list[str]:
    """Cross-field problems; of a sweep only if no job could run, since each job answers for itself."""
    found: dict[str, None] = {}
    for job in itertools.islice(itertools.product(*variants), CHECKED_JOBS):
        mine = _of_a_job(job, place)
        if on_machine and not isinstance(made := place.compose(job), str):
            mine += machine.problems(made, job, place.config_name, multirun)
        if not mine:
            return []
        found |= dict.fromkeys(mine)
    return list(found)


def _of_a_job(job: Sequence[str], place: Place) -> list[str]:
    """What is wrong with one run: of a `run=` that cannot be taken over, and of the rest as it stands without."""
    made = place.compose(job)
    if isinstance(made, str):
        return [made]
    try:
        return check(to_dataclass(made, job))
    except ConfigError as error:
        rest = [text for text in job if not text.startswith("run=")]
        return [*error.problems, *(_of_a_job(rest, place) if len(rest) < len(job) else [])]
