"""Which of a model's programs are kept: thresholds on the AST, each rejection with its one reason.

`reason(source, filters)` reads the text only; whether a program ends, and how long it runs, the tracer says.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from ewm.sources.selfgen.extract import parses


@dataclass(frozen=True)
class Filters:
    """Least lines, assignments and operations of a program; 0 asks for nothing. `max_range` bounds literal ranges."""

    min_lines: int = 3
    min_assignments: int = 2
    min_operations: int = 1
    max_range: int = 1000


ASSIGNMENTS = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.NamedExpr)
OPERATIONS = (ast.BinOp, ast.BoolOp, ast.Compare, ast.UnaryOp, ast.AugAssign)


def reason(source: str, filters: Filters) -> str | None:
    """Why it is left out, None: it is not."""
    if not parses(source):
        return "does not parse"
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    if sum(1 for line in source.splitlines() if line.strip() and not line.strip().startswith("#")) < filters.min_lines:
        return "too few lines"
    if sum(isinstance(node, ASSIGNMENTS) for node in nodes) < filters.min_assignments:
        return "too few assignments"
    if sum(isinstance(node, OPERATIONS) for node in nodes) < filters.min_operations:
        return "too few operations"
    if any(isinstance(node, ast.While) and _endless(node) for node in nodes):
        return "while True without break"
    if any(bound > filters.max_range for node in nodes for bound in _bounds(node)):
        return "range too long"
    return "only prints" if all(_is_print(statement) for statement in tree.body) else None


def _endless(loop: ast.While) -> bool:
    """Its condition is a true constant and nothing of its own leaves it; a return or raise does."""
    return isinstance(loop.test, ast.Constant) and bool(loop.test.value) and not any(_leaving(loop.body))


def _leaving(body: list[ast.stmt], inner: bool = False) -> Iterator[bool]:
    """One True for each statement that leaves the loop; an inner loop's break leaves that one only."""
    for node in body:
        if isinstance(node, ast.Return | ast.Raise) or (isinstance(node, ast.Break) and not inner):
            yield True
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        loops = isinstance(node, ast.For | ast.AsyncFor | ast.While)
        for name in ("body", "orelse", "finalbody"):
            yield from _leaving(getattr(node, name, []), inner or (loops and name == "body"))
        for part in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            yield from _leaving(part.body, inner)


def _bounds(node: ast.AST) -> Iterator[int]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        yield from (abs(a.value) for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, int))


def _is_print(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"
