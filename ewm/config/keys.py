"""The keys that exist: a walk over the schema's dataclasses.

`describe` says what one dotted key is, `all_keys` lists them for suggestions and for the help page. A field of type
dict is open: what stands below it is not checked here (see check.py, which knows what each open section may hold).
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from ewm.config.signature import WORDS


@dataclass(frozen=True)
class Key:
    """A field of the schema; `open` is True where any key may follow below it."""

    name: str
    type: Any
    open: bool = False

    def expected(self) -> str:
        """The type in words: `a whole number or null`."""
        options = typing.get_args(self.type) if isinstance(self.type, types.UnionType) else (self.type,)
        words = [WORDS.get(typing.get_origin(o) or o, "a section") for o in options if o is not type(None)]
        return " or ".join(words + (["null"] if type(None) in options else []))

    def is_mapping(self) -> bool:
        return (typing.get_origin(self.type) or self.type) is dict


@cache
def _hints(schema: type) -> dict[str, Any]:
    return typing.get_type_hints(schema)


def describe(schema: type, dotted: str) -> Key | None:
    """The field that `dotted` names; None if the schema lacks it."""
    head, _, rest = dotted.partition(".")
    kind = _hints(schema).get(head)
    if kind is None:
        return None
    if dataclasses.is_dataclass(kind):
        inner = describe(typing.cast(type, kind), rest) if rest else Key("", kind)
        return inner and Key(dotted, inner.type, inner.open)
    is_open = (typing.get_origin(kind) or kind) in (dict, Any)
    if rest and not is_open:
        return None
    if rest:
        inside = typing.get_args(kind)
        return Key(dotted, inside[1] if len(inside) == 2 and "." not in rest else Any, is_open)
    return Key(dotted, kind, is_open)


def all_keys(schema: type, prefix: str = "") -> Iterator[str]:
    """Every dotted leaf key."""
    for name, kind in _hints(schema).items():
        if dataclasses.is_dataclass(kind):
            yield from all_keys(typing.cast(type, kind), f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


@cache
def comments(schema: type) -> dict[str, str]:
    """Field -> the comment on its line."""
    return dict(re.findall(r"^    (\w+): [^#\n]*#\s*(.*)$", inspect.getsource(schema), flags=re.MULTILINE))
