"""Which lines belong to a statement, on the syntax tree: what control flow and the oracle go by.

Slim, since it also travels to a traced program's own process (see tracing.instrument). The tracer has its own way, on
purpose (tracing.folding): else a mistake here would prove itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

INNER = ("body", "orelse", "finalbody", "handlers", "cases")


def owners(tree: ast.AST) -> dict[int, int]:
    """{line: first line of the statement that stands on it first}."""
    found: dict[int, int] = {}

    def walk(node: Any) -> None:
        if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            first = first_line(node)
            owner = found.get(first, first)
            for line in range(first, _head_end(node) + 1):
                found.setdefault(line, owner)
        for name in INNER:
            inner = getattr(node, name, None)
            for child in inner if isinstance(inner, list) else ():
                walk(child)

    walk(tree)
    return found


def first_line(node: Any) -> int:
    """Where a statement, handler or case begins, its decorators included."""
    return min(_place(node).lineno, *(d.lineno for d in getattr(node, "decorator_list", ())), 1 << 30)


def head(node: ast.AST) -> Iterator[Any]:
    """The expressions of a statement, without the statements inside it."""
    for name, value in ast.iter_fields(node):
        if name not in INNER or not isinstance(value, list):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from expressions(child)


def expressions(node: ast.AST) -> Iterator[Any]:
    """What is evaluated there; of a lambda only its defaults."""
    yield node
    for child in ast.iter_child_nodes(node.args if isinstance(node, ast.Lambda) else node):
        yield from expressions(child)


def is_text(node: ast.stmt) -> bool:
    """A docstring, or what looks like one."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _head_end(node: Any) -> int:
    """The last line of the statement without the statements inside it."""
    if not isinstance(getattr(node, "body", getattr(node, "cases", None)), list):
        return int(node.end_lineno)
    ends = [n.end_lineno for n in head(node) if hasattr(n, "end_lineno")]
    return max(_place(node).lineno, *ends, 0)


def _place(node: Any) -> Any:
    """match_case has no line of its own."""
    return node.pattern if isinstance(node, ast.match_case) else node
