"""Training stages: `warm_start` (sft.py) and `pretrain` (pretraining.py), on Lightning, and `reinforce` (grpo.py, TRL);
`keep` writes what they trained.

Heavy imports wait for the call.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["keep", "pretrain", "reinforce", "warm_start"]

_HOMES = {
    "keep": "ewm.training.outcome",
    "pretrain": "ewm.training.pretraining",
    "reinforce": "ewm.training.grpo",
    "warm_start": "ewm.training.sft",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
