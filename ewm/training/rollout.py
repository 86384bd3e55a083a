"""Where completions come from during training: TRL's own generate() or vLLM.

`None` from `choose` leaves generation to TRL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ewm.config.schema import EngineConfig, GrpoConfig

if TYPE_CHECKING:
    from ewm.models import Model

Rollout = Callable[[list[list[int]], int], list[list[int]]]  # prompt ids, seed -> completion ids


def choose(model: Model, cfg: GrpoConfig, engine: EngineConfig | None) -> Rollout | None:
    """The rollout for this model and engine."""
    return None


def decoder(model: Model) -> Callable[[list[int]], str]:
    """Completion ids to text; special tokens are no part of an answer."""
    return lambda ids: model.tokenizer.decode(ids, skip_special_tokens=True)


def ends(model: Model) -> list[int]:
    """Every id that ends a completion, the tokenizer's and the model's own."""
    declared = model.model.generation_config.eos_token_id
    listed = declared if isinstance(declared, list) else [declared]
    return sorted({i for i in (*listed, model.tokenizer.eos_token_id) if i is not None})
