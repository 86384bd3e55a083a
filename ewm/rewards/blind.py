"""Blind attacks: completions made from the prompt alone, without the truth and without execution.

`best` is what the best of them earns on a program; chance correction starts counting there. For task=output only
guesses that read the prompt are tried: with constants among them, every program that returns True would leave
training. Costs a few milliseconds a program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ewm.formats import thinking
from ewm.formats.prediction import Truth
from ewm.rewards.compose import Score
from ewm.scoring.baselines import empty, visible_literals
from ewm.scoring.outline import Outline, arguments, literals, write

KEYWORDS = "execution trace line state execution_trace Line 1 Line 2 Line 3 Line 4"
SPAM = {
    "delta": "\n".join(f"L{n} x={n}" for n in range(1, 9)) + "\nend",
    "cwm": "".join(f'<|line_sep|>{{"x": "{n}"}}<|action_sep|>L{n}<|frame_sep|>' for n in range(1, 9))
    + "<|end_of_text|>",
    "ellora": "<execution_trace>\n"
    + "\n".join(f"Line {n}: State: {{x={n}, y={n}, result={n}}}" for n in range(1, 21))
    + "\n</execution_trace>",
}
BRANCHES = ("then", "else", "all")
MAX_FILLERS = 4


def best(reward: Callable[[str, Truth], Score], truth: Truth) -> float:
    """The highest total that a blind attack earns, without chance correction. The truth is used to score only."""
    bare = replace(truth, blind=0.0)
    return max((reward(text, bare).total for text in dict.fromkeys(attacks(truth))), default=0.0)


def attacks(truth: Truth) -> Iterator[str]:
    """The completions. Of `truth` only source, entry, task and format are read."""
    yield ""
    if truth.task == "reason":
        result = next(_answers(truth), "None")
        yield from (thinking.join(trace, f"[ANSWER]{result}[/ANSWER]") for trace in _traces(truth))
        return
    yield from _answers(truth) if truth.task == "output" else _traces(truth)


def _answers(truth: Truth) -> Iterator[str]:
    seen = literals(truth.source)
    yield from arguments(truth.entry)[:1]
    yield from seen[:1] + seen[-1:]
    yield visible_literals(truth)


def _traces(truth: Truth) -> Iterator[str]:
    """Constant texts, echoes, then outlines: lines in order, with every visible value, or a guessed one, filled in."""
    yield empty(truth)
    yield KEYWORDS
    yield from SPAM.values()
    yield truth.source
    yield ", ".join(literals(truth.source, truth.entry))
    for branch in BRANCHES:
        yield write(Outline(branch).of(truth.source, truth.entry), truth.format)
    for value in list(dict.fromkeys(["0", *literals(truth.entry), *literals(truth.source)]))[:MAX_FILLERS]:
        yield write(Outline("then", value).of(truth.source, truth.entry), truth.format)
    yield _every_line(truth)


def _every_line(truth: Truth) -> str:
    """Every line of the text, in order, blank ones left out."""
    numbers = [n for n, line in enumerate(truth.source.splitlines(), 1) if line.strip()][:200]
    if truth.format == "ellora":
        return "\n".join(["<execution_trace>", *(f"Line {n}: State: {{}}" for n in numbers), "</execution_trace>"])
    if truth.format == "cwm":
        return "".join([*(f"<|line_sep|>{{}}<|action_sep|>L{n}<|frame_sep|>" for n in numbers), "<|end_of_text|>"])
    return "\n".join([*(f"L{n}" for n in numbers), "end"])
