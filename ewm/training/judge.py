"""One composed reward as TRL wants it: a function of a batch of completions, with every term logged by name.

The truth is looked up by the example's index; nothing is traced or run here. What is scored is the answer after any
thinking, split off as in an evaluation; for task=reason, whose thought is the trace, the whole. A completion without an
end id was cut by the token limit, and the reward is told so. `batch` keeps the last scored batch, one row a completion,
for the table of samples. A term that is absent from a truth (None) leaves that term's mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Any, Protocol

from ewm.formats import thinking
from ewm.formats.prediction import Truth


class Score(Protocol):
    total: float
    terms: dict[str, float | None]


class Reward(Protocol):
    """ewm.rewards.Reward, or a test's. `cut`: the token limit ended the completion."""

    def __call__(self, completion: str, truth: Truth, cut: bool = False) -> Score: ...


@dataclass(frozen=True)
class Scored:
    """One completion and what it earned. `example` is the index in the training set."""

    example: int
    completion: str
    tokens: int
    cut: bool
    total: float
    terms: dict[str, float | None]


@dataclass
class Judge:
    """Callable with TRL's signature. `decode`: completion ids -> text; `ends`: ids that end a completion.

    `thinks`: the model always thinks before it answers. `gather`: one rank's rows -> those of all, in order of rank.
    """

    reward: Reward
    truths: Sequence[Truth]
    decode: Callable[[list[int]], str]
    ends: frozenset[int]
    thinks: bool = False
    gather: Callable[[list[Scored]], list[Scored]] = list
    batch: list[Scored] = field(default_factory=list)

    __name__ = "total"  # TRL logs rewards/<name>/mean

    def __call__(
        self,
        completion_ids: list[list[int]],
        example: list[int],
        log_metric: Callable[[str, float], None] = lambda name, value: None,
        **_: Any,
    ) -> list[float]:
        own = [self._score(ids, index) for ids, index in zip(completion_ids, example, strict=True)]
        self.batch = self.gather(own)
        for term in sorted({name for row in self.batch for name in row.terms}):
            values = [value for row in self.batch if (value := row.terms.get(term)) is not None]
            if values:
                log_metric(f"rewards/{term}/mean", fmean(values))
                log_metric(f"rewards/{term}/std", stdev(values) if len(values) > 1 else 0.0)
        return [row.total for row in own]

    def _score(self, ids: list[int], example: int) -> Scored:
        cut = not ids or ids[-1] not in self.ends
        text = self.decode(ids if cut else ids[:-1])
        truth = self.truths[example]
        said = text if truth.task == "reason" else thinking.split(text, self.thinks)[1]
        score = self.reward(said, truth, cut=cut)
        return Scored(example, text, len(ids), cut, float(score.total), dict(score.terms))
