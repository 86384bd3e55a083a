"""Overrides as Hydra reads them, and the place that they are composed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from ewm.config.groups import options
from ewm.config.load import SCHEMAS, compose_dict


@dataclass(frozen=True)
class Read:
    """An override as typed, and as Hydra reads it; `variants` are its values in a sweep, one without."""

    text: str
    override: Override
    searchpath: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return str(self.override.key_or_group)

    @property
    def group(self) -> str:
        return self.key.partition("@")[0]

    @property
    def is_placed(self) -> bool:
        """A preset of a folder that no default names, put somewhere: data/source@data.sources.real=real."""
        return self.override.package is not None and bool(self.names())

    @property
    def variants(self) -> list[str]:
        override, value = self.override, self.override.value()
        if isinstance(value, Glob):
            return [f"{override.get_key_element()}={name}" for name in value.filter([*self.names()])]
        if override.is_sweep_override() and override.is_discrete_sweep():
            return [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]
        return [] if override.is_sweep_override() else [self.text]

    def names(self) -> tuple[str, ...]:
        """The options of this group, if it is one."""
        return options(self.group, self.searchpath)


@dataclass(frozen=True)
class Place:
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
            except (HydraException, OmegaConfBaseException, ValueError, AssertionError) as error:
                self.made[key] = " ".join(str(error).split())
        return self.made[key]

    def broken(self, overrides: Sequence[str]) -> str | None:
        """Why these overrides do not compose; None if they do."""
        made = self.compose(overrides)
        return made if isinstance(made, str) else None


def parse(arguments: Sequence[str], found: list[str], searchpath: Sequence[str] = ()) -> list[Read]:
    """What can be read; a line goes to `found` for what cannot."""
    read = []
    for text in arguments:
        try:
            read.append(Read(text, OverridesParser.create().parse_override(text), tuple(searchpath)))
        except HydraException as error:
            found.append(f"{text}: cannot be read ({str(error).splitlines()[0]}). Write key=value; quote brackets.")
    return read
