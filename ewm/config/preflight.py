"""What stands ahead of hydra.main: every mistake on the command line at once, before anything heavy is imported.

Hydra stops at its first mistake and recommends `+key` for a typo. Here overrides are read and composed one by one, keys
that the schema lacks are refused even with `+`, and what is left is checked as a whole.

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
from dataclasses import dataclass, field
from typing import Any, cast

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ewm.config import help, keys
from ewm.config.check import check
from ewm.config.errors import ConfigError, did_you_mean
from ewm.config.groups import groups, options
from ewm.config.load import SCHEMAS, compose_dict, to_dataclass

SHOWING = ("hydra_help", "shell_completion")  # flags that run nothing
CHECKED_JOBS = 24  # of a sweep; the others are checked when their turn comes


@contextmanager
def preflight(config_name: str) -> Iterator[None]:
    """Checks sys.argv, then turns ConfigError and Ctrl-C inside the block into exit codes."""
    flags, _ = get_args_parser().parse_known_args()
    searchpath = [f"file://{os.path.abspath(flags.config_dir)}"] if flags.config_dir else []
    if flags.help:
        _show_help(flags.overrides, config_name, bool(flags.multirun), searchpath)
    if not any(getattr(flags, name, False) for name in SHOWING) and not flags.experimental_rerun:
        _exit_on(problems(flags.overrides, flags.config_name or config_name, bool(flags.multirun), searchpath))
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let exceptions through to the lines below
    try:
        yield
    except ConfigError as error:
        _exit_on(error.problems)
    except KeyboardInterrupt:
        sys.exit(130)


def problems(
    arguments: Sequence[str], config_name: str = "train", multirun: bool = False, searchpath: Sequence[str] = ()
) -> list[str]:
    """Every mistake in these overrides; an empty list means that the run may start."""
    found: list[str] = []
    place = _Place(config_name, tuple(searchpath))
    read = _parse(arguments, found)
    presets = [r for r in read if r.key.partition("@")[0] in groups(config_name)]
    right: list[_Read] = []
    for one in sorted(read, key=lambda r: r not in presets):
        mine = list(_group_problems(one, searchpath) if one in presets else _key_problems(one, place))
        mine = mine or list(_sweep_problems(one, multirun))
        found += mine
        right += [] if mine else [one]
    if any(len(r.variants) != 1 for r in right) or place.broken([r.text for r in right]):
        chosen = [r.variants[0] for r in right if r in presets]
        if broken := place.broken(chosen):
            return [*found, broken]
        for one in [r for r in right if r not in presets]:  # each alone, since Hydra names only the first
            mine = [
                _explain(text, one, broken, place, chosen)
                for text in one.variants
                if (broken := place.broken([*chosen, text]))
            ]
            found += mine
            right = [r for r in right if r is not one or not mine]
    return found + _as_a_whole([r.variants for r in right if r.variants], place)


def _show_help(overrides: Sequence[str], config_name: str, multirun: bool, searchpath: Sequence[str]) -> None:
    """The page; of a sweep with the values of its first job."""
    place = _Place(config_name, tuple(searchpath))
    made = place.compose([r.variants[0] for r in _parse(overrides, []) if r.variants])
    if isinstance(made, str):
        _exit_on(problems(overrides, config_name, multirun, searchpath) or [made])
    try:
        print(help.page(cast(DictConfig, made), config_name), flush=True)
    except BrokenPipeError:  # `--help | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)


def _exit_on(lines: Sequence[str]) -> None:
    if not lines:
        return
    count = f"{len(lines)} problems" if len(lines) > 1 else "A problem"
    print(f"{count} with the configuration:\n" + "\n".join(f"  {line}" for line in lines), file=sys.stderr)
    print("All keys and presets: python train.py --help", file=sys.stderr)
    sys.exit(2)


@dataclass(frozen=True)
class _Read:
    """An override as typed, and as Hydra reads it; `variants` are its values in a sweep, one without."""

    text: str
    override: Override

    @property
    def key(self) -> str:
        return str(self.override.key_or_group)

    @property
    def variants(self) -> list[str]:
        override = self.override
        if override.is_sweep_override() and override.is_discrete_sweep():
            return [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]
        return [] if override.is_sweep_override() else [self.text]


@dataclass(frozen=True)
class _Place:
    """The primary config and where presets are looked for; composes each set of overrides once."""

    config_name: str
    searchpath: tuple[str, ...] = ()
    made: dict[tuple[str, ...], DictConfig | str] = field(default_factory=dict, compare=False)

    @property
    def schema(self) -> type:
        return SCHEMAS.get(self.config_name, SCHEMAS["train"])

    def compose(self, overrides: Sequence[str]) -> DictConfig | str:
        """The config, or Hydra's words for why there is none."""
        key = tuple(overrides)
        if key not in self.made:
            try:
                self.made[key] = compose_dict(key, self.config_name, self.searchpath)
            except (HydraException, OmegaConfBaseException, ValueError) as error:
                self.made[key] = " ".join(str(error).split())
        return self.made[key]

    def broken(self, overrides: Sequence[str]) -> str | None:
        """Why these overrides do not compose; None if they do."""
        made = self.compose(overrides)
        return made if isinstance(made, str) else None


def _parse(arguments: Sequence[str], found: list[str]) -> list[_Read]:
    read = []
    for text in arguments:
        try:
            read.append(_Read(text, OverridesParser.create().parse_override(text)))
        except HydraException as error:
            found.append(f"{text}: cannot be read ({str(error).splitlines()[0]}). Write key=value; quote brackets.")
    return read


def _group_problems(read: _Read, searchpath: Sequence[str]) -> Iterator[str]:
    if read.override.is_delete():
        return
    names = options(read.key.partition("@")[0], searchpath)
    for text in read.variants:
        value = OverridesParser.create().parse_override(text).value()
        for name in value if isinstance(value, list) else [value]:
            if name is None:
                yield f"{read.key}=null: leave it out; a preset that is chosen already is taken away with ~{read.key}."
            elif str(name) not in names:
                yield f"{read.key}={name}: no such option.{did_you_mean(str(name), names)} Options: {', '.join(names)}."


def _key_problems(read: _Read, place: _Place) -> Iterator[str]:
    key = read.key
    if key.startswith(("hydra.", "hydra/")):
        return
    if key.split(".")[0] == "plugins":
        yield "plugins: only a config file can list them, not the command line (they name code that is run)."
    elif keys.describe(place.schema, key) is None:
        known = [*keys.all_keys(place.schema), *groups(place.config_name)]
        yield f"{key}: no such key.{did_you_mean(key, known)}"


def _sweep_problems(read: _Read, multirun: bool) -> Iterator[str]:
    if read.override.is_sweep_override() and not multirun:
        yield (
            f"{read.text}: several values are a sweep, which wants -m: python train.py -m {read.text} "
            f"(a list is written {read.key}=[a,b])."
        )


def _explain(text: str, read: _Read, error: str, place: _Place, chosen: list[str]) -> str:
    """The sentence for a value that does not compose with the chosen presets."""
    without = cast(DictConfig, place.compose(chosen))
    key = keys.describe(place.schema, read.key)
    if key is None:  # hydra.*
        return f"{text}: {error}"
    if not key.open or key.is_mapping():
        entries = f" of entries; one is taken away with ~{read.key}.<name>" if key.is_mapping() else ""
        return f"{read.key}={text.partition('=')[2]}: wants {key.expected()}{entries}."
    section = read.key.rpartition(".")[0]
    there = OmegaConf.select(without, section)
    while not OmegaConf.is_dict(there):
        missing, section = section, section.rpartition(".")[0]
        there = OmegaConf.select(without, section)
        if OmegaConf.is_dict(there):
            known = [f"{section}.{name}" for name in there]
            return f"{text}: there is no {missing}.{did_you_mean(missing, known)} There: {', '.join(known) or 'none'}."
    known = [f"{section}.{name}" for name in there]
    if read.key in known and read.override.is_add():
        return f"{text}: {read.key} is there already; leave out the +."
    if read.key in known and key.type is not Any:
        return f"{read.key}={text.partition('=')[2]}: wants {key.expected()}."
    there_are = f"There: {', '.join(known) or 'none'}. A new one is added with +{read.key}=..."
    return f"{read.key}: no such entry.{did_you_mean(read.key, known)} {there_are}"


def _as_a_whole(variants: list[list[str]], place: _Place) -> list[str]:
    """Cross-field problems; of a sweep only if no job could run, since each job answers for itself."""
    found: dict[str, None] = {}
    for job in itertools.islice(itertools.product(*variants), CHECKED_JOBS):
        made = place.compose(job)
        try:
            mine = [made] if isinstance(made, str) else check(to_dataclass(made, job))
        except ConfigError as error:
            mine = error.problems
        if not mine:
            return []
        found |= dict.fromkeys(mine)
    return list(found)
