"""The normal form of a program's text: names replaced in order of first use, optionally constants erased.

A builtin's name stays, unless the program binds it (a variable named sum, an argument named list); a function or class
named like a builtin keeps its name. A name counts once for the whole text, whatever the scope.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Sequence

_BUILTINS = frozenset(dir(builtins))


def normal_form(source: str, erase_constants: bool = False) -> str:
    """AST dump that is equal for programs that differ only in names, spacing, comments and docstrings.

    A text that does not parse is its own normal form (stripped).
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source.strip()
    return ast.dump(_Normal(_BUILTINS - _bound(tree), erase_constants).visit(tree))


def _bound(tree: ast.AST) -> set[str]:
    """Names that the text binds otherwise than by def and class."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add(other or name.partition(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
            case ast.MatchMapping(rest=str(name)):
                found.add(name)
    return found


class _Normal(ast.NodeTransformer):
    """`kept`: names that stay."""

    def __init__(self, kept: Collection[str], erase_constants: bool) -> None:
        self.names: dict[str, str] = {}
        self.kept, self.erase = kept, erase_constants

    def _name(self, name: str) -> str:
        return name if name in self.kept else self.names.setdefault(name, f"v{len(self.names)}")

    def visit_Module(self, node: ast.Module) -> ast.AST:
        node.body = node.body[1:] if _starts_with_text(node.body) else node.body
        return self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> ast.AST:
        """What is imported stays; by which name the program calls it does not matter."""
        self._name(node.asname or node.name.partition(".")[0])
        return ast.alias(node.name)

    def visit_MatchAs(self, node: ast.MatchAs) -> ast.AST:
        node.name = node.name and self._name(node.name)
        return self.generic_visit(node)

    visit_MatchStar = visit_MatchAs  # type: ignore[assignment]

    def visit_MatchMapping(self, node: ast.MatchMapping) -> ast.AST:
        node.rest = node.rest and self._name(node.rest)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._name(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self._name(node.arg))

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        node.name = self._name(node.name)
        if _starts_with_text(node.body):
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


def _starts_with_text(body: Sequence[ast.stmt]) -> bool:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *_]:
            return True
    return False
