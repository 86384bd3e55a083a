"""The text of a traced value against the oracle's nodes of the same value. Nothing is evaluated.

The oracle's text is a literal of nodes (see `recorder`). A trace's text is parsed as an expression, its marks
(`<+7>`, `<deep>`, `<Counter>`) made names first, and compared node by node: exact types, exact values, the order of a
dict; memory addresses in texts may differ. Where the trace cut a value, what it shows must be right, and the count of
what it left out.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import Any

_MORE = re.compile(r"<\+(\d+)>")
_ADDRESS = re.compile(" at 0x[0-9a-f]+")
_BITS = re.compile(r"<int (\d+) bits>")


@lru_cache(maxsize=4096)
def nodes(text: str) -> tuple[Any, ...]:
    """The oracle's nodes."""
    return ast.literal_eval(text)  # type: ignore[no-any-return]


def same(text: str, oracle: str) -> bool:
    """Does the trace's text say what the oracle saw?"""
    if _plain(text) == oracle:
        return True
    try:
        marked, marks = _named(text)
        tree = ast.parse(marked, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return _same(tree, nodes(oracle), marks)


def readable(oracle: str) -> str:
    """The oracle's text as a person would write the value."""
    return _written(nodes(oracle))


def _written(node: Any) -> str:
    kind, *rest = node
    if kind == "int":
        number = int(rest[0], 16)
        return str(number) if number.bit_length() < 4000 else f"<int {number.bit_length()} bits>"
    if kind in ("str", "bytes"):
        return repr(rest[0][1])
    if kind == "dict":
        return "{" + ", ".join(f"{_written(k)}: {_written(v)}" for k, v in rest[1]) + "}"
    if kind in ("list", "tuple", "set", "frozenset"):
        inner = ", ".join(map(_written, rest[1]))
        return {"list": f"[{inner}]", "tuple": f"({inner})", "set": f"{{{inner}}}"}.get(kind, f"{kind}({inner})")
    return str(rest[0]) if rest else f"<{kind}>"


def settled(text: Any) -> Any:
    """Without memory addresses: they are no truth about a program."""
    return _ADDRESS.sub(" at 0x?", text) if type(text) is str and " at 0x" in text else text


def _plain(text: str) -> str:
    """Short cut for small ints, the most frequent value."""
    return f"('int', '{hex(int(text))}')" if len(text) < 9 and text.isdigit() and text.isascii() else ""


def _named(text: str) -> tuple[str, list[str]]:
    """The marks outside of quotes as names `_0`, `_1` ...; after a string or bytes ` @ _0`, at a dict's end `**_0`."""
    parts: list[str] = []
    marks: list[str] = []
    open_dicts: list[bool] = []  # for every open bracket: is it a dict's?
    at = 0
    while at < len(text):
        char = text[at]
        if char in "'\"":
            end = at + 1
            while end < len(text) and text[end] != char:
                end += 2 if text[end] == "\\" else 1
            parts.append(text[at : end + 1])
            at = end + 1
        elif char == "<":
            end, depth = at, 0
            while end < len(text):
                depth += {"<": 1, ">": -1}.get(text[end], 0)
                end += 1
                if depth == 0:
                    break
            joined = " @ " if parts and parts[-1][-1:] in ("'", '"') else ""
            if _MORE.fullmatch(text[at:end]) and not joined and open_dicts and open_dicts[-1]:
                joined = "**"
            parts.append(f"{joined}_{len(marks)}")
            marks.append(text[at:end])
            at = end
        else:
            if char in "([{":
                open_dicts.append(False)
            elif char in ")]}" and open_dicts:
                open_dicts.pop()
            elif char == ":" and open_dicts:
                open_dicts[-1] = True
            parts.append(char)
            at += 1
    return "".join(parts), marks


def _same(tree: ast.expr, node: Any, marks: list[str]) -> bool:
    kind = node[0]
    match tree:
        case ast.Name() if mark := _mark(tree, marks):
            return _marked(mark, node)
        case ast.Constant(value=str() | bytes() as value):
            if kind != type(value).__name__:
                return False
            return node[1] == (len(value), value[: len(node[1][1])]) or settled(value) == settled(node[1][1])
        case ast.BinOp(left=ast.Constant(value=str() | bytes() as value), op=ast.MatMult(), right=right):
            more = _MORE.fullmatch(_mark(right, marks))
            if more is None or kind != type(value).__name__:
                return False
            total, kept = node[1]
            return len(value) + int(more[1]) == total and kept[: len(value)] == value[: len(kept)]
        case ast.List(elts=items):
            return kind == "list" and _items(items, node, marks)
        case ast.Tuple(elts=items):
            return kind == "tuple" and _items(items, node, marks)
        case ast.Set(elts=items):
            return kind == "set" and _members(items, node, marks)
        case ast.Dict():
            return kind == "dict" and _pairs(tree, node, marks)
        case ast.Call(func=ast.Name(id=name), args=args):
            return _call(name, args, node, marks)
    return _number(tree, node)


def _number(tree: ast.expr, node: Any) -> bool:
    text = ast.unparse(tree)
    if node[0] == "int":
        negative = isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub)
        inner = tree.operand if isinstance(tree, ast.UnaryOp) else tree
        return (
            isinstance(inner, ast.Constant)
            and type(inner.value) is int
            and hex(-inner.value if negative else inner.value) == node[1]
        )
    if node[0] in ("float", "complex"):
        return text.replace(" ", "").replace("1e309", "inf").strip("()") == node[1].replace(" ", "").strip("()")
    return node[0] in ("bool", "NoneType", "ellipsis") and text.replace("...", "Ellipsis") == node[1]


def _call(name: str, args: list[ast.expr], node: Any, marks: list[str]) -> bool:
    kind = node[0]
    if name == "set":
        return kind == "set" and node[1] == 0 and not args
    if name == "frozenset":
        inner = args[0].elts if args and isinstance(args[0], ast.Set) else []
        return kind == "frozenset" and _members(inner, node, marks)
    if name == "range" and kind == "range":
        ends = [int(v, 16) for v in node[1]]
        return [ast.unparse(a) for a in args] == [str(v) for v in (ends[:2] if ends[2] == 1 else ends)]
    if name == "bytearray" and kind == "bytearray":
        return isinstance(args[0], ast.Constant) and args[0].value == node[1]
    return False


def _rest(items: list[Any], marks: list[str]) -> tuple[list[Any], int]:
    """(items shown, how many were left out)."""
    left = 0
    while items and (more := _MORE.fullmatch(_mark(items[-1], marks))):
        left, items = left + int(more[1]), items[:-1]
    return items, left


def _mark(tree: ast.expr, marks: list[str]) -> str:
    """The mark that a name stands for, or nothing (`inf` is a name, too)."""
    name = tree.id if isinstance(tree, ast.Name) else ""
    return marks[int(name[1:])] if name[:1] == "_" else ""


def _items(items: list[Any], node: Any, marks: list[str]) -> bool:
    shown, left = _rest(items, marks)
    pairs = list(zip(shown, node[2], strict=False))
    return len(shown) + left == node[1] and all(_same(item, part, marks) for item, part in pairs)


def _members(items: list[Any], node: Any, marks: list[str]) -> bool:
    """Each element shown is one of the set's, none twice."""
    shown, left = _rest(items, marks)
    rest = list(node[2])
    for item in shown:
        found = next((i for i, part in enumerate(rest) if _same(item, part, marks)), None)
        if found is None:
            return False
        del rest[found]
    return len(shown) + left == node[1]


def _pairs(tree: ast.Dict, node: Any, marks: list[str]) -> bool:
    keys, values = list(tree.keys), list(tree.values)
    left = 0
    if keys and keys[-1] is None:  # `**_3`: the mark of what was left out
        more = _MORE.fullmatch(_mark(values[-1], marks))
        left = int(more[1]) if more else -1
        keys, values = keys[:-1], values[:-1]
    return len(keys) + left == node[1] and all(
        _same(key, pair[0], marks) and _same(value, pair[1], marks)  # type: ignore[arg-type]
        for key, value, pair in zip(keys, values, node[2], strict=False)
    )


def _marked(mark: str, node: Any) -> bool:
    kind = node[0]
    if mark == "<deep>":
        return kind in ("deep", "list", "tuple", "set", "frozenset", "dict") and (kind == "deep" or node[1] > 0)
    if mark == "<cycle>":
        return bool(kind == "cycle")
    if mark == "<range>":
        return bool(kind == "range")
    if bits := _BITS.fullmatch(mark):
        return kind == "int" and int(node[1], 16).bit_length() == int(bits[1])
    if mark == "<bytearray>":
        return bool(kind == "bytearray")
    return bool(node == ("opaque", mark))
