"""Configuration: what can be set, how it is put together, and what is wrong with it.

    cfg = config.load(dict_config)             in an entry, after hydra.main
    cfg = config.compose(["lora.r=32"])        anywhere else
    with config.preflight("train"): main()     around an entry: mistakes are answered before torch is imported

The only room that knows Hydra and OmegaConf; nothing below the entries sees a DictConfig. Both are loaded when a name
below is first asked for: whoever wants the dataclasses alone (`ewm.config.schema`) starts 0.2 s earlier.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ewm.config.check import check
    from ewm.config.errors import ConfigError
    from ewm.config.load import compose, digest, load
    from ewm.config.preflight import preflight
    from ewm.config.schema import EvaluateConfig, TrainConfig
    from ewm.config.targets import build

__all__ = ["ConfigError", "EvaluateConfig", "TrainConfig", "build", "check", "compose", "digest", "load", "preflight"]

_HOME = {
    "check": "check", "ConfigError": "errors", "compose": "load", "digest": "load", "load": "load",
    "preflight": "preflight", "EvaluateConfig": "schema", "TrainConfig": "schema", "build": "targets",
}  # fmt: skip


def _face(name: str) -> property:
    def get(module: ModuleType) -> Any:
        return vars(module).get(f"={name}") or getattr(import_module(f"{__name__}.{_HOME[name]}"), name)

    def put(module: ModuleType, value: Any) -> None:
        """The import system sets a submodule under its name: `check`, `load` and `preflight` stay the functions."""
        if not isinstance(value, ModuleType):
            vars(module)[f"={name}"] = value

    return property(get, put)


sys.modules[__name__].__class__ = type("_Face", (ModuleType,), {name: _face(name) for name in _HOME})
