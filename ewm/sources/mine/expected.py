"""What the documentation or a test says of a call, and whether a trace says the same. Nothing is evaluated.

A doctest compares text: what is printed, then repr of what comes back, unless that is None; with its own options. Where
both texts are literals, equal values of equal types will do (a set has no order).
"""

from __future__ import annotations

import ast
import doctest
from dataclasses import dataclass
from typing import Any

from ewm.tracing.events import Trace

_CHECK = doctest.OutputChecker().check_output
_BROKEN = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)


@dataclass(frozen=True)
class Expected:
    """`text`: what an interactive session shows. `exception`: "Type: message"."""

    text: str = ""
    exception: str = ""
    flags: int = 0  # of doctest
    shown: bool = False  # the program's result is already the repr
    setup: bool = False  # something runs, and may print, before the call
    value_only: bool = False  # `text` is the value that comes back, whatever is printed

    def agrees(self, trace: Trace) -> bool:
        if self.exception or trace.status == "exception":
            return bool(self.exception) and trace.exception is not None and self._raised(trace.exception)
        if trace.status != "ok" or trace.result is None:
            return False
        result = trace.result
        if self.value_only:
            return same_literal(self.text, result)
        if self.shown:
            try:
                result = str(ast.literal_eval(result))
            except _BROKEN:
                return False
        if result == "None":
            result = ""
        if result and not trace.stdout and same_literal(self.text, result):
            return True
        got = trace.stdout + (f"{result}\n" if result else "")
        got += "\n" if got and not got.endswith("\n") else ""
        if _CHECK(self.text, got, self.flags | doctest.DONT_ACCEPT_TRUE_FOR_1):
            return True
        return self.setup and got.endswith("\n" + self.text)

    def _raised(self, found: dict[str, str]) -> bool:
        kind, _, message = self.exception.partition(":")
        if kind.rpartition(".")[2].strip() != found["type"].rpartition(".")[2]:
            return False
        if self.flags & doctest.IGNORE_EXCEPTION_DETAIL:
            return True
        return _CHECK(message.strip() + "\n", found["message"].strip() + "\n", self.flags)


def is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text.strip())
    except _BROKEN:
        return False
    return bool(text.strip())


def same_literal(text: str, other: str) -> bool:
    """Both are literals of equal values and equal types."""
    try:
        return _same(ast.literal_eval(text.strip()), ast.literal_eval(other.strip()))
    except _BROKEN:
        return False


def _same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(k in b and _same(v, b[k]) for k, v in a.items()) and _same(set(a), set(b))
    if isinstance(a, set):
        return a == b and sorted(map(repr, a)) == sorted(map(repr, b))
    return repr(a) == repr(b)
