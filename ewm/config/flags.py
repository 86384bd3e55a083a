"""Hydra's own flags (--config-dir, --cfg ...): what is wrong with them. Unknown ones are answered by Hydra's parser."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from ewm.config.groups import CONF
from ewm.config.load import SCHEMAS

WAYS = ("run", "multirun", "cfg", "info", "shell_completion")  # hydra._internal.utils._run_hydra takes one of them


def problems(flags: Namespace, config_name: str) -> Iterator[str]:
    """Folders and names that do not exist, flags that do not go together."""
    if flags.config_dir and not Path(flags.config_dir).is_dir():
        yield f"--config-dir={flags.config_dir}: no such folder. Give one that holds groups as conf/ does."
    if flags.config_path:
        yield f"--config-path={flags.config_path}: the configuration is conf/. Possible: --config-dir=FOLDER beside."
    if flags.config_name and not has(flags.config_name, config_name):
        yield f"--config-name={flags.config_name}: none of {config_name}.py. Possible here: {config_name}."
    if flags.resolve and not (flags.cfg or flags.help):
        yield "--resolve: wants --cfg job, whose values it works out."
    if len(given := [f"--{way.replace('_', '-')}" for way in WAYS if getattr(flags, way)]) > 1:
        yield f"{' '.join(given)}: one of them at a time."


def has(asked: str, config_name: str) -> bool:
    """A file of conf/ that can stand in for this entry's own."""
    name = asked.removesuffix(".yaml")
    return (CONF / f"{name}.yaml").exists() and name not in set(SCHEMAS) - {config_name}
