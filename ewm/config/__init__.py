"""Configuration: what can be set, how it is put together, and what is wrong with it.

    cfg = config.load(dict_config)             in an entry, after hydra.main
    cfg = config.compose(["lora.r=32"])        anywhere else
    with config.preflight("train"): main()     around an entry: mistakes are answered before torch is imported

The only room that knows Hydra and OmegaConf; nothing below the entries sees a DictConfig.
"""

from ewm.config.check import check
from ewm.config.errors import ConfigError
from ewm.config.load import compose, digest, load
from ewm.config.preflight import preflight
from ewm.config.schema import EvaluateConfig, TrainConfig
from ewm.config.targets import build

__all__ = ["ConfigError", "EvaluateConfig", "TrainConfig", "build", "check", "compose", "digest", "load", "preflight"]
