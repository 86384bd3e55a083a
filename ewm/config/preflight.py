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
from dataclasses import dataclass

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
    if flags.help:
        _show_help(flags.overrides, config_name)
    if not any(getattr(flags, name, False) for name in SHOWING) and not flags.experimental_rerun:
        searchpath = [f"file://{os.path.abspath(flags.config_dir)}"] if flags.config_dir else []
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
    good: list[list[str]] = []  # for each right override, its values in a sweep
    read = _parse(arguments, found)
    schema = SCHEMAS.get(config_name, SCHEMAS["train"])
    presets = [r for r in read if r.key.partition("@")[0] in groups(config_name)]
    values = [r for r in read if r not in presets]
    for override in presets:
        mine = list(_group_problems(override, searchpath)) or list(_sweep_problems(override, multirun))
        found += mine
        if not mine:
            good.append(_variants(override))
    chosen = [variants[0] for variants in good if variants]
    if broken := _composes(chosen, config_name, searchpath):
        return [*found, broken]
    right = []
    for override in values:
        mine = list(_key_problems(override, config_name, schema)) or list(_sweep_problems(override, multirun))
        found += mine
        right += [] if mine else [override]
    one_each = [text for override in right for text in _variants(override)[:1]]
    single = all(len(_variants(override)) == 1 for override in right)
    if not single or _composes([*chosen, *one_each], config_name, searchpath):  # something is wrong: look at each alone
        for override in list(right):
            if mine := list(_value_problems(override, chosen, config_name, schema, searchpath)):
                found += mine
                right.remove(override)
    good += [_variants(override) for override in right]
    return found + _as_a_whole(good, config_name, searchpath)


def _show_help(overrides: Sequence[str], config_name: str) -> None:
    if wrong := _composes(list(overrides), config_name, ()):
        _exit_on(problems(overrides, config_name) or [wrong])
    print(help.page(compose_dict(overrides, config_name), config_name))
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
    """An override as typed, and as Hydra reads it."""

    text: str
    override: Override

    @property
    def key(self) -> str:
        return self.override.key_or_group


def _parse(arguments: Sequence[str], found: list[str]) -> list[_Read]:
    read = []
    for text in arguments:
        try:
            read.append(_Read(text, OverridesParser.create().parse_override(text)))
        except HydraException as error:
            found.append(
                f"{text}: cannot be read ({str(error).splitlines()[0]}). Write key=value, and quote blanks and brackets."
            )
    return read


def _variants(read: _Read) -> list[str]:
    override = read.override
    if override.is_sweep_override() and override.is_discrete_sweep():
        return [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]
    return [] if override.is_sweep_override() else [read.text]


def _group_problems(read: _Read, searchpath: Sequence[str]) -> Iterator[str]:
    if read.override.is_delete():
        return
    names = options(read.key.partition("@")[0], searchpath)
    for text in _variants(read):
        value = OverridesParser.create().parse_override(text).value()
        for name in value if isinstance(value, list) else [value]:
            if name is not None and str(name) not in names:
                yield f"{read.key}={name}: no such option.{did_you_mean(str(name), names)} Options: {', '.join(names)}."


def _key_problems(read: _Read, config_name: str, schema: type) -> Iterator[str]:
    key = read.key
    if key.startswith(("hydra.", "hydra/")):
        return
    if key.split(".")[0] == "plugins":
        yield "plugins: only a config file can list them, not the command line (they name code that is run)."
    elif keys.describe(schema, key) is None:
        known = [*keys.all_keys(schema), *groups(config_name)]
        yield f"{key}: no such key.{did_you_mean(key, known)}"


def _sweep_problems(read: _Read, multirun: bool) -> Iterator[str]:
    if read.override.is_sweep_override() and not multirun:
        yield (
            f"{read.text}: several values are a sweep, which wants -m: python train.py -m {read.text} "
            f"(a list is written {read.key}=[a,b])."
        )


def _value_problems(
    read: _Read, chosen: list[str], config_name: str, schema: type, searchpath: Sequence[str]
) -> Iterator[str]:
    for text in _variants(read):
        if broken := _composes([*chosen, text], config_name, searchpath):
            yield _explain(text, read, broken, schema, compose_dict(chosen, config_name, searchpath))


def _composes(overrides: list[str], config_name: str, searchpath: Sequence[str]) -> str | None:
    """Why these overrides do not compose, in Hydra's words; None if they do."""
    try:
        compose_dict(overrides, config_name, searchpath)
    except (HydraException, OmegaConfBaseException) as error:
        return " ".join(str(error).split())
    return None


def _explain(text: str, read: _Read, error: str, schema: type, without: DictConfig) -> str:
    """The sentence for a value that does not compose; `without` is the config that it was meant to change."""
    key = keys.describe(schema, read.key)
    if key is None:  # hydra.*
        return f"{text}: {error}"
    if not key.open:
        return f"{read.key}={text.partition('=')[2]}: wants {key.expected()}."
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
    there_are = f"There: {', '.join(known) or 'none'}. A new one is added with +{read.key}=..."
    return f"{read.key}: no such entry.{did_you_mean(read.key, known)} {there_are}"


def _as_a_whole(good: list[list[str]], config_name: str, searchpath: Sequence[str]) -> list[str]:
    """Cross-field problems; of a sweep only if no job could run, since each job answers for itself."""
    jobs = itertools.islice(itertools.product(*(v for v in good if v)), CHECKED_JOBS)
    per_job: list[list[str]] = []
    for job in jobs:
        per_job.append(_whole(list(job), config_name, searchpath))
        if not per_job[-1]:
            return []
    return list(dict.fromkeys(line for lines in per_job for line in lines))


def _whole(overrides: list[str], config_name: str, searchpath: Sequence[str]) -> list[str]:
    if broken := _composes(overrides, config_name, searchpath):
        return [broken]
    try:
        return check(to_dataclass(compose_dict(overrides, config_name, searchpath), overrides))
    except ConfigError as error:
        return error.problems
