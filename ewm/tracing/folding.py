"""Which source line stands for which: every line of a statement folds to the statement's first line.

Works on the tree that compile() gives, statements only. Runs inside the child.
"""

from __future__ import annotations

from typing import Any

ONLY_AST = 0x400  # ast.PyCF_ONLY_AST, without importing ast
LOOPS = ("For", "AsyncFor", "While")


def first_lines(source: str) -> tuple[dict[int, int], frozenset[int]]:
    """({line: first line of its statement}, lines that hold the head and the body of a loop)."""
    tree = compile(source, "<fold>", "exec", ONLY_AST)
    firsts: dict[int, int] = {}
    shared: set[int] = set()
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        for field in ("body", "handlers", "orelse", "finalbody", "cases"):
            for child in getattr(node, field, ()):
                stack.append(child)
                _map(child, firsts, shared)
    return firsts, frozenset(shared)


def _first(node: Any) -> int:
    decorators = getattr(node, "decorator_list", ())
    where = getattr(node, "pattern", node)  # match_case has no line of its own
    return min(where.lineno, *(d.lineno for d in decorators)) if decorators else where.lineno


def _map(node: Any, firsts: dict[int, int], shared: set[int]) -> None:
    first = _first(node)
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not isinstance(body, list):
        last = node.end_lineno
    else:
        inner = _first(body[0])
        if inner == first and type(node).__name__ in LOOPS:
            shared.add(first)
        last = max(inner - 1, node_line(node))
    for line in range(first, last + 1):
        firsts.setdefault(line, first)


def node_line(node: Any) -> int:
    """The line of the keyword: `def`, not its decorator."""
    return getattr(node, "pattern", node).lineno
