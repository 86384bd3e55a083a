"""Base model, tokenizer and LoRA adapter. Device, dtype and quantisation are decided in this room only.

    model = load(cfg.model, cfg.lora, cfg.hardware, seed=cfg.seed)

A model that cannot be had here is a ConfigError, raised before torch is imported.
"""

from ewm.models.load import load, without_weights
from ewm.models.model import Model, base_problem

__all__ = ["Model", "base_problem", "load", "without_weights"]
