"""Levels that cover what small real functions do. Written by templates; those of levels stay as they are.

A level that may hold a reserved construct (levels.RESERVED_CONSTRUCTS) is in MAY_BE_RESERVED. What the knobs bound:

statements  [fewest, most] drawn at the top; a template may be several lines, and a level of levels adds its `must`
depth       blocks in each other, the function round a wrapped body not counted
loops       [fewest, most] turns of a loop over a range or a countdown, and elements of a literal (up to three where a
            template wants them so, up to five in the levels data, function and compose)
max_abs     what one integer expression may come to: by proof in levels of levels, by estimate here (an expression
            that may be above it is written modulo a small number). No bound of sums that grow in a loop, of what a
            function returns, or of the constants that stand in templates (all below 100)
literals    integers that stand for a value; constants that a template or comparison needs are not under it
wrap        share of programs whose body is a function with a call
weights     statements by construct, at the top; here a weight of 0 takes the construct out of bodies too, and where
            nothing of a level fits, a plain assignment stands
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ewm.config.errors import did_you_mean
from ewm.programs.levels import LEVELS, RESERVED, Level

_PLAIN = {"assign": 2.0, "numbers": 2.0, "text": 1.0, "listing": 2.0, "mapping": 1.0}
_BREAKS = frozenset({"loop_break", "while_if", "while"})  # `while`: its body may hold an `if`
_MAIN: dict[str, dict[str, float]] = {
    "text": {"text": 6, "branch": 1, "loop": 1},
    "listing": {"listing": 6, "branch": 1, "loop": 1},
    "mapping": {"mapping": 6, "branch": 1, "library": 0.15},
    "sets": {"sets": 6, "branch": 0.5, "loop": 0.5},
    "numbers": {"numbers": 6, "branch": 1},
    "comprehension": {"comprehension": 6, "text": 0.5},
    "structured": {"structured": 6, "listing": 0.5, "library": 0.25},
    "generator": {"generator": 4, "assign": 1},
    "recursive": {"recursive": 3, "function": 1},
    "errors": {"errors": 5, "caught": 0.3, "raising": 0.15, "assign": 1},
    "classes": {"classes": 3, "assign": 1},
    "control": {"loop": 2, "while": 1, "loop_break": 2, "while_if": 2, "branch": 1, "match": 1},
    "functional": {"functional": 3, "closure": 2, "comprehension": 1, "library": 0.2},
    "real": {  # printed by experiments/02-data/weights.py: mined programs and codeio
        "assign": 26.7, "text": 2.6, "numbers": 3.0, "listing": 2.3, "mapping": 0.8, "sets": 0.3, "branch": 14.0,
        "loop": 5.0, "loop_break": 0.8, "while_if": 0.6, "while": 0.5, "comprehension": 2.5, "structured": 4.1,
        "function": 13.2, "closure": 0.4, "recursive": 0.5, "generator": 1.1, "errors": 2.2, "caught": 0.6,
        "library": 0.3, "classes": 1.3, "match": 0.1, "context": 0.1, "functional": 1.9, "raising": 0.1,
    },
}  # fmt: skip
PRESETS: dict[str, Level] = {
    name: Level((1, 3) if name in ("classes", "recursive", "control", "generator") else (3, 6), top, body=_PLAIN,
                loops=(2, 4), depth=3, max_abs=999, trained=False)
    for name, top in _MAIN.items()
}  # fmt: skip
ALL: dict[str, Level] = LEVELS | PRESETS
MAY_BE_RESERVED = (*RESERVED, *(name for name, level in PRESETS.items() if _BREAKS & level.top.keys()))
KNOBS = ("statements", "depth", "loops", "max_abs", "literals", "wrap", "weights")
_LEAST = {"statements": 1, "loops": 1, "depth": 0, "max_abs": 9, "literals": 1}


def given(knobs: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that are left to the level (null, no weights)."""
    return {knob: value for knob, value in knobs.items() if knob not in KNOBS or value not in (None, {})}


def turned(name: str, knobs: Mapping[str, Any]) -> Level:
    """The level with these knobs; ValueError says which of them cannot be."""
    level, changes = ALL[name], dict(knobs)
    for knob, value in knobs.items():
        if knob not in KNOBS:
            raise ValueError(f"knobs.{knob}: no such knob.{did_you_mean(knob, KNOBS)} Possible: {', '.join(KNOBS)}.")
        if knob in ("statements", "loops"):
            changes[knob] = _pair(knob, value)
        elif knob == "weights":
            weights = _weights(name, level, changes.pop(knob))
            changes["top"] = level.top | weights
            if name in PRESETS:
                body = {each: weight for each, weight in level.body.items() if weights.get(each, 1)}
                changes["body"] = body or changes["top"]
        elif knob == "wrap":
            if not _number(value) or not 0 <= value <= 1:
                raise ValueError(f"knobs.wrap={value}: wants a share from 0 to 1.")
        elif not isinstance(value, int) or isinstance(value, bool) or value < _LEAST[knob]:
            raise ValueError(f"knobs.{knob}={value}: wants a whole number of at least {_LEAST[knob]}.")
        if knob == "depth" and name in LEVELS:
            raise ValueError(
                f"knobs.depth: level {name} has a fixed depth. Levels with this knob: {', '.join(PRESETS)}."
            )
        if knob == "loops" and name in LEVELS and value[1] < 2:
            raise ValueError(f"knobs.loops={value}: level {name} wants a most of at least 2.")
    made = replace(level, **changes)
    if name in PRESETS:
        _room(name, made)
    return made


def _room(name: str, level: Level) -> None:
    from ewm.programs.grammar.blocks import LEAST

    least = min(LEAST[each] for each, weight in level.top.items() if weight)
    if level.depth < least:
        raise ValueError(f"knobs.depth={level.depth}: level {name} wants at least {least}.")


def _pair(knob: str, value: Any) -> tuple[int, int]:
    least = _LEAST[knob]
    whole = isinstance(value, list | tuple) and all(isinstance(n, int) and not isinstance(n, bool) for n in value)
    if not whole or len(value) != 2 or not least <= value[0] <= value[1]:
        raise ValueError(f"knobs.{knob}={value}: wants [fewest, most], from {least} on.")
    return value[0], value[1]


def _weights(name: str, level: Level, weights: Any) -> dict[str, float]:
    from ewm.programs.grammar.blocks import STATEMENTS  # what a level may be given beside its own constructs

    possible = tuple(STATEMENTS) if name in PRESETS else tuple(level.top)
    if not isinstance(weights, Mapping):
        raise ValueError(f"knobs.weights={weights}: wants construct: weight, of {', '.join(possible)}.")
    for construct, weight in weights.items():
        if construct not in possible:
            hint = did_you_mean(str(construct), possible)
            raise ValueError(f"knobs.weights.{construct}: not in level {name}.{hint} Possible: {', '.join(possible)}.")
        if not _number(weight) or weight < 0:
            raise ValueError(f"knobs.weights.{construct}={weight}: wants a number of at least 0.")
    if not sum((level.top | dict(weights)).values()) > 0:
        raise ValueError(f"knobs.weights: the weights of level {name} sum to zero.")
    return dict(weights)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
