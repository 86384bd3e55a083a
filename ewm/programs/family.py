"""The normal form of a program's text: names replaced in order of first use, optionally constants erased."""

from __future__ import annotations

import ast
import builtins

_BUILTINS = frozenset(dir(builtins))


def normal_form(source: str, erase_constants: bool = False) -> str:
    """AST dump that is equal for programs that differ only in names, spacing, comments and docstrings.

    A text that does not parse is its own normal form (stripped).
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source.strip()
    return ast.dump(_Normal(erase_constants).visit(tree))


class _Normal(ast.NodeTransformer):
    def __init__(self, erase_constants: bool) -> None:
        self.names: dict[str, str] = {}
        self.erase = erase_constants

    def _name(self, name: str) -> str:
        return name if name in _BUILTINS else self.names.setdefault(name, f"v{len(self.names)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._name(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self._name(node.arg))

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        node.name = self._name(node.name)
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = node.body[1:] or [ast.Pass()]
        if not isinstance(node, ast.ClassDef):
            node.returns = None
        return self.generic_visit(node)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _definition  # type: ignore[assignment]

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        if node.arg in self.names:
            node.arg = self.names[node.arg]
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self._name(n) for n in node.names]
        return node

    visit_Nonlocal = visit_Global  # type: ignore[assignment]

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = node.name and self._name(node.name)
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(type(node.value).__name__ if self.erase else node.value)
