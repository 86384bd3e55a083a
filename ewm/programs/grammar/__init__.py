"""A seeded grammar of small programs that always end. `program(seed, index, level)` is a pure function.

Bounds are proven while writing (see scope), so numbers stay small and loops short without running anything.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ewm.programs.grammar import collections, combinations, functions, practice  # noqa: F401  (they register their writers)
from ewm.programs.grammar.arithmetic import run
from ewm.programs.grammar.expressions import integer
from ewm.programs.grammar.scope import Gen, Int, List, Str, Type
from ewm.programs.grammar.templates import write
from ewm.programs.levels import VERSION
from ewm.programs.names import FUNCTIONS, LISTS, NUMBERS, STRINGS, WORDS
from ewm.programs.presets import ALL, PRESETS, turned
from ewm.programs.program import Program


def program(seed: int, index: int, level: str, knobs: Mapping[str, Any] = MappingProxyType({})) -> Program:
    """Item `index` of the level under this seed, with these knobs (presets.KNOBS) turned."""
    if level not in ALL:
        raise ValueError(f"no grammar level {level!r}. Levels: {', '.join(ALL)}")
    rng = random.Random(f"{VERSION}:{level}:{seed}:{index}")
    made_by = turned(level, knobs) if knobs else ALL[level]
    if level in PRESETS:
        source, entry = write(rng, made_by)
    else:
        g = Gen(rng, made_by)
        source, entry = _wrapped(g) if g.chance(g.level.wrap) else _plain(g)
    origin = f"grammar:{level}{mark(knobs)}:{seed}:{index}"
    return Program(source, entry, origin=origin, licence="Apache-2.0", level=level)


def mark(knobs: Mapping[str, Any]) -> str:
    """What an origin says of the knobs that made the program: nothing without any."""
    if not knobs:
        return ""
    plain = json.dumps(knobs, sort_keys=True, default=dict)
    return f"~{hashlib.sha256(plain.encode()).hexdigest()[:8]}"


def _body(g: Gen) -> None:
    must = g.rng.choice(g.level.must) if g.level.must else None
    before = g.between(*g.level.statements)
    if must is not None and must.startswith(("call", "search", "uncaught")) and g.chance(0.6):
        before = 0
    for _ in range(before):
        run(g, g.pick(g.level.top))
    if must is not None:
        run(g, must)
    if must is not None and g.entry is None and g.chance(0.35):
        run(g, g.pick(g.level.top))


def _plain(g: Gen) -> tuple[str, str | None]:
    _body(g)
    if g.entry is None and g.chance(0.2) and (names := [n for n in g.changed if n in g.scope]):
        g.emit(f"print({names[-1]})")
    return "\n".join([*g.defs, *g.lines]), g.entry


def _wrapped(g: Gen) -> tuple[str, str | None]:
    """The body as a function; what it starts from comes as arguments of the entry call."""
    inner = g.function()
    inner.defs = g.defs
    params: dict[str, str] = {}
    for _ in range(g.between(1, 2)):
        name, kind, value = _parameter(g, inner)
        inner.scope[name], params[name] = kind, value
    g.entry = None
    inner.lines = []
    _body(inner)
    if inner.entry is not None:  # the body turned into a bare call: use it as it is
        return "\n".join(inner.defs), inner.entry
    inner.emit(f"return {_result(inner)}")
    name = g.rng.choice([f for f in FUNCTIONS if not any(line.startswith(f"def {f}(") for line in inner.defs)])
    header = f"def {name}({', '.join(params)}):"
    return "\n".join([*inner.defs, header, *inner.lines]), f"{name}({', '.join(params.values())})"


def _parameter(g: Gen, inner: Gen) -> tuple[str, Type, str]:
    data = "list_read" in g.level.top or "list_literal" in g.level.top
    form = g.pick({"int": 2.0, "list": 1.5 if data else 0.0, "str": 1.0 if data else 0.0})
    if form == "int":
        return inner.fresh(NUMBERS), Int(0, g.level.literals), str(g.between(0, g.level.literals))
    if form == "list":
        values = [g.between(0, 10) for _ in range(g.between(2, 5))]
        return inner.fresh(LISTS), List(len(values), len(values), Int(0, 10)), str(values)
    word = g.one(WORDS)
    return inner.fresh(STRINGS), Str(len(word), len(word)), f"'{word}'"


def _result(g: Gen) -> str:
    """What the function returns: mostly what it changed last, sometimes an expression on it."""
    if g.names(Int) and g.chance(0.2):
        return integer(g)[0]
    return next((name for name in reversed(g.changed) if name in g.scope), list(g.scope)[-1])


__all__ = ["mark", "program"]
