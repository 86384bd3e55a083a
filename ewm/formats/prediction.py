"""What a completion says, once parsed: Step and Prediction; and Truth, what it is compared with.

Steps stand in the order in which they complete: a line that calls a function comes after the steps of that call,
with what it changed. A `return` line is one step with its return. Both sides of a comparison are read through the
same format, so a format that leaves something out (ellora has no calls) leaves it out of the truth too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

StepKind = Literal["line", "call", "return", "yield", "raise", "unwind"]


@dataclass(frozen=True)
class Step:
    """One completed step. `writes`: (name, literal text) that it changed, "global x" for a module variable
    changed from a function, (name, "") for a deleted name. `value`: returned/yielded literal, or exception type."""

    kind: StepKind
    line: int
    depth: int
    writes: tuple[tuple[str, str], ...] = ()
    value: str | None = None


@dataclass(frozen=True)
class Prediction:
    """A parsed completion. For task=output only `value` is set; for task=reason the steps are those of
    the thought, value and exception those of the answer after it."""

    text: str
    steps: tuple[Step, ...] = ()
    stdout: str = ""
    value: str | None = None  # result of the entry call (the outermost return), or the answer of task=output
    exception: str | None = None  # type of the exception that ended the program
    ended: bool = False  # the end mark is there and nothing follows it
    parsed: bool = False  # well-formed throughout, end mark included
    answer: str | None = None  # task=reason: what stands after the thought; part of the end


@dataclass(frozen=True)
class Truth:
    """The true answer of one example, carried in the data set."""

    prediction: Prediction  # the true text, parsed by the same format; value and exception only if the program's own
    task: str
    format: str
    given: int = 0  # leading steps that the prompt gives away: not counted
    complete: bool = True  # no truncation mark, opaque object or cap inside: `exact` counts
    blind: float = 0.0  # best score of a blind attack under the composed reward, for chance correction
    source: str = ""
    entry: str | None = None
    actual_trace: str = ""  # the recipe's own text, for reward=ellora
