"""A tiny random Qwen3 with nano's tokenizer and a LoRA adapter, and a data set of small sums with their truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import Qwen3Config, Qwen3ForCausalLM

from ewm.config.schema import ModelConfig
from ewm.formats.prediction import Prediction, Truth
from ewm.models import Model
from ewm.models.nano import tokenizer as nano
from ewm.programs import Program


@dataclass
class TinyModel:
    model: Any
    tokenizer: Any
    device: torch.device = torch.device("cpu")
    cfg: ModelConfig = field(default_factory=lambda: ModelConfig(name="tiny"))
    adapter: str | None = "default"

    def encode(self, messages: Any, target: str | None = None) -> list[int]:
        return nano.encode_messages(messages, target, self.tokenizer)[0]

    has_adapter, active = Model.has_adapter, Model.active

    def save_adapter(self, path: Path) -> None:
        self.model.save_pretrained(path)


@dataclass
class ListRecord:
    """A run record that keeps its lines."""

    folder: Path
    lines: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def log(self, values: dict[str, float], step: int) -> None:
        self.lines.append((step, values))

    def note(self, **facts: Any) -> None:
        self.facts |= facts

    def series(self, name: str) -> list[float]:
        return [values[name] for _, values in self.lines if name in values]


@dataclass(frozen=True)
class SmallExample:
    messages: list[dict[str, str]]
    truth: Truth
    program: Program


@dataclass(frozen=True)
class SmallSet:
    examples: list[SmallExample]


@dataclass(frozen=True)
class SmallScore:
    total: float
    terms: dict[str, float | None]


def build_tiny_model(seed: int = 0, **lora: Any) -> TinyModel:
    tokenizer = nano.build()
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, tie_word_embeddings=True, max_position_embeddings=512,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, initializer_range=0.2,
    )  # fmt: skip
    model = Qwen3ForCausalLM(config)
    torch.manual_seed(seed)
    settings = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", **lora}
    return TinyModel(get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings)), tokenizer)


def build_small_set(size: int = 6) -> SmallSet:
    programs = [f"x = {n}\ny = x + {n % 4}" for n in range(size)]
    truths = [Truth(Prediction(text=f"L1 x={n}\nL2 y={n + n % 4}\nend"), "trace", "delta") for n in range(size)]
    messages = [[{"role": "user", "content": f"<|trace|>\n{program}"}] for program in programs]
    return SmallSet([SmallExample(m, t, Program(p)) for m, t, p in zip(messages, truths, programs, strict=True)])


def share_of_sevens(completion: str, truth: Truth, cut: bool = False) -> SmallScore:
    """The share of sevens; the second term is absent from every other truth."""
    share = completion.count("7") / max(1, len(completion))
    even = truth.prediction.text.startswith(("L1 x=0", "L1 x=2", "L1 x=4"))
    return SmallScore(share, {"sevens": share, "even_only": share if even else None})


@pytest.fixture
def tiny_model() -> TinyModel:
    return build_tiny_model()


@pytest.fixture
def small_set() -> SmallSet:
    return build_small_set()
