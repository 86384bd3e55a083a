"""From conf/ and overrides to the schema's dataclasses. Nothing below the entries ever sees a DictConfig.

`load` is for entries that Hydra has called, `compose` for tests and every other CLI. Both raise ConfigError with all
problems at once. Neither imports torch.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import hydra.version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from ewm.config import record
from ewm.config.check import check
from ewm.config.errors import ConfigError
from ewm.config.groups import CONF
from ewm.config.schema import EvaluateConfig, SelfgenConfig, TrainConfig

SCHEMAS: dict[str, type] = {"train": TrainConfig, "evaluate": EvaluateConfig, "selfgen": SelfgenConfig}
COMMANDS = {"selfgen": "python -m ewm.sources selfgen"}  # those that are no Hydra entry, and know no sweep
ENTRIES = {"train": "train.py", "evaluate": "evaluate.py", **COMMANDS}
FROM_RUN = ("model", "task", "format", "trace")  # what an evaluation takes over from the run it is pointed at

for _name, _schema in SCHEMAS.items():
    ConfigStore.instance().store(name=f"{_name}_schema", node=_schema)


def compose(
    overrides: Sequence[str] = (), config_name: str = "train", check: Callable[[Any], list[str]] = check
) -> TrainConfig:
    """The dataclasses for these overrides, checked. `config_name="evaluate"` gives an EvaluateConfig, and so on."""
    try:
        made = compose_dict(overrides, config_name)
    except (HydraException, OmegaConfBaseException) as error:
        from ewm.config.preflight import problems  # here: it imports this file

        raise ConfigError(problems(overrides, config_name) or " ".join(str(error).split())) from error
    return load(made, overrides, check)


def compose_dict(overrides: Sequence[str], config_name: str, searchpath: Sequence[str] = ()) -> DictConfig:
    """Hydra's composition, its own node included; raises what Hydra raises. Also works while an entry runs."""
    extra = [f"hydra.searchpath=[{','.join(searchpath)}]"] if searchpath else []
    return _loader().load_configuration(config_name, [*overrides, *extra], run_mode=RunMode.RUN)


@cache
def _loader() -> ConfigLoaderImpl:
    """Hydra's loader without Hydra's global state, which belongs to the entry."""
    hydra.version.setbase("1.3")
    Plugins.instance()
    return ConfigLoaderImpl(config_search_path=create_config_search_path(str(CONF)))


def load(
    dict_config: DictConfig, overrides: Sequence[str] | None = None, check: Callable[[Any], list[str]] = check
) -> TrainConfig:
    """Dataclasses from a composed config; ConfigError lists every problem."""
    cfg = to_dataclass(dict_config, overrides)
    if problems := check(cfg):
        raise ConfigError(problems)
    return cfg


def to_dataclass(dict_config: DictConfig, overrides: Sequence[str] | None = None) -> TrainConfig:
    """As `load`, without the cross-field check."""
    plain = copy.deepcopy(dict_config)
    if overrides is None:
        overrides = _task_overrides(plain)
    with open_dict(plain):
        plain.pop("hydra", None)
    try:
        if "run" in plain and plain.run:
            plain = _take_over(plain, overrides)
        cfg = cast(TrainConfig, OmegaConf.to_object(plain))
    except MissingMandatoryValue as error:
        raise ConfigError(f"{error.full_key} is missing. Give it: {error.full_key}=...") from error
    except OmegaConfBaseException as error:
        raise ConfigError(str(error).splitlines()[0]) from error
    if not isinstance(cfg, SelfgenConfig) and cfg.benchmark_items is not None:
        for benchmark in cfg.benchmarks.values():
            if not isinstance(benchmark, dict) or type(benchmark.get("n", 0)) is not int:
                continue  # the preflight says what is wrong with it
            benchmark["n"] = min(benchmark.get("n", cfg.benchmark_items), cfg.benchmark_items)
    return cfg


def digest(cfg: Any) -> str:
    """sha256 of the resolved config, wherever its outputs go."""
    values = {k: v for k, v in dataclasses.asdict(cfg).items() if k != "output_dir"}
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def _task_overrides(dict_config: DictConfig) -> list[str]:
    if "hydra" in dict_config:
        return list(dict_config.hydra.overrides.task)
    return list(HydraConfig.get().overrides.task) if HydraConfig.initialized() else []


def _take_over(plain: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """The sections of the run's own config; a section or key that the command line names wins."""
    if Path(plain.run).is_file():
        raise ConfigError(f"run={plain.run}: a file. Give the run's folder: run={Path(plain.run).parent}.")
    try:
        trained = record.read(Path(plain.run), ("config",))["config"]
    except FileNotFoundError:
        raise ConfigError(
            f"run={plain.run}: no run.json there. A run's folder looks like outputs/train/<name>/<stamp>-<hash>."
        ) from None
    path = Path(plain.run) / "run.json"
    if not isinstance(trained, dict):
        raise record.damaged(path, "has no mapping under config")
    named = [o.lstrip("+~").partition("=")[0] for o in overrides]
    taken = {o.partition("=")[0] for o in overrides if o.startswith("~")}
    for section in FROM_RUN:
        if section not in named and section in trained:
            inside = [key for key in named if key.startswith(f"{section}.")]
            mine = {key: OmegaConf.select(plain, key) for key in inside}
            schema = cast(Any, OmegaConf.get_type(plain, section))
            plain[section] = _section(schema, trained[section], f"{path}: {section}")
            for key, value in mine.items():
                if value is None and f"~{key}" in taken:
                    _take_away(plain, key)
                else:
                    OmegaConf.update(plain, key, value, force_add=True)  # + was read before; the run may lack the key
    return plain


def _take_away(plain: DictConfig, key: str) -> None:
    parent, _, name = key.rpartition(".")
    there = OmegaConf.select(plain, parent)
    with open_dict(there):
        there.pop(name, None)


def _section(schema: Any, values: Any, where: str) -> Any:
    """A section as the run was trained with it; ConfigError names what this version cannot take over."""
    if not isinstance(values, dict):
        raise ConfigError(f"{where} is no mapping. Choose the section on the command line: it wins over the run's.")
    names = {f.name for f in dataclasses.fields(schema)}
    if unknown := [key for key in values if key not in names]:
        section = where.rpartition(" ")[2]
        raise ConfigError(
            f"{where} has keys that this version does not know: {', '.join(unknown)}. Use the code of the run's "
            f"git_commit, or choose the section here: {section}=PRESET wins over the run's."
        )
    try:
        return OmegaConf.structured(schema(**values))
    except OmegaConfBaseException as error:
        raise ConfigError(f"{where}.{error.full_key}: {str(error).splitlines()[0]}.") from error
