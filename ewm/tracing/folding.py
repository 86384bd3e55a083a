"""Which source line stands for which: every line of a statement folds to the statement's first line.

Works on the tree that compile() gives, statements only. Runs inside the child.
"""

from __future__ import annotations

from typing import Any

LOOPS = ("For", "While", "AsyncFor")
INNER = ("body", "handlers", "orelse", "finalbody", "cases")
ONLY_AST = 0x400  # ast.PyCF_ONLY_AST, without importing ast


def first_lines(source: str) -> tuple[dict[int, int], frozenset[int], frozenset[int]]:
    """({line: first line of its statement}, loops whose body begins on a line of their head, idle statements).

    Idle: nothing is to be done, so that the next instruction may carry the line (`pass`, a constant).
    """
    tree = compile(source, "<fold>", "exec", ONLY_AST)
    firsts: dict[int, int] = {}
    shared: set[int] = set()
    idle: set[int] = set()
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        for field in INNER:
            for child in getattr(node, field, ()):
                stack.append(child)
                _map(child, firsts, shared)
                if _is_idle(child):
                    idle.add(child.lineno)
    return firsts, frozenset(shared), frozenset(idle)


def _is_idle(node: Any) -> bool:
    what = {"Expr": "value", "If": "test", "While": "test"}.get(type(node).__name__)
    return type(node).__name__ == "Pass" or (what is not None and type(getattr(node, what)).__name__ == "Constant")


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
        inner, head = _first(body[0]), max(node_line(node), _head_end(node))
        last = max(inner - 1, head)
        if inner <= head and type(node).__name__ in LOOPS:
            shared.add(first)
    owner = firsts.get(first, first)  # another statement may stand there first
    for line in range(first, last + 1):
        firsts.setdefault(line, owner)


def node_line(node: Any) -> int:
    """The line of the keyword: `def`, not its decorator."""
    return getattr(node, "pattern", node).lineno


def _head_end(node: Any) -> int:
    """The last line of a compound statement's own expressions."""
    return max((_end(getattr(node, name, None)) for name in node._fields if name not in INNER), default=0)


def _end(value: Any) -> int:
    if isinstance(value, list):
        return max(map(_end, value), default=0)
    end = getattr(value, "end_lineno", None)
    return (
        end
        if end is not None
        else max((_end(getattr(value, n, None)) for n in getattr(value, "_fields", ())), default=0)
    )
