"""A target's signature as the schema of its entry: which keys it takes, which it wants, what their values may be.

    def heldout(n: Annotated[int, AtLeast(1)] = 30, levels: Annotated[Sequence[str], OneOf(LEVELS)] = TRAINED, ...)

Annotations of other kinds than numbers, text, lists and mappings are not checked.
"""

from __future__ import annotations

import collections.abc
import inspect
import math
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from ewm.config.errors import did_you_mean

WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    list: "a list",
    dict: "a mapping",
}
LISTS = (list, tuple, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
MAPPINGS = (dict, collections.abc.Mapping)


@dataclass(frozen=True)
class OneOf:
    """Of a value, of a list's items or of a mapping's keys: one of these names."""

    names: Sequence[str]


@dataclass(frozen=True)
class AtLeast:
    """Of a number."""

    least: float


@dataclass(frozen=True)
class Entry:
    """Of an argument that is an entry with its own _target_: checked, built, and passed on as what it stands for."""


def arguments(found: Any) -> tuple[frozenset[str], bool]:
    """Names that `found` accepts by keyword, and whether it takes any (**kwargs)."""
    parameters = inspect.signature(found).parameters.values()
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return frozenset(named), any(p.kind is p.VAR_KEYWORD for p in parameters)


def default(found: Any, name: str) -> Any:
    """The value of an argument that is left out; None without one."""
    parameter = inspect.signature(found).parameters.get(name)
    return None if parameter is None or parameter.default is parameter.empty else parameter.default


def missing(found: Any, given: frozenset[str]) -> list[str]:
    """Arguments without a default that nobody gives."""
    parameters = inspect.signature(found).parameters.values()
    wanted = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.default is p.empty]
    return [p.name for p in wanted if p.name not in given]


def entries(found: Any) -> list[str]:
    """Arguments that are entries themselves."""
    return [name for name, hint in _hints(found).items() if any(isinstance(m, Entry) for m in _marks(hint))]


def wrong_values(where: str, found: Any, node: Mapping[str, Any]) -> Iterator[str]:
    """Values of the entry that do not fit the annotation of their argument."""
    hints = _hints(found)
    for key, value in node.items():
        if key in hints:
            yield from _wrong(f"{where}.{key}", value, hints[key])


def _hints(found: Any) -> dict[str, Any]:
    try:
        is_class = isinstance(found, type)
        return typing.get_type_hints(found.__init__ if is_class else found, include_extras=True)
    except (NameError, TypeError, AttributeError):  # a plugin's names that exist for its type checker only
        return {}


def _marks(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint)[1:] if typing.get_origin(hint) is Annotated else ()


def _wrong(where: str, value: Any, hint: Any) -> Iterator[str]:
    limits: tuple[Any, ...] = ()
    if typing.get_origin(hint) is Annotated:
        hint, *rest = typing.get_args(hint)
        limits = tuple(rest)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        options = [option for option in typing.get_args(hint) if option is not type(None)]
        if value is None and len(options) < len(typing.get_args(hint)) or len(options) != 1:
            return
        hint = options[0]
    kind, inner = typing.get_origin(hint) or hint, typing.get_args(hint)
    if not _fits(value, kind):
        yield f"{where}={value}: wants {WORDS[_plain(kind)]}."
        return
    for limit in limits:
        yield from _outside(where, value, limit)
    if isinstance(value, Mapping) and len(inner) == 2:
        for name, each in value.items():
            yield from _wrong(f"{where}.{name}", each, inner[1])
    elif isinstance(value, list | tuple) and inner and _plain(kind) is list:
        for each in value:
            yield from _wrong(where, each, inner[0])


def _outside(where: str, value: Any, limit: Any) -> Iterator[str]:
    if isinstance(limit, AtLeast) and value < limit.least:
        yield f"{where}={value:g}: must be at least {limit.least:g}."
    if isinstance(limit, OneOf):
        for name in value if isinstance(value, Mapping | list | tuple) else [value]:
            if name not in limit.names:
                at = f"{where}.{name}" if isinstance(value, Mapping) else f"{where}={name}"
                yield f"{at}: no such choice.{did_you_mean(str(name), limit.names)} Possible: {', '.join(limit.names)}."


def _plain(kind: Any) -> Any:
    return list if kind in LISTS else dict if kind in MAPPINGS else kind


def _fits(value: Any, kind: Any) -> bool:
    """True also for kinds that are not checked."""
    kind = _plain(kind)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is list:
        return isinstance(value, list | tuple)
    return isinstance(value, kind) if kind in WORDS else True
