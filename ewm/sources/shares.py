"""Which source the next example comes from, so that every prefix has the shares that the weights say, within one.

R. Tijdeman, The chairman assignment problem (1980): of the k sources that are owed at least 1 / (2k - 2) of an example,
the one that would first be owed too much. After n examples no source is further than 1 - 1 / (2k - 2) from its share.
When a source leaves, the others' shares count from there on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Shares:
    """`weights`: of the sources in the draw; those with weight 0 are never in it."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = {name: weight for name, weight in weights.items() if weight > 0}
        self._taken = dict.fromkeys(self._weights, 0)

    def __bool__(self) -> bool:
        return bool(self._weights)

    def next(self) -> str:
        """The source whose turn it is. It stays its turn until `take` or `leave`."""
        names = list(self._weights)
        if len(names) == 1:
            return names[0]
        total, number = sum(self._weights.values()), sum(self._taken.values()) + 1
        least = 1 / (2 * len(names) - 2)
        share = {name: weight / total for name, weight in self._weights.items()}
        owed = {name: share[name] * number - self._taken[name] for name in names}
        due = [name for name in names if owed[name] >= least] or names  # `or`: rounding
        return min(due, key=lambda name: (1 - least - owed[name]) / share[name])

    def take(self, name: str) -> None:
        self._taken[name] += 1

    def leave(self, name: str) -> None:
        """It has no more to give."""
        del self._weights[name]
        self._taken = dict.fromkeys(self._weights, 0)

    def state(self) -> dict[str, Any]:
        """What `restored` makes the same of."""
        return {"weights": dict(self._weights), "taken": dict(self._taken)}

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Shares:
        shares = cls(state["weights"])
        shares._taken = dict(state["taken"])
        return shares
