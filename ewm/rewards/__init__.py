"""Rewards: pure terms of (prediction, truth) in [0, 1], composed by config.

In use:
    reward = rewards.compose(cfg.reward)
    reward(completion, truth).total, .terms
"""

from ewm.rewards.compose import Gated, Reward, Score, Weighted, compose
from ewm.rewards.ellora import Ellora

__all__ = ["Ellora", "Gated", "Reward", "Score", "Weighted", "compose"]
