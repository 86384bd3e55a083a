"""A statement without docstrings, annotations and decorators that belong to a framework.

Decorators stay if they change what a function does and can be had: those of functools and the like, and those that are
functions of the module itself. Annotations stay where they make fields: in a dataclass, NamedTuple or TypedDict.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection
from typing import Any

DECORATORS = frozenset({
    "lru_cache", "cache", "cached_property", "wraps", "total_ordering", "singledispatch", "singledispatchmethod",
    "staticmethod", "classmethod", "property", "setter", "getter", "deleter", "register", "dataclass", "contextmanager",
    "abstractmethod", "unique",
})  # fmt: skip
_FIELDS = frozenset({"dataclass", "NamedTuple", "TypedDict"})
_SPECIAL = frozenset({"ClassVar", "InitVar", "KW_ONLY"})
_BUILTINS = frozenset(dir(builtins))


def bare(node: ast.stmt, own: Collection[str] = ()) -> ast.stmt:
    """A stripped copy; `own`: names of decorators that stay because the module defines them."""
    stripped = _Bare(own).visit(ast.parse(ast.unparse(node)).body[0]) or ast.Pass()
    for inner in ast.walk(stripped):
        if getattr(inner, "body", None) == []:  # held annotations and nothing else
            inner.body = [ast.Pass()]  # type: ignore[attr-defined]
    return ast.fix_missing_locations(stripped)


class _Bare(ast.NodeTransformer):
    def __init__(self, own: Collection[str]) -> None:
        self.own = own
        self.fields = False  # in a class whose annotations make its fields

    def visit_FunctionDef(self, node: Any) -> ast.AST:
        outer, self.fields = self.fields, False
        node.decorator_list = [d for d in node.decorator_list if self._kept(d)]
        self._strip(node)
        node.returns = None
        self.fields = outer
        return node  # type: ignore[no-any-return]

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        outer = self.fields
        node.decorator_list = [d for d in node.decorator_list if self._kept(d)]
        self.fields = any(not _FIELDS.isdisjoint(_parts(n)) for n in (*node.decorator_list, *node.bases))
        self._strip(node)
        self.fields = outer
        return node

    def _strip(self, node: Any) -> None:
        if hasattr(node, "type_params"):
            node.type_params = []
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            del node.body[0]
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if self.fields:
            if _SPECIAL.isdisjoint(_parts(node.annotation)) and not _parts(node.annotation) <= _BUILTINS:
                node.annotation = ast.Name("object", ast.Load())
            return node
        if node.value is None:
            return None if isinstance(node.target, ast.Name | ast.Attribute) else node
        self.generic_visit(node.value)
        return ast.copy_location(ast.Assign([node.target], node.value), node)

    def _kept(self, decorator: ast.expr) -> bool:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        return name in DECORATORS or name in self.own


def _parts(node: ast.expr) -> set[str]:
    """Every name and attribute in it, and those in a quoted annotation."""
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    found |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    return found | {str(n.value) for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
