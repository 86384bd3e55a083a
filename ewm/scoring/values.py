"""Equality of two values given as literal text, type-strict: True is not 1, 1 is not 1.0, nan equals nan.

Text is read as a Python literal (plus `nan`, `inf`, `set()`, `frozenset(...)`, `range(...)` and the like, which repr
writes and ast.literal_eval refuses), never evaluated. Whatever the text, `equal` returns: size, nesting and the tokens
outside of strings are checked before the parser sees it. Text that is not such a literal (an opaque object's mark, a
cut value) is equal only to the same text. Dicts compare as Python's do, whatever their order; -0.0 is not 0.0, since
both the text and later steps tell them apart.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Hashable
from functools import lru_cache

MAX_CHARS = 20_000
MAX_DEPTH = 64

_STRING = re.compile(r"'(?:[^'\\\n]|\\.)*+'|\"(?:[^\"\\\n]|\\.)*+\"")
_OUTSIDE = re.compile(r"[\w\s\[\](){}:,.+-]*+")
_ONE_WAY = r"(?>-?[1-9][0-9]*+|0|True|False|None|'[ -&(-\[\]-~]*+')"
_ROW = rf"(?>{_ONE_WAY}|\[(?:{_ONE_WAY}(?:, {_ONE_WAY})*+)?+\]|\({_ONE_WAY}(?:, {_ONE_WAY})++\))"
_CANONICAL = re.compile(rf"{_ROW}|\[{_ROW}(?:, {_ROW})*+\]")  # as repr writes it: another such text is another value
_BRACKET = re.compile(r"[\[\](){}]")
_EXPONENT = re.compile(r"(?<=[\d.])[eE][+-](?=\d)")
_OPERATORS = re.compile(  # long chains of signs, sums, subscripts, attributes would keep the parser busy
    r"[+-]\s*[+-]\s*[+-]|[\w.)]\s*[+-]\s*[\w.]++\s*[+-]|[\])}]\s*[\[({.]|\w\s*\[|[A-Za-z_]\s*\."
)
_WORD = re.compile(r"\b[^\W\d]\w*+")
_NAMES = {"nan": float("nan"), "inf": float("inf"), "nanj": complex(0, float("nan")), "infj": complex(0, float("inf"))}
_CONSTRUCTORS = frozenset({"bytearray", "deque", "range", "slice"})  # compared by their arguments, never called
_WORDS = {"True", "False", "None", "set", "frozenset", "s", "bs", "us", "rs", *_NAMES, *_CONSTRUCTORS}  # s: a string


KNOWN, KNOWN_CHARS = 1024, 2_000  # values kept as read: a true one is compared with many predicted ones


class NotALiteral(ValueError):
    """The text is no literal that is read here."""


def equal(a: str, b: str) -> bool:
    """Whether two literal texts stand for the same value of the same type."""
    a, b = a.strip(), b.strip()
    if a == b:
        return True
    if _CANONICAL.fullmatch(a) and _CANONICAL.fullmatch(b):
        return False
    try:
        return _known(a) == _known(b)
    except NotALiteral:
        return False


def read(text: str) -> Hashable:
    """A key that two texts share if and only if their values and types are the same; NotALiteral otherwise."""
    text = text.strip()
    if len(text) > MAX_CHARS or not _plausible(text):
        raise NotALiteral(text[:80])
    try:
        if "\\" in text or not text.isascii() or re.search(r"\d[a-zA-Z]", text):
            with warnings.catch_warnings():  # invalid escapes and the like warn at parse time
                warnings.simplefilter("ignore")
                tree = ast.parse(text, mode="eval")
        else:
            tree = ast.parse(text, mode="eval")
        return _key(tree.body)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError, OverflowError):
        raise NotALiteral(text[:80]) from None


_kept = lru_cache(KNOWN)(read)


def _known(text: str) -> Hashable:
    return _kept(text) if len(text) <= KNOWN_CHARS else read(text)


def _plausible(text: str) -> bool:
    """No operators, names, comments or deep nesting outside of string literals."""
    outside = _STRING.sub("s", text)
    if not _OUTSIDE.fullmatch(outside) or _OPERATORS.search(_EXPONENT.sub("", outside)):
        return False
    if not _WORDS.issuperset(_WORD.findall(outside)):
        return False
    depth = 0
    for bracket in _BRACKET.findall(outside):
        depth += 1 if bracket in "[({" else -1
        if not 0 <= depth <= MAX_DEPTH:
            return False
    return True


def _key(node: ast.expr) -> Hashable:
    match node:
        case ast.Constant(value=value):
            return _constant(value)
        case ast.List(elts=items):
            return "list", tuple(map(_key, items))
        case ast.Tuple(elts=items):
            return "tuple", tuple(map(_key, items))
        case ast.Set(elts=items):
            return "set", frozenset(map(_key, items))
        case ast.Dict(keys=keys, values=values):
            if None in keys:
                raise NotALiteral("unpacking")
            return "dict", frozenset({_key(k): _key(v) for k, v in zip(keys, values, strict=True) if k}.items())
        case ast.Call(func=ast.Name(id="set"), args=[], keywords=[]):
            return "set", frozenset()
        case ast.Call(func=ast.Name(id="frozenset"), args=arguments, keywords=[]) if len(arguments) < 2:
            return "frozenset", _items(arguments)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _CONSTRUCTORS:
            return name, tuple(map(_key, arguments))
        case _:
            return _constant(_number(node))


def _items(arguments: list[ast.expr]) -> frozenset[Hashable]:
    if not arguments:
        return frozenset()
    if not isinstance(arguments[0], ast.Set | ast.List | ast.Tuple):
        raise NotALiteral("frozenset of what is no display")
    return frozenset(map(_key, arguments[0].elts))


def _number(node: ast.expr) -> complex:
    """A signed number, nan or inf, or the sum that repr writes for a complex one."""
    match node:
        case ast.Constant(value=value) if type(value) in (int, float, complex):
            return value  # type: ignore[return-value]
        case ast.Name(id=name) if name in _NAMES:
            return _NAMES[name]
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _number(inner)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_number(inner)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=ast.Constant() | ast.Name() as right):
            real, imaginary = _number(left), _number(right)
            if isinstance(real, complex) or not isinstance(imaginary, complex):
                raise NotALiteral("sum")
            return complex(real, imaginary.imag if isinstance(sign, ast.Add) else -imaginary.imag)
    raise NotALiteral(type(node).__name__)


def _constant(value: object) -> Hashable:
    if isinstance(value, float | complex):
        return type(value).__name__, repr(value)
    if value is None or isinstance(value, bool | int | str | bytes):
        return type(value).__name__, value
    return type(value).__name__, repr(value)  # Ellipsis
