"""The model under training, asked about the validation split: figures under validation/, and every completion.

Sampled by the evaluation's own functions at temperature 1, whatever the rollouts' temperature: so pass@1 is the share
of right answers in the model's own distribution, pass@k what that distribution still holds, and curves of different
runs can be laid over each other. Right means `exact`; a cut answer is wrong; examples without a complete truth are left
out of all but the reward. The same seed at every evaluation.
Training is not touched: no global generator is drawn from, no weight is written.
Several ranks take an example each in turns; all get all figures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from ewm.config.schema import EngineConfig, GenerationConfig
from ewm.data.example import Example
from ewm.evaluation.answers import Answer
from ewm.evaluation.groups import level_kind
from ewm.evaluation.items import scored
from ewm.formats import thinking
from ewm.formats.prediction import Truth
from ewm.generation import generate
from ewm.scoring.passes import pass_at_k
from ewm.training.judge import Reward, Scored

Gather = Callable[[list[Any]], list[Any]]
SAMPLING = {"temperature": 1.0, "top_p": 1.0, "top_k": 0}
BATCH = 64  # completions at a time, unless the engine says otherwise


@dataclass(frozen=True)
class Asked:
    """One example: its completions as the reward saw them, and how many are right (None: its truth is incomplete)."""

    example: int
    rows: tuple[Scored, ...]
    right: int | None


@dataclass(frozen=True)
class Measured:
    """One evaluation. `right`: of each example."""

    values: dict[str, float]
    right: tuple[int | None, ...]
    rows: tuple[Scored, ...]


@dataclass
class HeldOut:
    """`policy`: gives the model as it stands, to be asked. `k` of pass@k, out of `n` samples an example."""

    examples: Sequence[Example]
    policy: Callable[[], Any]
    reward: Reward
    n: int
    k: int
    limit: int
    seed: int
    engine: EngineConfig | None = None
    rank: int = 0
    ranks: int = 1
    gather: Gather = list

    @property
    def prompts(self) -> list[str]:
        return ["\n".join(m["content"] for m in example.messages) for example in self.examples]

    @property
    def truths(self) -> list[Truth]:
        return [example.truth for example in self.examples]

    @property
    def names(self) -> list[str]:
        """Every figure that an evaluation has, `metric_for_best_model`'s choices."""
        least = [(e, 0 if e.truth.complete else None, [0.0]) for e in self.examples]
        return list(_figures(least, self.n, self.k))

    def measure(self) -> Measured:
        mine = range(self.rank, len(self.examples), self.ranks)
        asked = sorted(self.gather(self._ask(list(mine))), key=lambda one: one.example)
        values = _figures(
            [(self.examples[a.example], a.right, [row.total for row in a.rows]) for a in asked], self.n, self.k
        )
        return Measured(values, tuple(a.right for a in asked), tuple(row for a in asked for row in a.rows))

    def _ask(self, indices: list[int]) -> list[Asked]:
        cfg = GenerationConfig("validation", n=self.n, max_new_tokens=self.limit, **SAMPLING)  # type: ignore[arg-type]
        engine = EngineConfig(batch_size=self.engine.batch_size if self.engine else BATCH)  # the model here, by hf
        messages = [self.examples[i].messages for i in indices]
        completions = generate(self.policy(), messages, cfg, engine, seed=self.seed)
        return [self._judge(i, found) for i, found in zip(indices, completions, strict=True)]

    def _judge(self, index: int, completions: Sequence[Any]) -> Asked:
        truth, rows, right = self.examples[index].truth, [], 0
        for c in completions:
            score = self.reward(thinking.counted(truth.task, c.thinking, c.text), truth, cut=c.cut)
            whole = thinking.join(c.thinking, c.text)
            rows.append(Scored(index, whole, c.tokens, c.cut, float(score.total), dict(score.terms)))
            right += scored(Answer(c.text, c.tokens, c.cut, c.thinking), truth).scores["exact"] == 1.0
        return Asked(index, tuple(rows), right if truth.complete else None)


def _figures(asked: Sequence[tuple[Example, int | None, Sequence[float]]], n: int, k: int) -> dict[str, float]:
    """Names to the letter: validation/pass@1, /pass@<k>, /reward, /known/exact, /level/<level>/exact."""
    solved = [(example.program.level, right) for example, right, _ in asked if right is not None]
    values: dict[str, float] = {}
    if solved:
        values["validation/pass@1"] = fmean(right / n for _, right in solved)
        values[f"validation/pass@{k}"] = fmean(pass_at_k(n, right, k) for _, right in solved)
    values["validation/reward"] = fmean(fmean(totals) for _, _, totals in asked)
    known = [right / n for level, right in solved if level_kind(level) == "known"]
    if known:
        values["validation/known/exact"] = fmean(known)
    for level in sorted({level for level, _ in solved if level}):
        values[f"validation/level/{level}/exact"] = fmean(right / n for of, right in solved if of == level)
    return values
