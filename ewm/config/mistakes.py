"""What is wrong with one override, in a sentence that says what would do: groups, keys, sweeps, values."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Sequence
from typing import Any, cast

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import MISSING, DictConfig, OmegaConf

from ewm.config import keys
from ewm.config.errors import did_you_mean
from ewm.config.groups import defaults, groups
from ewm.config.load import COMMANDS, ENTRIES, SCHEMAS
from ewm.config.overrides import Place, Read

PARAMS = "hydra.sweeper.params."


def group_problems(read: Read, multirun: bool, place: Place) -> Iterator[str]:
    """Options that do not exist, several where there is one, none where there must be one; a study as one run."""
    names = read.names()
    if read.override.is_delete():
        if _needed(read.group, place):
            yield f"~{read.key}: a run cannot be without it. Choose another instead: {', '.join(names)}."
        return
    if read.group == "sweep" and not multirun:
        yield f"{read.text}: a study is several runs, which wants -m: python {place.config_name}.py -m {read.text}."
        return
    several = isinstance(defaults(place.config_name).get(read.group), list)
    for text in read.variants:
        value = OverridesParser.create().parse_override(text).value()
        if isinstance(value, list) and not several:
            listed = ",".join(map(str, value))
            one = value[0] if value else names[0]
            each = f"; one run for each: python {place.config_name}.py -m {read.key}={listed}"
            yield (
                f"{read.key}=[{listed}]: one option, not a list. Possible: {read.key}={one}"
                f"{'' if place.config_name in COMMANDS else each}."
            )
            continue
        for name in value if isinstance(value, list) else [value]:
            if name is None:
                yield f"{read.key}=null: leave it out; a preset that is chosen already is taken away with ~{read.key}."
            elif str(name) not in names:
                yield f"{read.key}={name}: no such option.{did_you_mean(str(name), names)} Options: {', '.join(names)}."


def _needed(group: str, place: Place) -> bool:
    """The section that this group fills has keys without a default."""
    section = typing.get_type_hints(place.schema).get(group)
    return dataclasses.is_dataclass(section) and any(f.default == MISSING for f in dataclasses.fields(section))


def key_problems(read: Read, place: Place) -> Iterator[str]:
    """Keys that the schema lacks."""
    key = read.key
    if key.startswith(("hydra.", "hydra/")):
        return
    if key.split(".")[0] == "plugins":
        yield "plugins: only a config file can list them, not the command line (they name code that is run)."
    elif keys.describe(place.schema, key) is None:
        for other, schema in SCHEMAS.items():
            if read.group in groups(other) or keys.describe(schema, key):
                yield f"{key}: no such key. It is one of {ENTRIES[other]}, not of {ENTRIES[place.config_name]}."
                return
        known = [*keys.all_keys(place.schema), *groups(place.config_name)]
        yield f"{key}: no such key.{did_you_mean(key, known)}"


def sweep_problems(read: Read, multirun: bool, place: Place) -> Iterator[str]:
    """Several values without -m, and sweeps over nothing or over what cannot be listed."""
    override = read.override
    if not override.is_sweep_override():
        return
    if not multirun and place.config_name in COMMANDS:
        yield f"{read.text}: several values; one is wanted (a list is written {read.key}=[a,b])."
    elif not multirun:
        yield (
            f"{read.text}: several values are a sweep, which wants -m: python {place.config_name}.py -m {read.text} "
            f"(a list is written {read.key}=[a,b])."
        )
    elif override.is_discrete_sweep() and not read.variants:
        yield f"{read.text}: there is no value in it. Possible: {read.key}=a,b or, for numbers, {read.key}=range(0,3)."
    elif not override.is_discrete_sweep() and _is_a_grid(place):
        yield (
            f"{read.text}: a grid wants values, and an interval has none of its own. Possible: {read.key}=a,b or, for "
            f"whole numbers, {read.key}=range(0,3)."
        )


def _is_a_grid(place: Place) -> bool:
    """Hydra's own sweeper, unless --config-dir brings another."""
    made = place.compose([])
    target = None if isinstance(made, str) else OmegaConf.select(made, "hydra.sweeper._target_")
    return str(target).endswith("BasicSweeper")


def explain(text: str, read: Read, error: str, place: Place, chosen: list[str]) -> list[str]:
    """The sentences for a value that does not compose with the chosen presets."""
    without = cast(DictConfig, place.compose(chosen))
    key = keys.describe(place.schema, read.key)
    if key is None and read.key.startswith(PARAMS):
        return [f"{text}: a grid is written python {place.config_name}.py -m {read.key.removeprefix(PARAMS)}=a,b"]
    if key is None:  # hydra.*
        return [f"{text}: {error}"]
    if text.startswith("+") and OmegaConf.select(without, read.key) is not None:
        plain = text.lstrip("+")
        wrong = place.broken([*chosen, plain])
        return [
            f"{text}: {read.key} is there already; leave out the +.",
            *(explain(plain, read, wrong, place, chosen) if wrong else []),
        ]
    if new := _new_entries(read, without):
        there = ", ".join(map(str, OmegaConf.select(without, read.key))) or "none"
        return [
            f"{text}: {read.key} has no {', '.join(new)}. There: {there}. A new one is added with "
            f"+{read.key}.{new[0]}=..., one is taken away with ~{read.key}.NAME."
        ]
    if not key.open or key.is_mapping():
        entries = f" of entries; one is taken away with ~{read.key}.<name>" if key.is_mapping() else ""
        return [f"{read.key}={text.partition('=')[2]}: wants {key.expected()}{entries}."]
    return [_below_an_open_section(text, read, key, without)]


def _new_entries(read: Read, without: DictConfig) -> Sequence[str]:
    """Keys of the value that the mapping at this key does not have; Hydra merges, it does not replace."""
    there = OmegaConf.select(without, read.key)
    value = None if read.override.is_sweep_override() else read.override.value()
    if not (OmegaConf.is_dict(there) and isinstance(value, dict)):
        return []
    return [str(name) for name in value if str(name) not in there]


def _below_an_open_section(text: str, read: Read, key: keys.Key, without: DictConfig) -> str:
    section = read.key.rpartition(".")[0]
    there = OmegaConf.select(without, section)
    while not OmegaConf.is_dict(there):
        missing, section = section, section.rpartition(".")[0]
        there = OmegaConf.select(without, section)
        if OmegaConf.is_dict(there):
            known = [f"{section}.{name}" for name in there]
            return f"{text}: there is no {missing}.{did_you_mean(missing, known)} There: {', '.join(known) or 'none'}."
    known = [f"{section}.{name}" for name in there]
    if read.key in known and key.type is not Any:
        return f"{read.key}={text.partition('=')[2]}: wants {key.expected()}."
    there_are = f"There: {', '.join(known) or 'none'}. A new one is added with +{read.key}=..."
    return f"{read.key}: no such entry.{did_you_mean(read.key, known)} {there_are}"
