"""Where a literal, as repr writes it, ends: a small pushdown scanner, linear in the text, no recursion, no eval.

Accepted beside Python's literals: what `tracing.snapshot` writes for values that are none (`<opaque>` marks, also where
it cut something; range and bytearray). `is_whole` tells marks from values that can be compared.
"""

from __future__ import annotations

import re

_NUMBER = r"(?:[0-9]++(?:\.[0-9]++)?+(?:e[+-]?[0-9]++)?+|inf|nan)"
_ESCAPE = r"""\\(?:[\\'"nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U00(?:0[0-9a-f]|10)[0-9a-f]{4})"""
_STRING = rf"""(?:'(?:[^'\\\n\r]++|{_ESCAPE})*+'|"(?:[^"\\\n\r]++|{_ESCAPE})*+")"""
STRING = re.compile(_STRING)
_ATOM = re.compile(
    rf"""b?{_STRING}(?:<\+[0-9]++>)?+|-?{_NUMBER}j?+(?![\w.])|\(-?{_NUMBER}[+-]{_NUMBER}j\)|<(?:[^<>\n]++|<[^<>\n]*+>)*+>"""
    r"""|(?:True|False|None|Ellipsis)(?!\w)|(?:frozenset|set)\(\)"""
)


def _display(inner: str) -> str:
    """A display of what `inner` matches; each alternative in one way only, so that no text is tried twice."""
    sequence = rf"\[(?:{inner}(?:, {inner})*+)?+\]|\({inner}(?:, {inner})++\)"
    return rf"(?>{_FLAT}|{sequence}|\{{(?:{_FLAT}: {inner}(?:, {_FLAT}: {inner})*+)?+\}})"


_FLAT = r"(?>-?[0-9]++(?:\.[0-9]++)?+(?![\w.])|'[^'\\\n\r]*+'(?!<)|(?:True|False|None)(?!\w))"
PLAIN = _display(_display(_FLAT))  # most values: read in one step, as the scanner below would
_PLAIN = re.compile(PLAIN)
_OPEN = re.compile(r"(?:frozenset|bytearray|range)\(|[\[({]")
_CLOSE = {"[": "]", "(": ")", "{": "}"}
_ESCAPED = re.compile(_ESCAPE)
_SIMPLE = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "r": "\r", "t": "\t"}


def end(text: str, start: int = 0) -> int:
    """Index just after the literal that begins at `start`, or -1 if none does."""
    plain = _PLAIN.match(text, start)
    return plain.end() if plain else scanned(text, start)


def scanned(text: str, start: int = 0) -> int:
    """The same, of any literal."""
    position = start
    stack: list[list] = []  # [closing bracket, sequence | tuple | brace | set | dict, elements, inside a dict value]
    while True:
        atom = _ATOM.match(text, position)
        if atom:
            position = atom.end()
        else:
            opening = _OPEN.match(text, position)
            if not opening:
                return -1
            mark, position = opening.group(), opening.end()
            closing = _CLOSE[mark[-1]]
            if len(mark) > 1 or not text.startswith(closing, position):
                kind = "sequence" if len(mark) > 1 or mark == "[" else "tuple" if mark == "(" else "brace"
                stack.append([closing, kind, 0, False])
                continue
            position += 1
        position, go_on = _after_value(text, position, stack)
        if not go_on:
            return position


def _after_value(text: str, position: int, stack: list[list]) -> tuple[int, bool]:
    """Closes what closes here. (next position, True) if another value must follow; (end or -1, False) otherwise."""
    while stack:
        top = stack[-1]
        if top[1] == "brace":
            top[1] = "dict" if text.startswith(": ", position) else "set"
        if top[1] == "dict" and not top[3]:
            if not text.startswith(": ", position):
                return -1, False
            top[3] = True
            return position + 2, True
        top[2] += 1
        top[3] = False
        if text.startswith(", ", position):
            return position + 2, True
        if top[1] == "tuple" and top[2] == 1:
            if not text.startswith(",", position):
                return -1, False
            position += 1
        if not text.startswith(top[0], position):
            return -1, False
        position += 1
        stack.pop()
    return position, False


def is_literal(text: str) -> bool:
    """The whole text is one value."""
    return end(text) == len(text) > 0


def is_whole(text: str) -> bool:
    """Nothing opaque, nothing cut: the value can be compared."""
    return "<" not in STRING.sub("''", text)


def unquote(literal: str) -> str:
    """The string that a repr of a str (matched by STRING) stands for."""
    return _ESCAPED.sub(_plain, literal[1:-1])


def _plain(match: re.Match[str]) -> str:
    escape = match.group()[1:]
    return _SIMPLE.get(escape) or chr(int(escape[1:], 16))
