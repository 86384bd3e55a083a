"""A program's text with its syntax tree, and edits on the text: what an edit does not touch stays as it was written.

Nothing inside an f-string is offered for editing: its places are known exactly from Python 3.12 on only.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Loop = ast.For | ast.While
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Edit:
    """`changes`: (start, end, new text), apart from each other. `entry`: another call, None for the same one.
    `names`: names under which the new text knows old ones."""

    changes: tuple[tuple[int, int, str], ...]
    entry: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)


class Text:
    """Raises SyntaxError or ValueError if the text does not parse."""

    def __init__(self, source: str, entry: str | None = None) -> None:
        self.source, self.entry = source, entry
        self.tree = ast.parse(source)
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: Any) -> tuple[int, int]:
        """Where the node's text begins and ends."""
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def of(self, node: Any) -> str:
        start, end = self.span(node)
        return self.source[start:end]

    def alone(self, node: ast.expr) -> str:
        """The node's text for a line of its own: in brackets where it goes over several lines."""
        text = self.of(node)
        return f"({text})" if "\n" in text else text

    def operand(self, node: ast.expr) -> str:
        """The node's text, in brackets unless it binds closer than every operator."""
        plain = ast.Name | ast.Constant | ast.Call | ast.Subscript | ast.Attribute | ast.List | ast.Dict | ast.Set
        return self.alone(node) if isinstance(node, plain) else f"({self.of(node)})"

    def lines(self, node: Any) -> tuple[int, int] | None:
        """Where the lines of a statement begin and end, line break included; None if it shares one with another."""
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        start, end = self._starts[first - 1], self._starts[node.end_lineno]
        begin, stop = self.span(node)
        before, after = self.source[start:begin], self.source[stop:end].strip()
        if first == node.lineno and before.strip() or (after and not after.startswith("#")):
            return None
        return start, end

    def block(self, nodes: Sequence[ast.stmt]) -> tuple[int, int] | None:
        """The same for statements that follow each other."""
        first, last = self.lines(nodes[0]), self.lines(nodes[-1])
        return (first[0], last[1]) if first and last else None

    def indent(self, node: Any) -> str:
        line = self._lines[node.lineno - 1]
        return line[: len(line) - len(line.lstrip())]

    def shifted(self, nodes: Sequence[ast.stmt], indent: str) -> str | None:
        """The lines of the statements at another indentation; None if that would change a string."""
        place = self.block(nodes)
        if place is None or any(_many_lines(n) for node in nodes for n in ast.walk(node)):
            return None
        old = self.indent(nodes[0])
        lines = self.source[place[0] : place[1]].splitlines()
        return "".join(indent + line.removeprefix(old) + "\n" if line.strip() else "\n" for line in lines)

    @cached_property
    def nodes(self) -> tuple[Any, ...]:
        """What may be edited, in the order of the text."""
        return tuple(_walk(self.tree))

    @cached_property
    def bodies(self) -> tuple[tuple[Any, list[ast.stmt]], ...]:
        """(owner, statements) of every block."""
        found = []
        for node in self.nodes:
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                    found.append((node, block))
        return tuple(found)

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        return tuple(n for n in self.nodes if isinstance(n, Function))

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        return tuple(n for n in self.nodes if isinstance(n, Loop))

    def scope(self, node: Any) -> Any:
        """The innermost function, or the module, that the node stands in."""
        return self._scopes.get(id(node), self.tree)

    @cached_property
    def _scopes(self) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for function in self.functions:  # inner ones come later
            found |= {id(n): function for statement in function.body for n in ast.walk(statement)}
        return found

    def replaced(self, node: Any, new: str, entry: str | None = None) -> Edit:
        return Edit(((*self.span(node), new),), entry)

    def _at(self, line: int, column: int) -> int:
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        column = column if text.isascii() else len(text.encode()[:column].decode())
        return self._starts[line - 1] + column


def apply(source: str, edit: Edit) -> str:
    """The new text; it ends with a line break if the old one does."""
    text = source
    for start, end, new in sorted(edit.changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text if source.endswith("\n") else text.rstrip("\n")


def matching_lines(new: str, old: str) -> dict[int, int]:
    """Line of the new text -> the line of the old one that it stands for; lines that came or went are not in it."""
    found: dict[int, int] = {}
    matcher = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    for _, start, end, begin, stop in matcher.get_opcodes():
        if end - start == stop - begin:
            found |= {begin + i + 1: start + i + 1 for i in range(end - start)}
    return found


def loads(node: ast.AST, name: str) -> int:
    """How often the name is read there."""
    return sum(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in ast.walk(node))


def stores(node: ast.AST) -> list[str]:
    """Names bound there."""
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)]


def leaves(block: Sequence[ast.stmt]) -> bool:
    """Control does not go on after it."""
    return isinstance(block[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)


def own(loop: Loop, kinds: type | tuple[type, ...]) -> list[Any]:
    """`break` or `continue` statements that belong to this loop."""
    found: list[Any] = []
    todo: list[ast.AST] = list(loop.body)
    while todo:
        node = todo.pop(0)
        if isinstance(node, kinds):
            found.append(node)
        if isinstance(node, Loop):
            todo += node.orelse
        elif not isinstance(node, Function | ast.ClassDef):
            todo += [
                n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt | ast.ExceptHandler | ast.match_case)
            ]
    return found


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.JoinedStr):
            yield from _walk(child)


def _many_lines(node: ast.AST) -> bool:
    text = isinstance(node, ast.Constant | ast.JoinedStr)
    return text and getattr(node, "end_lineno", 0) != getattr(node, "lineno", 0)
