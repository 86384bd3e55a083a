"""Which device, which dtype, which quantisation: asked here and nowhere else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ewm.config import ConfigError
from ewm.config.schema import HardwareConfig, ModelConfig

if TYPE_CHECKING:
    import torch
    from transformers import BitsAndBytesConfig


def device(hardware: HardwareConfig) -> torch.device:
    """The device to run on, of this rank; also sets torch's thread count."""
    import torch

    if hardware.threads:
        torch.set_num_threads(hardware.threads)
    if hardware.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("hardware.device=cuda: no CUDA device here. Possible: hardware=auto, hardware=cpu.")
    kind = hardware.device
    if kind == "auto":
        kind = "cuda" if torch.cuda.is_available() else "cpu"
    if kind == "cuda" and "LOCAL_RANK" in os.environ:  # of a distributed launch: a device for each
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        return torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    return torch.device(kind)


def dtype(cfg: ModelConfig, device: torch.device) -> torch.dtype:
    """auto: bfloat16 on CUDA, float32 on CPU."""
    import torch

    if cfg.dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[cfg.dtype]


def quantization(cfg: ModelConfig, device: torch.device) -> BitsAndBytesConfig | None:
    """NF4 with double quantisation (QLoRA), which computes in bfloat16."""
    if cfg.quantization is None:
        return None
    if device.type != "cuda":
        raise ConfigError(
            "model.quantization=nf4 needs a CUDA device. "
            "Here: model.quantization=null with a model that fits, say model=nano."
        )
    import importlib.util

    if importlib.util.find_spec("bitsandbytes") is None:
        raise ConfigError('model.quantization=nf4: bitsandbytes is not installed. pip install -e ".[gpu]"')
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
