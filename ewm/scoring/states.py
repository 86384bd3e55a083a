"""The variables that a list of steps implies: every frame's, after each step and at the end.

Steps say what changed; a frame's state is what its writes add up to. A call opens a fresh frame one level down, and
"global x" changes the module's variable x from inside a function.
"""

from __future__ import annotations

from collections.abc import Mapping

from ewm.formats.prediction import Step
from ewm.scoring.alignment import LIMIT, align
from ewm.scoring.steps import place, same_write

GLOBAL = "global "


class Frames:
    """State by depth; `apply` takes the steps in order."""

    def __init__(self) -> None:
        self.by_depth: dict[int, dict[str, str]] = {0: {}}

    def apply(self, step: Step) -> dict[str, str]:
        """The state of the step's own frame after it."""
        if step.kind == "call":
            self.by_depth[step.depth] = {}
        frame = self.by_depth.setdefault(step.depth, {})
        for name, value in step.writes:
            target, name = (self.by_depth[0], name[len(GLOBAL) :]) if name.startswith(GLOBAL) else (frame, name)
            if value:
                target[name] = value
            else:
                target.pop(name, None)
        return frame


def same(predicted: Mapping[str, str], true: Mapping[str, str]) -> bool:
    return predicted.keys() == true.keys() and all(same_write(predicted[name], value) for name, value in true.items())


def final(steps: tuple[Step, ...], entry: bool) -> dict[str, str]:
    """The module's variables at the end and, for a program with an entry call, those of the last frame at depth 1."""
    frames = Frames()
    for step in steps:
        frames.apply(step)
    return {**frames.by_depth[0], **(frames.by_depth.get(1, {}) if entry else {})}


def full_share(predicted: tuple[Step, ...], true: tuple[Step, ...], given: int) -> float | None:
    """Share of the true steps after the given ones that are matched and leave exactly the true state."""
    if len(true) <= given:
        return None
    pairs = align([place(s) for s in predicted], [place(s) for s in true])
    ours, theirs = Frames(), Frames()
    p = t = right = 0
    for p_index, t_index in pairs:
        while p <= p_index:
            ours_state = ours.apply(predicted[p])
            p += 1
        while t <= t_index:
            true_state = theirs.apply(true[t])
            t += 1
        if t_index >= given and same(ours_state, true_state):
            right += 1
    return right / (min(len(true), LIMIT) - given) if min(len(true), LIMIT) > given else 0.0
