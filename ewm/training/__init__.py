"""Training stages: `warm_start` (supervised.py) and `pretrain` (pretraining.py), on Lightning; then `learn`: one of
`reinforce` (grpo.py, TRL), `tune` (supervised.py) and `reject` (rejection.py). `keep` writes what they trained.

Heavy imports wait for the call.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["keep", "learn", "pretrain", "reinforce", "reject", "tune", "warm_start"]

_HOMES = {
    "keep": "ewm.training.outcome",
    "learn": "ewm.training.algorithms",
    "pretrain": "ewm.training.pretraining",
    "reinforce": "ewm.training.grpo",
    "reject": "ewm.training.rejection",
    "tune": "ewm.training.supervised",
    "warm_start": "ewm.training.supervised",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
