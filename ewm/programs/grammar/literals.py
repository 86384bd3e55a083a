"""Literals of each type and the names that its variables take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ewm.programs import names
from ewm.programs.names import WORDS

MODULES = ("math", "collections", "itertools", "functools", "string", "re")
POOLS: dict[str, tuple[str, ...]] = {
    "int": names.NUMBERS, "float": ("ratio", "avg", "mean", "half"), "bool": ("flag", "ok", "done"),
    "str": names.STRINGS, "list": names.LISTS, "words": ("texts", "keys", "found", "picked"), "dict": names.DICTS,
    "set": ("seen", "left", "new", "vals"), "frozen": ("target", "index"), "tuple": ("pair", "point", "order"),
    "bytes": ("data", "code"), "grid": names.GRIDS, "groups": ("index", "table", "stock"), "records": ("rows", "data"),
    "fn": names.FUNCTIONS, "cls": ("Box", "Point", "Stack", "Item", "Account", "Node", "Shape", "Counter"),
    "obj": ("e", "v", "x", "y", "obj"),
}  # fmt: skip


def _many(make: Callable[[Any], str]) -> Callable[[Any], str]:
    """As many as a loop may turn: most of them are looped over."""
    return lambda w: ", ".join([make(w) for _ in range(w.between(*w.level.loops))])


def _int(w: Any) -> str:
    value = w.between(0, min(w.level.literals, w.level.max_abs))
    return str(value if w.random() < 0.9 else -value)


def _word(w: Any) -> str:
    return f"'{w.one(WORDS)}'"


def _text(w: Any) -> str:
    forms = (w.one(WORDS), f"{w.one(WORDS)} {w.one(WORDS)}", f"{w.one(WORDS)}-{w.one(WORDS)}", w.one(WORDS).title())
    return f"'{w.one(forms)}'"


def _pairs(make: Callable[[Any], str]) -> Callable[[Any], str]:
    def pairs(w: Any) -> str:
        keys = dict.fromkeys(_word(w) for _ in range(w.between(2, 3)))
        return "{" + ", ".join(f"{key}: {make(w)}" for key in keys) + "}"

    return pairs


def _tuple(w: Any) -> str:
    inner = _ints(w)
    return f"({inner})" if "," in inner else f"({inner},)"


_ints, _words = _many(_int), _many(_word)
LITERALS: dict[str, Callable[[Any], str]] = {
    "int": _int, "word": _word, "str": _text,
    "float": lambda w: f"{w.between(0, 9)}.{w.one((0, 25, 5, 75))}",
    "bool": lambda w: w.one(("True", "False")),
    "list": lambda w: f"[{_ints(w)}]",
    "words": lambda w: f"[{_words(w)}]",
    "dict": _pairs(_int),
    "set": lambda w: f"{{{_ints(w)}}}",
    "frozen": lambda w: f"frozenset([{_ints(w)}])",
    "tuple": _tuple,
    "bytes": lambda w: f"b{_word(w)}",
    "grid": lambda w: f"[[{_int(w)}, {_int(w)}], [{_int(w)}, {_int(w)}]]",
    "groups": _pairs(lambda w: f"[{_ints(w)}]"),
    "records": lambda w: f"[{{'name': {_word(w)}, 'age': {_int(w)}}}, {{'name': {_word(w)}, 'age': {_int(w)}}}]",
    "small": lambda w: str(w.between(1, 9)),
    "mod": lambda w: str(w.between(2, 9)),
    "idx": lambda w: str(w.between(-2, 1)),
    "pos": lambda w: str(w.between(0, 3)),
    "step": lambda w: w.one(("2", "3", "-1", "-2")),
    "loops": lambda w: str(w.between(*w.level.loops)),
    "char": lambda w: f"'{w.one('aeiorlnst')}'",
    "sep": lambda w: w.one(("' '", "'-'", "','", "'a'", "'e'")),
    "cmp": lambda w: w.one(("<", ">", "<=", ">=", "==", "!=")),
    "exc": lambda w: w.one(("ValueError", "KeyError", "TypeError", "RuntimeError", "IndexError")),
    "width": lambda w: str(w.between(4, 9)),
    "attr": lambda w: w.one(("size", "name", "value", "count", "items")),
}  # fmt: skip
