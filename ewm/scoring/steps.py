"""Comparing single steps and step lists: what "the same step" means everywhere in scoring and rewards.

A step's place is (kind, line, depth). A step is right if its place, every write and its value are right; the order of
the writes inside a step does not matter, a name written twice is never right. The end of an answer is one unit of
its own: right only if the answer is well-formed to its end mark, nothing follows it, and the printed text is right;
for task=reason the answer after the thought too.
"""

from __future__ import annotations

from ewm.formats.prediction import Prediction, Step
from ewm.scoring.values import equal

Place = tuple[str, int, int]


def place(step: Step) -> Place:
    return step.kind, step.line, step.depth


def same_value(predicted: str | None, true: str | None) -> bool:
    return predicted == true or (predicted is not None and true is not None and equal(predicted, true))


def right_step(predicted: Step, true: Step) -> bool:
    """The same place, writes and value."""
    if not same_place(predicted, true):
        return False
    if len(predicted.writes) != len(true.writes) or right_writes(predicted, true) != len(true.writes):
        return False
    if true.kind in ("raise", "unwind"):
        return predicted.value == true.value
    return same_value(predicted.value, true.value)


def same_place(predicted: Step, true: Step) -> bool:
    return predicted.line == true.line and predicted.kind == true.kind and predicted.depth == true.depth


def right_writes(predicted: Step, true: Step) -> int:
    """Writes of `true` that `predicted` has, with an equal value and named once."""
    if not true.writes or not predicted.writes:
        return 0
    if predicted.writes == true.writes and (len(true.writes) == 1 or len(dict(true.writes)) == len(true.writes)):
        return len(true.writes)
    found: dict[str, str | None] = {}
    for name, value in predicted.writes:
        found[name] = None if name in found else value
    return sum(same_write(found.get(name), value) for name, value in true.writes)


def same_write(predicted: str | None, true: str) -> bool:
    """Text "" stands for a deleted name and equals only itself."""
    return predicted is not None and (predicted == true or (bool(predicted and true) and equal(predicted, true)))


def leading(predicted: tuple[Step, ...], true: tuple[Step, ...]) -> int:
    """How many steps from the start are right."""
    for index, (p, t) in enumerate(zip(predicted, true, strict=False)):
        if not right_step(p, t):
            return index
    return min(len(predicted), len(true))


def leading_places(predicted: tuple[Step, ...], true: tuple[Step, ...]) -> int:
    """How many steps from the start have the right place."""
    for index, (p, t) in enumerate(zip(predicted, true, strict=False)):
        if p.line != t.line or p.kind != t.kind or p.depth != t.depth:  # same_place, written out: this is called most
            return index
    return min(len(predicted), len(true))


def right_end(predicted: Prediction, true: Prediction) -> bool:
    """The end unit, given that the steps before it agree in number."""
    return (
        predicted.parsed
        and predicted.ended
        and len(predicted.steps) == len(true.steps)
        and predicted.stdout == true.stdout
        and same_value(predicted.answer, true.answer)
    )
