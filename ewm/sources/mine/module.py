"""The top level of one module, as text: which statements bind or change a name, and which names a statement needs.

A name that is bound more than once, in an `if`, or changed afterwards (`TABLE[k] = v`, `NAMES.append(n)`) needs all of
those statements. What stands under `if __name__ == "__main__"` and `if TYPE_CHECKING` is no part of a module here.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

from ewm.sources.mine.bare import bare
from ewm.sources.mine.purity import impurities

_OWN_SCOPE = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_GUARDS = frozenset({"__name__", "TYPE_CHECKING"})


class Module:
    """Raises SyntaxError, ValueError or RecursionError if the text does not parse."""

    def __init__(self, name: str, text: str, is_package: bool = False) -> None:
        self.name, self.is_package = name, is_package
        self.tree = ast.parse(text)
        self.statements = [node for node in self.tree.body if not _guarded(node)]
        self.bindings: dict[str, list[int]] = {}
        self.stars: list[ast.ImportFrom] = []
        for index, node in enumerate(self.statements):
            for name in dict.fromkeys(_touched(node)):
                self.bindings.setdefault(name, []).append(index)
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                self.stars.append(node)
        self.parent: Module | None = None  # where names are looked up that this one does not have
        self.aliases: dict[str, str] = {}  # last of all: names of modules of the package
        self.meanings: dict[str, Any] = {}  # what a repository found out about names
        self._about: dict[int, About] = {}

    @cached_property
    def functions(self) -> frozenset[str]:
        """Functions and classes that are defined at the top level."""
        return frozenset(
            node.name
            for node in self.statements
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        )

    def about(self, index: int) -> About:
        """The statement as a program has it."""
        if index not in self._about:
            self._about[index] = About(bare(self.statements[index], self.functions))
        return self._about[index]


class About:
    """A bare statement, not to be changed, and what is known of it."""

    def __init__(self, node: ast.stmt) -> None:
        self.node = ast.fix_missing_locations(node)

    @cached_property
    def text(self) -> str:
        return ast.unparse(self.node)

    @cached_property
    def uses(self) -> frozenset[str]:
        """Module-level names and built-ins that the statement binds or refers to."""
        return outer_names(self.text)

    @cached_property
    def attributes(self) -> tuple[ast.Attribute, ...]:
        """Those that begin with such a name: `a.b`, `a.b.c`."""
        found = [n for n in ast.walk(self.node) if isinstance(n, ast.Attribute)]
        return tuple(n for n in found if not self.uses.isdisjoint(_root(n)))

    @cached_property
    def impurity(self) -> str:
        """Why no program may hold it; empty if it may."""
        return next(filter(None, impurities(self.node)), "")


@lru_cache(maxsize=4096)
def outer_names(text: str) -> frozenset[str]:
    """Names of the module, or built in, that these statements bind or refer to."""
    table = symtable.symtable(text, "<mined>", "exec")
    return frozenset(s.get_name() for s in table.get_symbols()).union(*_below(table))


def inner_names(text: str) -> frozenset[str]:
    """Names that inner scopes of these statements bind."""
    found: set[str] = set()
    todo = symtable.symtable(text, "<mined>", "exec").get_children()
    while todo:
        table = todo.pop()
        found |= {s.get_name() for s in table.get_symbols() if not s.is_global() and table.get_type() != "class"}
        todo += table.get_children()
    return frozenset(found)


def _below(table: symtable.SymbolTable) -> Iterator[set[str]]:
    for child in table.get_children():
        yield {s.get_name() for s in child.get_symbols() if s.is_global() and s.is_referenced()}
        yield from _below(child)


def _guarded(node: ast.stmt) -> bool:
    if not isinstance(node, ast.If):
        return False
    tested = {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}
    tested |= {n.attr for n in ast.walk(node.test) if isinstance(n, ast.Attribute)}
    return not _GUARDS.isdisjoint(tested)


def _touched(node: ast.AST) -> Iterator[str]:
    """Names that the statement binds in its own scope, and those of objects that it changes in an obvious way."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
            return
        case ast.Import() | ast.ImportFrom():
            yield from ((a.asname or a.name).partition(".")[0] for a in node.names if a.name != "*")
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
            yield from _root(node)
        case ast.Expr(value=ast.Call(func=ast.Attribute() as method)):
            yield from _root(method)
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _OWN_SCOPE):
            yield from _touched(child)


def _root(node: ast.AST) -> Iterator[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id
