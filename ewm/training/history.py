"""What the run doctor goes by: the lines that a run has logged, and the settings that it runs with."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite, nan
from statistics import fmean

from ewm.config.schema import GrpoConfig
from ewm.training.heldout import Heldout

WINDOW = 10  # logged lines that a judgement rests on
TOTAL, CANARY = "rewards/total/mean", "grpo/canary"


@dataclass(frozen=True)
class Finding:
    """`message`: what is seen, with `value` of `metric`; `remedy`: one sentence that names the key to change."""

    disease: str
    metric: str
    step: int
    value: float
    message: str
    remedy: str


@dataclass(frozen=True)
class Plan:
    """The settings that remedies speak of. `weights`: of the reward's terms, by name; `astray`: what the canary may
    show before it is a finding, in nats a token; `budget`: FLOPs end the run, whatever grpo.max_steps."""

    grpo: GrpoConfig
    weights: Mapping[str, float] = field(default_factory=dict)
    astray: float = 1e-4
    budget: bool = False


@dataclass
class History:
    """What a run has logged, as far as a judgement needs it: the first lines, the last ones, held-out figures."""

    first: list[Mapping[str, float]] = field(default_factory=list)
    last: deque[Mapping[str, float]] = field(default_factory=lambda: deque(maxlen=WINDOW))
    heldout: Heldout = field(default_factory=Heldout)
    canary: float | None = None
    step: int = 0

    def add(self, values: Mapping[str, float], step: int) -> bool:
        """Whether the line was one of training or of held-out figures."""
        self.step = step
        if CANARY in values:
            self.canary = values[CANARY]
        if TOTAL in values:
            self.last.append(values)
            if len(self.first) < WINDOW:
                self.first.append(values)
        return self.heldout.add(values, step, self.mean(TOTAL)) or TOTAL in values

    def recent(self, metric: str) -> list[float]:
        """The values of a full window; empty before that, or where the metric is missing."""
        values = self._finite(metric)
        return values if len(values) == WINDOW else []

    def mean(self, metric: str) -> float | None:
        """Over the lines of the window so far."""
        values = self._finite(metric)
        return fmean(values) if values else None

    def _finite(self, metric: str) -> list[float]:
        return [row[metric] for row in self.last if isfinite(row.get(metric, nan))]
