"""ModelConfig, LoraConfig and HardwareConfig become a Model, ready to train and to generate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ewm.config.schema import HardwareConfig, LoraConfig, ModelConfig
from ewm.models import hardware as machine
from ewm.models import weights
from ewm.models.model import Model

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def load(
    cfg: ModelConfig, lora: LoraConfig | None = None, hardware: HardwareConfig | None = None, seed: int = 0
) -> Model:
    """The base model on its device, with a fresh adapter if `lora` is enabled; `seed` draws every random weight."""
    hardware = hardware or HardwareConfig()
    folder = weights.locate(cfg)
    device = machine.device(hardware)
    dtype = machine.dtype(cfg, device)
    quantization = machine.quantization(cfg, device)

    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tokenizer = weights.tokenizer(cfg, folder)
        if cfg.init == "scratch":
            base = weights.scratch(cfg, tokenizer, dtype)
        else:
            base = weights.pretrained(cfg, folder, dtype, quantization)
        _stop_at_end_of_turn(base, tokenizer)
        if quantization is None:
            base.to(device)  # type: ignore[arg-type]  # not the dtype: that would cast the rotary frequencies too
        if lora is not None and lora.enabled:
            base = _with_lora(base, cfg, lora)
    return Model(base.eval(), tokenizer, cfg, device)


def without_weights(cfg: ModelConfig) -> Model:
    """A Model that encodes and counts, and can be sent to another process; it cannot generate."""
    import torch

    return Model(None, weights.tokenizer(cfg, weights.locate(cfg)), cfg, torch.device("cpu"), adapter=None)


def _with_lora(base: PreTrainedModel, cfg: ModelConfig, lora: LoraConfig) -> PreTrainedModel:
    import peft

    if cfg.quantization:
        base = peft.prepare_model_for_kbit_training(base, use_gradient_checkpointing=False)
    targets = lora.target_modules
    config = peft.LoraConfig(
        r=lora.r,
        lora_alpha=lora.lora_alpha,
        lora_dropout=lora.lora_dropout,
        target_modules=list(targets) if isinstance(targets, Iterable) and not isinstance(targets, str) else targets,
        use_rslora=lora.use_rslora,
        use_dora=lora.use_dora,
        task_type="CAUSAL_LM",
        **lora.extra,
    )
    adapted = peft.get_peft_model(base, config)
    adapted.peft_config["default"].base_model_name_or_path = ""  # else every checkpoint asks the hub about it
    return adapted  # type: ignore[return-value]


def _stop_at_end_of_turn(base: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Checkpoints disagree about their eos; a chat's turn ends where its tokenizer says."""
    eos, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    base.config.eos_token_id = eos
    base.config.pad_token_id = pad
    if base.generation_config is not None:
        base.generation_config.eos_token_id = eos
        base.generation_config.pad_token_id = pad
