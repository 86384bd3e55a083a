"""Faithfulness: how many of the (variable, value) claims in a thought hold in the true run.

A claim is a name of the program, one of `=`, `:`, `is`, `becomes`, `equals`, and a Python literal with which nothing is
computed: `s = 3`, `State: {s=3, i=0}`, "then s becomes 3". It holds if the variable has that value at some time of the
run; values are compared as everywhere (True is not 1). Names that the truth does not know are not counted: "step 3:
line = 4". Pure, nothing is evaluated, linear time: of a value at most LONGEST characters are read.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator

from ewm.formats import ellora, literal
from ewm.formats.prediction import Step, Truth
from ewm.scoring.values import NotALiteral, read

LONGEST = 400  # characters of a claimed value
MOST = 5_000  # claims of a thought that are looked at
GLOBAL = "global "
_CLAIM = re.compile(r"(?<![\w.'\"])([^\W\d]\w{0,63})[`*]{0,2}(?: ?= ?|: ?| +(?:is|becomes|equals) +)[`*]{0,2}(?![=\s])")
_AFTER = re.compile(r"[`*]{1,2}(?=[\s.,;:)}]|\Z)")  # what closes an emphasis
_COMPUTED = re.compile(r" ?(?:[-+*/%<>&|^(\[]|[=!]=|if\b)")  # the value is only part of what is said
_LAST = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)\.(?=\s|\Z)")  # a number that ends a sentence


def faithfulness(thought: str, truth: Truth) -> float | None:
    """Share of claims that hold; None without a claim, or where the truth says nothing of variables."""
    known = values_of(truth)
    if not thought or not known:
        return None
    found = [value in known[name] for name, value in claims(thought) if name in known]
    return sum(found) / len(found) if found else None


def claims(thought: str) -> Iterator[tuple[str, Hashable]]:
    """(name, value as `values.read` gives it), in order."""
    position, number = 0, 0
    while number < MOST and (match := _CLAIM.search(thought, position)):
        number += 1
        start = position = match.end()
        text = thought[start : start + LONGEST].partition("\n")[0]
        last = _LAST.match(text)
        end = last.end(1) if last else literal.end(text)
        if end <= 0:
            continue
        closing = _AFTER.match(text, end)
        if _COMPUTED.match(text, closing.end() if closing else end):
            continue
        try:
            value = read(text[:end])
        except NotALiteral:
            continue
        position += end
        yield match[1], value


def values_of(truth: Truth) -> dict[str, set[Hashable]]:
    """Every value that a variable has at some time of the true run."""
    steps: tuple[Step, ...] = truth.prediction.steps or ellora.parse(truth.actual_trace).steps
    known: dict[str, set[Hashable]] = {}
    for step in steps:
        for name, text in step.writes:
            values = known.setdefault(name.removeprefix(GLOBAL), set())
            try:
                values.add(read(text))
            except NotALiteral:  # deleted, or opaque: no claim can hold
                continue
    return known
