"""The recipe's own reward and evaluator, number for number, kept for comparison and as a known-bad case.

Both compare a completion with the recipe's trace text (`truth.actual_trace`, "" for a program that does not run) by
regular expressions. The reward is the sum of six terms, capped at 1; four fifths of it can be had without a right
value. The expressions are written here so that they take time linear in the text; they match the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from ewm.formats.prediction import Prediction, Truth
from ewm.rewards.compose import Reward, Terms

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_NAME = r"([a-zA-Z_]\w*+)"
_PROSE = (
    re.compile(rf"{_NAME}(?:\s*+=\s*+[^=\n]*+=\s*+{_NUMBER})?"),
    re.compile(rf"{_NAME}(?:\s*+=\s*+{_NUMBER}(?:\s|,|\.|;|$))?"),
    re.compile(rf"{_NAME}(?:\s+(?:becomes|is)\s++{_NUMBER})?", re.IGNORECASE),
    re.compile(rf"{_NAME}(?::\s*+{_NUMBER})?"),
)
_PAIR = re.compile(r"(?<!\w)(\w++)=([^,]++)")
_LAST_PAIR = re.compile(r"(?<!\w)(\w++)=([^,}]++)")


class Ellora(Reward):
    """The recipe's parts added up, each weighted as there, capped at 1."""

    def read(self, completion: str, truth: Truth) -> Prediction:
        """The recipe reads the whole text, whatever its shape."""
        return Prediction(text=completion)

    def total(self, values: Terms) -> float:
        return min(1.0, sum(weight * value for weight, value in self.present(values)))


def mentions(prediction: Prediction, truth: Truth) -> float:
    """Any of four words occurs."""
    text = prediction.text.lower()
    return float(bool(truth.actual_trace) and any(word in text for word in ("execution", "trace", "line", "state")))


def tags(prediction: Prediction, truth: Truth) -> float:
    """The tag's name occurs."""
    return float(bool(truth.actual_trace) and "execution_trace" in prediction.text.lower())


def lines(prediction: Prediction, truth: Truth) -> float:
    """A quarter for each numbered line, up to four."""
    return _quarters(r"[Ll]ine\s++\d", prediction, truth)


def states(prediction: Prediction, truth: Truth) -> float:
    """A quarter for each state, up to four."""
    return _quarters(r"[Ss]tate:\s*+\{", prediction, truth)


def count(prediction: Prediction, truth: Truth) -> float:
    """Predicted states / true ones, up to 1, if there are both."""
    true = len(_braces(r"State:\s*+\{", truth.actual_trace))
    predicted = len(_braces(r"State:\s*+\{", prediction.text))
    return min(predicted, true) / true if predicted and true else 0.0


def values(prediction: Prediction, truth: Truth) -> float:
    """True pairs found in the best single predicted state of each true state / all true pairs."""
    true = [_split(state) for state in _braces(r"State:\s*+\{", truth.actual_trace)]
    total = sum(len(pairs) for pairs in true)
    if not total:
        return 0.0
    wanted = {pair for pairs in true for pair in pairs.items()}
    predicted = {frozenset(wanted & _split(s).items()) for s in set(_braces(r"State:\s*+\{", prediction.text))}
    return sum(_best(pairs.items(), predicted) for pairs in true) / total


def accuracy(completion: str, actual_trace: str) -> float:
    """The recipe's evaluator: `ellora_accuracy` of one completion. The recipe calls it correct above 0.7."""
    if not completion or not actual_trace:
        return 0.0
    true = _braces(r"State: \{", actual_trace)
    if not true:
        return 0.5
    predicted = set(_braces(r"State: \{", completion))
    if predicted:
        wanted = [_pairs(state) for state in true]
        known = {pair for pairs in wanted for pair in pairs}
        found = {frozenset(known.intersection(_pairs(state))) for state in predicted}
        return sum(_best(pairs, found) >= len(pairs) / 2 for pairs in wanted) / len(true)
    expected = {name: value.strip().strip("'\"") for state in true for name, value in _LAST_PAIR.findall(state)}
    told = _prose(completion)
    return sum(told.get(name) == value for name, value in expected.items()) / len(expected) if expected else 0.0


def _quarters(pattern: str, prediction: Prediction, truth: Truth) -> float:
    return min(1.0, len(re.findall(pattern, prediction.text)) / 4) if truth.actual_trace else 0.0


@lru_cache(maxsize=8)  # a completion is asked twice, a true trace once for each completion of its group
def _braces(opening: str, text: str) -> tuple[str, ...]:
    """What stands between each opening and the next closing brace. Nothing is looked for after the last of those,
    where every opening would search to the end in vain."""
    return tuple(re.findall(opening + r"([^}]*+)\}", text[: text.rfind("}") + 1]))


def _split(state: str) -> dict[str, str]:
    """Pairs of the reward: split at commas, then at the first `=`."""
    parts = (part.split("=", 1) for part in state.split(",") if "=" in part)
    return {name.strip(): value.strip() for name, value in parts}


def _pairs(state: str) -> list[tuple[str, str]]:
    """Pairs of the evaluator."""
    return [(name, value.strip()) for name, value in _PAIR.findall(state)]


def _best(pairs: Iterable[tuple[str, str]], predicted: set[frozenset[tuple[str, str]]]) -> int:
    """Most of the pairs that one predicted state holds."""
    pairs = list(pairs)
    return max((sum(pair in state for pair in pairs) for state in predicted), default=0)


def _prose(text: str) -> dict[str, str]:
    """Values told in sentences: four patterns, the last match of the first wins, later ones fill what is missing."""
    found: dict[str, str] = {}
    for number, pattern in enumerate(_PROSE):
        for name, value in pattern.findall(text):
            if value and name.lower() not in ("line", "step") and (number == 0 or name not in found):
                found[name] = value
    return found
