"""Deep copies of a program's values, for the oracle: exact built-in types by structure, all else by name.

A copy is a literal text of nodes: ("int", "0x5"), ("list", 2, [node, node]), ("opaque", "<Counter>"). It runs none of
the program's code and owes nothing to `snapshot`; bounded so widely that a trace never shows more. Runs inside the
child, sent along with the request.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

DEEP, MANY, LONG = 30, 2000, 100_000  # nesting, elements and characters kept of one value
type_name, _mro = type.__dict__["__name__"].__get__, type.__dict__["__mro__"].__get__


def copied(value: Any) -> str:
    """The value as it is now, as literal text of nodes."""
    return repr(_node(value, ()))


def _node(value: Any, above: tuple[int, ...]) -> tuple[Any, ...]:
    kind = type(value)
    name = kind.__name__ if kind in _PLAIN else ""
    if name:
        return (name, _PLAIN[kind](value))
    if kind not in (list, tuple, set, frozenset, dict):
        return _other(value, kind)
    if id(value) in above:
        return ("cycle",)
    if len(above) > DEEP:
        return ("deep",)
    above = (*above, id(value))
    if kind is dict:
        pairs = [[_node(k, above), _node(v, above)] for k, v in list(dict.items(value))[:MANY]]
        return ("dict", len(value), pairs)
    most = LONG if kind in (set, frozenset) else MANY
    return (kind.__name__, len(value), [_node(v, above) for v in list(value)[:most]])


def _text(value: Any) -> Any:
    return (len(value), value[:LONG])


_PLAIN: dict[type, Callable[[Any], Any]] = {
    int: hex, bool: repr, float: repr, complex: repr, str: _text, bytes: _text, bytearray: lambda v: bytes(v),
    type(None): repr, type(...): repr, range: lambda v: [hex(v.start), hex(v.stop), hex(v.step)],
}  # fmt: skip


def _other(value: Any, kind: type) -> tuple[Any, ...]:
    """What is no plain value, by a name only."""
    what = type_name(kind)
    if what in ("function", "builtin_function_or_method"):
        return ("opaque", f"<function {value.__name__}>")
    if kind is type(sys):
        name = vars(value).get("__name__")
        return ("opaque", f"<module {name}>" if type(name) is str else "<module>")
    if type in _mro(kind):
        return ("opaque", f"<class {type_name(value)}>")
    return ("opaque", f"<{what}>")


DIGITS = 4300  # of an int, at most, that Python writes; more than 3 bits each


def said(error: BaseException) -> dict[str, str]:
    """Type of an exception, and its message where Python's own class writes it from plain arguments."""
    kind = type(error)
    plain = not kind.__flags__ & 512 and all(type(a) in (int, float, str, bool, type(None)) for a in error.args)
    if any(type(a) is int and a.bit_length() > DIGITS * 3 for a in error.args):
        plain = False  # Python itself could not write it
    return {"type": type_name(kind), "message": copied(str(error)) if plain else ""}
