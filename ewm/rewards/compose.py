"""Terms -> one number: Reward, its two compositions Gated and Weighted, and `compose` which builds one from config.

A completion is parsed once by the truth's format; terms see the prediction only. Text far longer than any answer is
not read at all: it counts as an empty answer. One cut by the token limit has no end: never exact, no result. With
chance correction a total is measured from what the best blind attack earns on that very program (`truth.blind`):
r' = max(0, (r - b) / (1 - b)).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ewm import formats
from ewm.config.errors import ConfigError
from ewm.config.schema import RewardConfig
from ewm.config.targets import BOOKKEEPING, locate, problems
from ewm.formats import thinking
from ewm.formats.prediction import Prediction, Truth

READ_CHARS = 20_000  # and eight times the true text
POSSIBLE = "ewm.rewards.Gated, ewm.rewards.Weighted, ewm.rewards.Ellora"

Terms = dict[str, float | None]


@dataclass(frozen=True)
class Score:
    """`terms`: each term's own value, before weights and gates; None: absent from this truth."""

    total: float
    terms: Terms


@dataclass(frozen=True)
class Term:
    """A term and its settings. Weight 0: logged only; below 0: a penalty."""

    name: str
    weight: float
    function: Callable[..., float | None]
    settings: Mapping[str, Any]

    def __call__(self, prediction: Prediction, truth: Truth) -> float | None:
        return self.function(prediction, truth, **self.settings)


@dataclass(frozen=True)
class Reward(ABC):
    """reward(completion, truth) -> Score. Subclasses say how term values become a total in [0, 1]."""

    name: str
    terms: tuple[Term, ...]
    chance_correct: bool = False

    def __call__(self, completion: str, truth: Truth, cut: bool = False) -> Score:
        """`cut`: the token limit ended the completion."""
        prediction = self.read(completion, truth)
        return self.judge(unended(prediction) if cut else prediction, truth)

    def judge(self, prediction: Prediction, truth: Truth) -> Score:
        """What a completion that was read before earns."""
        values = {term.name: term(prediction, truth) for term in self.terms}
        total = min(1.0, max(0.0, self.total(values)))
        return Score(corrected(total, truth.blind) if self.chance_correct else total, values)

    def read(self, completion: str, truth: Truth) -> Prediction:
        """The parsed completion."""
        most = READ_CHARS + 8 * len(truth.prediction.text)
        if len(completion) > most:  # thoughts may be long, unless they are what counts
            said = completion if truth.task == "reason" else thinking.split(completion, thinks=False)[1]
            if len(said) > most:
                return Prediction(text=completion)
        return formats.parse(completion, truth.task, truth.format)

    @abstractmethod
    def total(self, values: Terms) -> float:
        """The term values as one number, before clipping and chance correction."""

    def present(self, values: Terms) -> list[tuple[float, float]]:
        """(weight, value) of the terms that this truth has, in config order."""
        return [(t.weight, value) for t in self.terms if (value := values[t.name]) is not None]


class Gated(Reward):
    """sum_i w_i s_i prod_(j<i) s_j / sum_i w_i, in config order: a term earns only as far as those before it are right.

    Terms with a negative weight are taken off at the end; they and terms of weight 0 gate nothing.
    """

    def total(self, values: Terms) -> float:
        present = self.present(values)
        earned, gate = 0.0, 1.0
        for weight, value in present:
            if weight > 0:
                gate *= value
                earned += weight * gate
        return _share(earned, present) + _penalty(present)


class Weighted(Reward):
    """sum_i w_i s_i / sum of the positive w_i."""

    def total(self, values: Terms) -> float:
        present = self.present(values)
        return _share(sum(w * v for w, v in present if w > 0), present) + _penalty(present)


def compose(cfg: RewardConfig, plugins: Sequence[str] = ()) -> Reward:
    """The reward that the config describes; ConfigError lists every problem."""
    wrong = [p for name, node in cfg.terms.items() for p in _problems(name, node, plugins)]
    if not wrong and not any(_weight(node) > 0 for node in cfg.terms.values()):
        wrong.append("reward.terms: no term has a weight above zero. Give one, as in reward.terms.prefix.weight=1.")
    try:
        kind = locate(cfg._target_, plugins)
        if not (isinstance(kind, type) and issubclass(kind, Reward)):
            wrong.append(f"reward._target_={cfg._target_} is no Reward. Possible: {POSSIBLE}.")
    except ConfigError as error:
        wrong.append(f"reward._target_={error}")
    if wrong:
        raise ConfigError(wrong)
    terms = tuple(_term(name, node, plugins) for name, node in cfg.terms.items())
    return kind(cfg.name, terms, cfg.chance_correct)


def unended(prediction: Prediction) -> Prediction:
    """What a cut answer says: its steps stand, but what might have followed is not known, so neither is how it ends."""
    return replace(prediction, value=None, exception=None, ended=False, parsed=False)


def corrected(total: float, blind: float) -> float:
    """What is left above the best blind score; 0 throughout where that is 1: the program teaches nothing."""
    return max(0.0, (total - blind) / (1 - blind)) if blind < 1 else 0.0


def _term(name: str, node: Mapping[str, Any], plugins: Sequence[str]) -> Term:
    settings = {key: value for key, value in node.items() if key not in BOOKKEEPING}
    return Term(name, _weight(node), locate(str(node["_target_"]), plugins), settings)


def _weight(node: Mapping[str, Any]) -> float:
    return float(node.get("weight", 1.0))


def _problems(name: str, node: Mapping[str, Any], plugins: Sequence[str]) -> list[str]:
    where = f"reward.terms.{name}"
    found = problems(where, node, plugins, frozenset({"prediction", "truth"}))
    weight = node.get("weight", 1.0) if isinstance(node, Mapping) else 1.0
    if isinstance(weight, bool) or not isinstance(weight, int | float) or weight != weight:
        found.append(f"{where}.weight={weight}: wants a number.")
    return found


def _share(earned: float, present: list[tuple[float, float]]) -> float:
    weights = sum(w for w, _ in present if w > 0)
    return earned / weights if weights else 0.0


def _penalty(present: list[tuple[float, float]]) -> float:
    weights = sum(w for w, _ in present if w > 0)
    return sum(w * v for w, v in present if w < 0) / weights if weights else 0.0
