"""A function taken out of its module, with the helpers, constants and imports that it needs, by resolving names.

Docstrings and annotations go; so do decorators, unless they come from functools. What is needed must be defined at
the module's top level by a plain statement, or be imported from one of a few pure modules of the standard library.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from functools import cached_property

PURE = frozenset({
    "math", "cmath", "itertools", "functools", "operator", "string", "re", "collections", "collections.abc", "heapq",
    "bisect", "fractions", "decimal", "textwrap", "statistics", "numbers", "copy", "keyword", "unicodedata", "datetime",
    "calendar", "json", "base64", "binascii", "struct", "warnings", "typing", "types", "abc",
})  # fmt: skip
_BUILTINS = frozenset(dir(builtins))
_Definition = ast.FunctionDef | ast.ClassDef


class Module:
    """The top level of a module. Raises SyntaxError or ValueError if the text does not parse."""

    def __init__(self, text: str, tree: ast.Module) -> None:
        self.tree, self._text = tree, text
        self._defined: dict[str, ast.stmt] = {}
        self._ambiguous: set[str] = set()
        for node in self.tree.body:
            for name in _defines(node):
                if name in self._defined:
                    self._ambiguous.add(name)
                self._defined[name] = node
        for node in self.tree.body:  # what is bound inside if, try, for ... depends on running it
            if isinstance(node, ast.If | ast.Try | ast.For | ast.While | ast.With):
                self._ambiguous |= {n for inner in ast.walk(node) for n in _defines(inner)}
        self.functions = {n for n, node in self._defined.items() if isinstance(node, ast.FunctionDef)} - self._ambiguous

    @cached_property
    def _tables(self) -> dict[tuple[str, int], symtable.SymbolTable]:
        table = symtable.symtable(self._text, "<module>", "exec")
        return {(t.get_name(), t.get_lineno()): t for t in table.get_children()}

    def extract(self, names: list[str]) -> str | None:
        """Source that defines these names; None if something it needs cannot be had."""
        needed: dict[int, ast.stmt] = {}
        imports: set[str] = set()
        todo, seen = [n for n in names if n in self._defined], set()
        while todo:
            name = todo.pop()
            if name in seen or (name in _BUILTINS and name not in self._defined):
                continue
            seen.add(name)
            node = self._defined.get(name)
            if node is None or name in self._ambiguous:
                return None
            if isinstance(node, ast.Import | ast.ImportFrom):
                picked = _import(node, name)
                if picked is None:
                    return None
                imports.add(ast.unparse(picked))
                continue
            if node.lineno in needed:
                continue
            if not all(_pure(n) for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)):
                return None
            needed[node.lineno] = node
            todo += self._uses(node)
        return "\n".join([*sorted(imports), *(ast.unparse(_bare(needed[line])) for line in sorted(needed))])

    def _uses(self, node: ast.stmt) -> set[str]:
        """Module-level names that the statement needs."""
        if not isinstance(node, _Definition):
            return _names(node)
        line = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        table = self._tables.get((node.name, node.lineno)) or self._tables.get((node.name, line))
        used = _globals(table) if table else _names(node)
        outside: list[ast.expr] = [d for d in node.decorator_list if _kept(d)]
        if isinstance(node, ast.FunctionDef):
            outside += [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
        else:
            outside += node.bases
        return (used | {n for e in outside for n in _names(e)}) - {node.name}


def _defines(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(a.asname or a.name).partition(".")[0] for a in node.names]
    if isinstance(node, ast.Assign):
        return [n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)]
    if isinstance(node, ast.AnnAssign | ast.AugAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def _import(node: ast.Import | ast.ImportFrom, name: str) -> ast.stmt | None:
    """The import of this one name, if it is from a pure module."""
    alias = next(a for a in node.names if (a.asname or a.name).partition(".")[0] == name)
    one = ast.ImportFrom(node.module, [alias], node.level) if isinstance(node, ast.ImportFrom) else ast.Import([alias])
    return one if _pure(one) else None


def _pure(node: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(node, ast.ImportFrom):
        return not node.level and node.module in PURE and all(a.name != "*" for a in node.names)
    return all(a.name in PURE for a in node.names)


def _globals(table: symtable.SymbolTable) -> set[str]:
    own = {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    return own.union(*(_globals(child) for child in table.get_children()))


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _kept(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in ("lru_cache", "cache", "wraps", "total_ordering", "staticmethod", "classmethod", "property")


def _bare(node: ast.stmt) -> ast.stmt:
    """The statement without docstrings, annotations and foreign decorators (changes a copy)."""
    return _Bare().visit(ast.parse(ast.unparse(node)).body[0])


class _Bare(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.returns = None
        node.decorator_list = [d for d in node.decorator_list if _kept(d)]
        node.body = _without_docstring(node.body)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        node.body = _without_docstring(node.body)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return node
        return ast.copy_location(ast.Assign([node.target], node.value), node)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:] or [ast.Pass()]
    return body
