"""Trivial guesses that execute nothing: what a figure has to beat. Each is a function of the prompt's side of a truth.

For task=output they give a value, for task=trace a text of the truth's format. GUESSES are scored beside every model;
`majority` needs the answers of a training set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from ewm.formats.prediction import Truth
from ewm.scoring.outline import Outline, arguments, literals, write

NOTHING = {"delta": "end", "cwm": "<|end_of_text|>", "ellora": "<execution_trace>\n</execution_trace>"}


def empty(truth: Truth) -> str:
    """No answer; for a trace, no step."""
    return "" if truth.task == "output" else NOTHING.get(truth.format, "")


def echo(truth: Truth) -> str:
    """The first argument back; for a trace, the source."""
    if truth.task == "output":
        return next(iter(arguments(truth.entry)), "None")
    return truth.source


def last_literal(truth: Truth) -> str:
    """The last literal that can be seen in the source; for a trace, every line once, in order, changing nothing."""
    if truth.task == "output":
        return (literals(truth.source) or ["None"])[-1]
    lines = Outline(branch="all").of(truth.source, truth.entry)
    return write([type(line)(line.kind, line.line, line.frame, (), line.value) for line in lines], truth.format)


def visible_literals(truth: Truth) -> str:
    """The commonest literal in sight; for a trace, lines in order with literal assignments and arguments filled in."""
    if truth.task == "output":
        return majority(literals(truth.source, truth.entry))
    return write(Outline(branch="then").of(truth.source, truth.entry), truth.format)


def majority(answers: Iterable[str]) -> str:
    """The commonest answer, the first of equals; None where there is none."""
    counted = Counter(answers).most_common(1)
    return counted[0][0] if counted else "None"


GUESSES: dict[str, Callable[[Truth], str]] = {
    "empty": empty,
    "echo": echo,
    "last_literal": last_literal,
    "visible_literals": visible_literals,
}
