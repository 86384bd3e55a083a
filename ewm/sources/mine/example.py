"""One example as a module of its own: what earlier examples of its docstring did, on top of the documented module.

A name needs the statements from where it was last set; a value that can change also those that mention it since then.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping, Sequence

from ewm.sources.mine.expected import is_literal
from ewm.sources.mine.module import Module, outer_names

MAX_FILLED = 120  # characters of a literal that is put in for a name
_FIXED = ast.Constant | ast.UnaryOp  # literals that nothing can change


class Example(Module):
    """`statements`: those before the example."""

    def __init__(self, module: Module, statements: Sequence[ast.stmt], aliases: Mapping[str, str]) -> None:
        self.module, self.parent, self.aliases = module, module, dict(aliases)
        self.name, self.is_package = "<example>", False
        self.statements = list(statements)
        self.stars = [n for n in statements if isinstance(n, ast.ImportFrom) and n.names[0].name == "*"]
        self.meanings, self._bare, self._uses = {}, {}, {}
        self.bindings = {}
        for index, node in enumerate(self.statements):
            self._add(index, node)

    def _add(self, index: int, node: ast.stmt) -> None:
        names = outer_names(ast.unparse(node))
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if name not in outer_names(ast.unparse(node.value)):
                self.bindings.pop(name, None)
            case ast.Import() | ast.ImportFrom():
                names = frozenset((a.asname or a.name).partition(".")[0] for a in node.names if a.name != "*")
            case ast.Expr(value=ast.Call(func=ast.Name(id="print"))) if "(" not in ast.unparse(node)[6:]:
                return  # changes nothing
        for name in names:
            if name in self.bindings and not self._fixed(name) or _binds(node, name):
                self.bindings.setdefault(name, []).append(index)

    def _fixed(self, name: str) -> bool:
        """A number or a text, or something imported: to mention it does not change it."""
        node = self.statements[self.bindings[name][-1]]
        if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
            return True
        return isinstance(node, ast.Assign) and isinstance(node.value, _FIXED)

    def filled(self, call: ast.expr) -> ast.expr:
        """Literals for the names that hold them and that nothing has touched since."""
        found: dict[str, ast.expr] = {}
        for name, indices in self.bindings.items():
            node = self.statements[indices[0]]
            if len(indices) == 1 and isinstance(node, ast.Assign) and len(node.targets) == 1:
                text = ast.unparse(node.value)
                if isinstance(node.targets[0], ast.Name) and is_literal(text) and len(text) <= MAX_FILLED:
                    found[name] = node.value
        return _Fill(found).visit(copy.deepcopy(call))  # type: ignore[no-any-return]

    def gives_nothing(self, call: ast.expr) -> bool:
        """The call is of a function of the module that returns no value."""
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            return False
        places = self.module.bindings.get(call.func.id, ())
        found = [self.module.statements[i] for i in places if call.func.id not in self.bindings]
        return bool(found) and all(isinstance(node, ast.FunctionDef) and not _gives(node.body) for node in found)


def _gives(body: Sequence[ast.AST]) -> bool:
    """A `return` with a value, or a `yield`, outside inner functions."""
    for node in body:
        if isinstance(node, ast.Return) and node.value is not None or isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if _gives(list(ast.iter_child_nodes(node))):
            return True
    return False


def _binds(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if getattr(node, "name", None) == name:
        return True
    return any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in ast.walk(node))


class _Fill(ast.NodeTransformer):
    def __init__(self, found: Mapping[str, ast.expr]) -> None:
        self.found = found

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.found.get(node.id, node) if isinstance(node.ctx, ast.Load) else node
