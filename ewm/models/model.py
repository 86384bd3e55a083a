"""Model: weights, tokenizer and what the other rooms ask of them.

Base and adapter share their weights. `active()` switches the adapter on or off for this Model and gives the module to
call; whoever generates or scores does so inside it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ewm.config import ConfigError
from ewm.config.schema import ModelConfig
from ewm.models import chat

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


def base_name(cfg: ModelConfig) -> str:
    """How an adapter names the model below it."""
    return cfg.path or cfg.name


def base_problem(adapter: str | Path, cfg: ModelConfig) -> str | None:
    """What stands against putting the adapter of this folder on this model; it need not be loaded for that.

    A model is known by the last part of its name, so that a folder may have moved; an adapter that names none fits all.
    """
    try:
        config = json.loads((Path(adapter) / "adapter_config.json").read_text(encoding="utf-8"))
        named = str(config.get("base_model_name_or_path") or "")
    except (OSError, ValueError, AttributeError):
        return f"adapter={adapter}: its adapter_config.json cannot be read."
    if not named or Path(named).name in (Path(base_name(cfg)).name, cfg.name):
        return None
    return (
        f"adapter={adapter} was trained on {named}, but model={cfg.name} is {base_name(cfg)}. Choose that one; or, if "
        f"the weights are the same, write {base_name(cfg)} as base_model_name_or_path into its adapter_config.json."
    )


@dataclass
class Model:
    """`model` is a PreTrainedModel, or a PeftModel around it when there is an adapter."""

    model: Any
    tokenizer: PreTrainedTokenizerBase
    cfg: ModelConfig
    device: torch.device
    adapter: str | None = "default"  # name of the adapter that this Model uses; None: the base alone
    adapter_path: str | None = None  # where a loaded adapter lies, for engines that read it from there

    @property
    def prompt_style(self) -> str:
        return self.cfg.prompt_style

    @property
    def has_adapter(self) -> bool:
        return hasattr(self.model, "peft_config")

    def encode(self, messages: Sequence[Mapping[str, str]], target: str | None = None) -> list[int]:
        """Ids of the prompt, assistant's header included, then of `target` and the end of its turn."""
        return self.encode_pair(messages, target)[0]

    def encode_pair(self, messages: Sequence[Mapping[str, str]], target: str | None = None) -> tuple[list[int], int]:
        """`encode`, and how many of the ids are the prompt's."""
        ids = chat.encode_prompt(self.tokenizer, messages, self.cfg.thinking)
        length = len(ids)
        if target is not None:
            ids = ids + chat.encode_target(self.tokenizer, target, ids)
        return ids, length

    def open_turn(self, system: str = "") -> str:
        """A chat's text up to where the user begins to write, for `ewm.generation.extend`."""
        return chat.open_turn(self.tokenizer, system)

    def count_tokens(self, text: str) -> int:
        return len(chat.encode_text(self.tokenizer, text))

    def without_weights(self) -> Model:
        """What encodes and counts, for another process."""
        return replace(self, model=None)

    @contextmanager
    def active(self) -> Iterator[Any]:
        """The module in eval mode with this Model's adapter, or none; what was before comes back afterwards."""
        training, before = self.model.training, getattr(self.model, "active_adapter", None)
        self.model.eval()
        try:
            if not self.has_adapter or self.adapter == before:
                yield self.model
            elif self.adapter is None:
                with self.model.disable_adapter():
                    yield self.model
            else:
                self.model.set_adapter(self.adapter)
                yield self.model
        finally:
            if self.has_adapter and self.model.active_adapter != before:
                self.model.set_adapter(before)
            self.model.train(training)

    def without_adapter(self) -> Model:
        """The base model: the same weights, every adapter off."""
        return replace(self, adapter=None, adapter_path=None)

    def with_adapter(self, path: str | Path) -> Model:
        """The same weights with the adapter of this folder; this Model itself stays what it was."""
        from peft import PeftModel

        if not (Path(path) / "adapter_config.json").exists():
            raise ConfigError(
                f"adapter={path}: no adapter_config.json in this folder. A run keeps its adapter in adapter/."
            )
        if problem := base_problem(path, self.cfg):
            raise ConfigError(problem)
        if self.has_adapter:
            name = f"loaded_{len(self.model.peft_config)}"
            self.model.load_adapter(str(path), adapter_name=name, is_trainable=False)
        else:
            name = "default"
            self.model = PeftModel.from_pretrained(self.model, str(path), adapter_name=name).eval()
            self.adapter = None
        return replace(self, adapter=name, adapter_path=str(path))

    def save_adapter(self, path: str | Path) -> None:
        """The adapter alone, as PEFT stores it, with the name of its base instead of this machine's folder."""
        config = self.model.peft_config[self.adapter]
        kept, config.base_model_name_or_path = config.base_model_name_or_path, base_name(self.cfg)
        try:
            self.model.save_pretrained(str(path), selected_adapters=[self.adapter], save_embedding_layers=False)
        finally:
            config.base_model_name_or_path = kept

    def save(self, path: str | Path, dtype: torch.dtype | None = None) -> None:
        """Weights (bfloat16 unless told), config and tokenizer, as transformers stores them; no adapter."""
        import torch

        copy.deepcopy(self.model).to("cpu", dtype or torch.bfloat16).save_pretrained(str(path))
        self.tokenizer.save_pretrained(str(path))
