"""One example as a module of its own: what earlier examples of its docstring did, on top of the documented module.

Backwards from the example: a statement stays that sets a name which is needed after it, or that mentions one whose
value can change.
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
    """`call`, after `statements`."""

    def __init__(
        self, module: Module, statements: Sequence[ast.stmt], call: ast.expr, aliases: Mapping[str, str]
    ) -> None:
        self.module, self.parent, self.aliases = module, module, dict(aliases)
        self.name, self.is_package = "<example>", False
        self.statements = list(_needed(statements, call))
        self.stars = [n for n in self.statements if isinstance(n, ast.ImportFrom) and n.names[0].name == "*"]
        self.meanings, self._about = {}, {}
        self.bindings = {}
        for index, touched in enumerate(_touched(self.statements)):
            for name in touched:
                self.bindings.setdefault(name, []).append(index)

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


def _needed(statements: Sequence[ast.stmt], call: ast.expr) -> list[ast.stmt]:
    live = set(outer_names(ast.unparse(call)))
    found = []
    for node, touched in zip(reversed(statements), reversed(_touched(statements)), strict=True):
        star = isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
        if live.isdisjoint(touched) and not star:
            continue
        found.append(node)
        names = outer_names(ast.unparse(node)) if not star else set()
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                live.discard(name)
                names = outer_names(ast.unparse(node.value)) if isinstance(node, ast.Assign) else names - {name}
        live |= names
    return found[::-1]


def _touched(statements: Sequence[ast.stmt]) -> list[frozenset[str]]:
    """For each statement the names that it binds, and those that it mentions while their value can change."""
    fixed: dict[str, bool] = {}
    found = []
    for node in statements:
        bound = _bound(node)
        found.append(bound | {name for name in _mentioned(node) if not fixed.get(name, True)})
        constant = isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
        constant |= isinstance(node, ast.Assign) and isinstance(node.value, _FIXED)
        fixed |= dict.fromkeys(bound, constant)
    return found


def _mentioned(node: ast.stmt) -> frozenset[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return frozenset()
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=args)) if not any(map(_calls, args)):
            return frozenset()  # it changes nothing
        case ast.Expr(value=value) if not _calls(value):
            return frozenset()
    return outer_names(ast.unparse(node))


def _calls(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Call | ast.NamedExpr | ast.Await) for n in ast.walk(node))


def _bound(node: ast.stmt) -> frozenset[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return frozenset((a.asname or a.name).partition(".")[0] for a in node.names if a.name != "*")
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return frozenset({node.name})
    stored = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return outer_names(ast.unparse(node)) & stored


class _Fill(ast.NodeTransformer):
    def __init__(self, found: Mapping[str, ast.expr]) -> None:
        self.found = found

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.found.get(node.id, node) if isinstance(node.ctx, ast.Load) else node
