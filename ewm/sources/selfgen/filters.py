"""Which of a model's programs are kept: thresholds on the AST, each rejection with its one reason.

`reason(source, filters)` reads the text only; `run_reason` what two runs of it say.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ewm.config.schema import FilterConfig
from ewm.sources.selfgen.extract import parses
from ewm.tracing.events import Trace

ASSIGNMENTS = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.NamedExpr)
OPERATIONS = (ast.BinOp, ast.BoolOp, ast.Compare, ast.UnaryOp, ast.AugAssign)


def reason(source: str, filters: FilterConfig) -> str | None:
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


def run_reason(first: Trace, second: Trace, filters: FilterConfig) -> str | None:
    """The same of a run and its repetition; one that raises is a run."""
    if first.status not in ("ok", "exception"):
        return f"run: {first.status}"
    if not first.finished:
        return "run: too long for the limits"
    if (first.events, first.stdout, first.exception) != (second.events, second.stdout, second.exception):
        return "run: two runs differ"
    if sum(event.kind == "line" for event in first.events) < filters.min_steps:
        return "run: too few steps"
    if len({name for event in first.events for name in (*event.locals, *event.globals)}) < filters.min_variables:
        return "run: too few variables"
    return None


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
        for argument in node.args:
            value = argument.operand if isinstance(argument, ast.UnaryOp) else argument
            if isinstance(value, ast.Constant) and isinstance(value.value, int):
                yield abs(value.value)


def _is_print(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"
