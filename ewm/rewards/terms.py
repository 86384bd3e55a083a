"""Reward terms: pure functions of (prediction, truth) in [0, 1].

A term never runs or evaluates model text; parsing happened before, once per completion. A term absent from the truth
(no exception was raised, say) returns None and leaves the sums. A new term gets its rows in the test tables and faces
the attacks in tests/rewards first.
"""

from __future__ import annotations

from ewm.formats.prediction import Prediction, Step, Truth
from ewm.scoring import metrics
from ewm.scoring.steps import leading, leading_places, right_end, right_writes, same_value


def exact(prediction: Prediction, truth: Truth) -> float | None:
    """1 for an exactly right trace or answer; None where the truth is incomplete."""
    return float(prefix(prediction, truth) == 1.0) if truth.complete else None


def prefix(prediction: Prediction, truth: Truth) -> float:
    """Share of leading steps that are right; the end mark counts as one step, so trailing rubbish costs it."""
    return metrics.prefix(prediction, truth)


def format(prediction: Prediction, truth: Truth) -> float:
    """Well-formed throughout, end mark included."""
    return float(prediction.parsed)


def path(prediction: Prediction, truth: Truth) -> float | None:
    """Common leading lines / longer length, values aside. None for task=output.

    Both lengths count the end mark, with the printed text, as one line more. Without it an answer that stops before its
    end mark, goes on with rubbish or invents output would earn all of this term, and the whole reward where the truth
    has no result; and a trace that the prompt gives away entirely would have no length. Steps that the prompt gives
    away earn nothing, but must be right, values too: whatever follows a wrong one is about another call.
    """
    if truth.task == "output":
        return None
    predicted, true = prediction.steps, truth.prediction.steps
    if leading(predicted[: truth.given], true) < truth.given:
        return 0.0
    common = leading_places(predicted, true)
    ends = common == len(true) and right_end(prediction, truth.prediction)
    longer = max(len(predicted), len(true)) - truth.given
    return (max(0, common - truth.given) + ends) / (longer + 1)


def state(prediction: Prediction, truth: Truth) -> float | None:
    """Right writes (and returned, yielded, raised values) on the common leading lines / all that either side has there.

    0 where the common part writes nothing: what was not shown earns nothing. None if the truth writes nothing at all.
    """
    predicted, true = prediction.steps, truth.prediction.steps
    if not any(s.writes or s.value is not None for s in true[truth.given :]):
        return None
    right = total = 0
    for p, t in zip(predicted[truth.given :], true[truth.given : leading_places(predicted, true)], strict=False):
        if p.writes == t.writes and p.value == t.value and len(t.writes) < 2:
            same = len(t.writes) + (t.value is not None)
            right, total = right + same, total + same
            continue
        right += right_writes(p, t) + (t.value is not None and _right_value(p, t))
        total += _writes_of_either(p, t) + (t.value is not None or p.value is not None)
    return right / total if total else 0.0


def output(prediction: Prediction, truth: Truth) -> float | None:
    """The call's result and the printed text."""
    return metrics.output(prediction, truth)


def exception(prediction: Prediction, truth: Truth) -> float | None:
    """The type of the exception that ended the program."""
    return metrics.exception(prediction, truth)


def result(prediction: Prediction, truth: Truth) -> float | None:
    """How the program ended: output and exception, as far as the truth has them, all right."""
    ends = [end for end in (output(prediction, truth), exception(prediction, truth)) if end is not None]
    return min(ends) if ends else None


def final_state(prediction: Prediction, truth: Truth) -> float | None:
    """Every variable at the end, and no other."""
    return None if truth.task == "output" else metrics.final_state(prediction, truth)


def length(prediction: Prediction, truth: Truth, slack: float = 1.5) -> float:
    """How far the text goes beyond `slack` times the true one, 1 at twice that: meant for a negative weight."""
    allowed = max(1.0, slack * len(truth.prediction.text))
    return min(1.0, max(0.0, len(prediction.text) / allowed - 1))


def _right_value(predicted: Step, true: Step) -> bool:
    if true.kind in ("raise", "unwind"):
        return predicted.value == true.value
    return same_value(predicted.value, true.value)


def _writes_of_either(predicted: Step, true: Step) -> int:
    """Names that either step writes; one written twice by the prediction counts twice."""
    if not predicted.writes:
        return len(true.writes)
    both = {name for name, _ in true.writes}.intersection(name for name, _ in predicted.writes)
    return len(true.writes) + len(predicted.writes) - len(both)
