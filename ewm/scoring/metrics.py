"""Metrics of one parsed answer against the truth, as a flat dict; a metric that the truth has no use for is None.

    prefix         leading right steps / (true steps + 1); the last unit is the end mark (with the printed text), right
                   only if nothing follows it. Steps that the prompt gives away are not counted
    exact          prefix is 1; None where the truth is incomplete
    parse          the answer is well-formed, end mark included
    path           matched places of the alignment / length of the longer side; path_exact: all of them, nothing else
    state_f1       F1 over writes (variables that a step changes) at matched places: the headline
    state_full     share of true steps whose place is matched and whose frame holds exactly the true variables after it
    final_state    1 if the variables at the end (module, and the entry call's frame) are exactly right, else 0
    output         1 if result and printed text, as far as the truth has them, are right
    exception      1 if the type of the exception that ended the program is right
    divergence     index of the first wrong step in the full list, None if there is none; divergence_kind: "line" or
                   "value" (an answer that stops early or goes on too long departs by line; wrong printed text by value)

For task=output one unit is compared: prefix, exact and output are the same, the rest is None.
"""

from __future__ import annotations

from typing import Any

from ewm.formats.prediction import Prediction, Step, Truth
from ewm.scoring import states
from ewm.scoring.alignment import align
from ewm.scoring.steps import leading, place, right_end, right_writes, same_value

KEYS = (
    "prefix", "exact", "parse", "path", "path_exact", "state_f1", "state_full", "final_state", "output", "exception",
    "divergence", "divergence_kind",
)  # fmt: skip


def score(prediction: Prediction, truth: Truth) -> dict[str, Any]:
    """Every metric in KEYS: a float in [0, 1] or None; `divergence` an index, `divergence_kind` a word."""
    if truth.task == "output":
        return _answer(prediction, truth)
    true = truth.prediction
    share = prefix(prediction, truth)
    p_steps, t_steps = prediction.steps[truth.given :], true.steps[truth.given :]
    pairs = align([place(s) for s in p_steps], [place(s) for s in t_steps])
    longer = max(len(p_steps), len(t_steps))
    index, kind = divergence(prediction, truth)
    return {
        "prefix": share,
        "exact": float(share == 1.0) if truth.complete else None,
        "parse": float(prediction.parsed),
        "path": len(pairs) / longer if longer else 1.0,
        "path_exact": float(len(pairs) == longer),
        "state_f1": _state_f1(p_steps, t_steps, pairs),
        "state_full": states.full_share(prediction.steps, true.steps, truth.given),
        "final_state": final_state(prediction, truth),
        "output": output(prediction, truth),
        "exception": exception(prediction, truth),
        "divergence": index,
        "divergence_kind": kind,
    }


def prefix(prediction: Prediction, truth: Truth) -> float:
    """Share of leading units that are right; for task=output the answer is the only unit."""
    if truth.task == "output":
        return float(right_answer(prediction, truth.prediction))
    true = truth.prediction
    right = leading(prediction.steps, true.steps)
    units = len(true.steps) - truth.given + 1
    if right == len(true.steps) and right_end(prediction, true):
        return 1.0
    return max(0, right - truth.given) / units


def divergence(prediction: Prediction, truth: Truth) -> tuple[int | None, str | None]:
    """Where the answer first departs from the truth, and whether by line or by value."""
    true = truth.prediction
    index = leading(prediction.steps, true.steps)
    if index < min(len(prediction.steps), len(true.steps)):
        same_place = place(prediction.steps[index]) == place(true.steps[index])
        return index, "value" if same_place else "line"
    if right_end(prediction, true):
        return None, None
    ends_alike = len(prediction.steps) == len(true.steps) and prediction.ended and prediction.parsed
    return index, "value" if ends_alike else "line"


def final_state(prediction: Prediction, truth: Truth) -> float | None:
    """1 if the answer ends and its last variables are the true ones; None if there are none."""
    true = states.final(truth.prediction.steps, entry=truth.entry is not None)
    if not true:
        return None
    if not prediction.ended:
        return 0.0
    return float(states.same(states.final(prediction.steps, entry=truth.entry is not None), true))


def output(prediction: Prediction, truth: Truth) -> float | None:
    """1 if the call's result and the printed text are right; None if the truth has neither."""
    true = truth.prediction
    if truth.task == "output":
        return float(right_answer(prediction, true))
    if true.value is None and not true.stdout:
        return None
    return float(
        prediction.ended
        and prediction.stdout == true.stdout
        and (true.value is None or same_value(prediction.value, true.value))
    )


def exception(prediction: Prediction, truth: Truth) -> float | None:
    """1 if the type that ended the program is right; None if nothing was raised."""
    if truth.prediction.exception is None:
        return None
    return float(prediction.ended and prediction.exception == truth.prediction.exception)


def right_answer(prediction: Prediction, true: Prediction) -> bool:
    """task=output: the value, or the type of the exception where the call raises."""
    if true.exception is not None:
        return prediction.exception == true.exception
    return prediction.exception is None and prediction.value is not None and same_value(prediction.value, true.value)


def _state_f1(predicted: tuple[Step, ...], true: tuple[Step, ...], pairs: list[tuple[int, int]]) -> float | None:
    total = sum(len(s.writes) for s in true)
    if not total:
        return None
    claimed = sum(len(s.writes) for s in predicted)
    right = sum(right_writes(predicted[p], true[t]) for p, t in pairs)
    return 2 * right / (total + claimed)


def _answer(prediction: Prediction, truth: Truth) -> dict[str, Any]:
    right = float(right_answer(prediction, truth.prediction))
    metrics: dict[str, Any] = dict.fromkeys(KEYS)
    metrics |= {"prefix": right, "exact": right if truth.complete else None, "parse": float(prediction.parsed)}
    raised = truth.prediction.exception is not None
    return metrics | {"output": None if raised else right, "exception": right if raised else None}
