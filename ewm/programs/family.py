"""The normal form of a program's text: names replaced in order of first use, optionally constants erased.

A builtin's name stays, unless the program binds it (a variable named sum, an argument named list); a function or class
named like a builtin keeps its name. A name counts once for the whole text, whatever the scope. The
form is that of ast.dump in Python 3.11, written here: later versions write otherwise, and splits hang on it.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

_NEWER = {"PythonFinalizationError", "_IncompleteInputError"}  # than 3.11
_BUILTINS = frozenset(dir(builtins)) - _NEWER
_NEWER_FIELDS = {"type_params"}


def normal_form(source: str, erase_constants: bool = False) -> str:
    """Text of the syntax that is equal for programs that differ only in names, spacing, comments and docstrings.

    A text that does not parse is its own normal form (stripped).
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source.strip()
    return Form(tree, erase_constants).text


class Form:
    """Of a tree, which stays as it is. `text`: the normal form."""

    def __init__(self, tree: ast.Module, erase_constants: bool = False) -> None:
        self._names: dict[str, str] = {}
        self._kept = _BUILTINS - frozenset(_bound(tree, _BUILTINS))
        self._erase = erase_constants
        self.text = self._write(tree)

    def _write(self, node: Any) -> str:
        """Normal form of a node, a list or a plain value."""
        kind = type(node)
        if kind is list:
            return f"[{', '.join([self._write(each) for each in node])}]" if node else "[]"
        special = _SPECIAL.get(kind)
        if special is not None:
            return special(self, node)
        if not isinstance(node, ast.AST):
            return repr(node)
        fields = _fields_of(kind)
        return f"{kind.__name__}({self._fields(node.__dict__, fields)})" if fields else f"{kind.__name__}()"

    def _fields(self, values: dict[str, Any], fields: Sequence[tuple[str, bool]]) -> str:
        parts = []
        for name, optional in fields:
            value = values.get(name, _ABSENT)
            if value is _ABSENT or (optional and value is None):
                continue
            parts.append(f"{name}={self._write(value)}")
        return ", ".join(parts)

    def _name(self, name: str) -> str:
        if name in self._kept:
            return name
        found = self._names.get(name)
        if found is None:
            found = self._names[name] = f"v{len(self._names)}"
        return found

    def _module(self, node: ast.Module) -> str:
        body = node.body[1:] if _starts_with_text(node.body) else node.body
        return f"Module(body={self._write(body)}, type_ignores=[])"

    def _alias(self, node: ast.alias) -> str:
        """What is imported stays; by which name the program calls it does not matter."""
        self._name(node.asname or node.name.partition(".")[0])
        return f"alias(name={node.name!r})"

    def _variable(self, node: ast.Name) -> str:
        return f"Name(id={self._name(node.id)!r}, ctx={type(node.ctx).__name__}())"

    def _argument(self, node: ast.arg) -> str:
        return f"arg(arg={self._name(node.arg)!r})"

    def _constant(self, node: ast.Constant) -> str:
        return f"Constant(value={(type(node.value).__name__ if self._erase else node.value)!r})"

    def _joined(self, node: ast.JoinedStr) -> str:
        """3.12 puts empty texts where 3.11 has none."""
        values = [each for each in node.values if not (isinstance(each, ast.Constant) and each.value == "")]
        return f"JoinedStr(values={self._write(values)})"

    def _keyword(self, node: ast.keyword) -> str:
        """A parameter's name follows where it was seen before."""
        return self._renamed(node, "arg", node.arg and self._names.get(node.arg, node.arg))

    def _handler(self, node: ast.ExceptHandler) -> str:
        return self._renamed(node, "name", node.name and self._name(node.name))

    def _global(self, node: ast.Global) -> str:
        return f"{type(node).__name__}(names={[self._name(name) for name in node.names]!r})"

    def _named_pattern(self, node: ast.MatchAs | ast.MatchStar) -> str:
        return self._renamed(node, "name", node.name and self._name(node.name))

    def _mapping_pattern(self, node: ast.MatchMapping) -> str:
        return self._renamed(node, "rest", node.rest and self._name(node.rest))

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
        name = self._name(node.name)
        body = (node.body[1:] or [ast.Pass()]) if _starts_with_text(node.body) else node.body
        values = {**node.__dict__, "name": name, "body": body}
        if not isinstance(node, ast.ClassDef):
            values["returns"] = None
        return self._with(type(node), values)

    def _renamed(self, node: ast.AST, field: str, name: str | None) -> str:
        return self._with(type(node), {**node.__dict__, field: name})

    def _with(self, kind: type[ast.AST], values: dict[str, Any]) -> str:
        return f"{kind.__name__}({self._fields(values, _fields_of(kind))})"


_ABSENT = object()
_SPECIAL: dict[type[ast.AST], Callable[[Form, Any], str]] = {
    ast.Module: Form._module, ast.alias: Form._alias, ast.Name: Form._variable, ast.arg: Form._argument,
    ast.Constant: Form._constant, ast.keyword: Form._keyword, ast.ExceptHandler: Form._handler,
    ast.JoinedStr: Form._joined, ast.Global: Form._global, ast.Nonlocal: Form._global, ast.MatchAs: Form._named_pattern,
    ast.MatchStar: Form._named_pattern, ast.MatchMapping: Form._mapping_pattern,
    **dict.fromkeys((ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef), Form._definition),
}  # fmt: skip
_KNOWN: dict[type[ast.AST], tuple[tuple[str, bool], ...]] = {}


def _fields_of(kind: type[ast.AST]) -> tuple[tuple[str, bool], ...]:
    """(field, whether it is left out when it is None)."""
    found = _KNOWN.get(kind)
    if found is None:
        names = [name for name in kind._fields if name not in _NEWER_FIELDS]
        found = _KNOWN[kind] = tuple((name, getattr(kind, name, ...) is None) for name in names)
    return found


def _bound(tree: ast.AST, among: Collection[str]) -> Iterator[str]:
    """Those of the names that the text binds otherwise than by def and class."""
    todo: list[Any] = [tree]
    while todo:
        node = todo.pop()
        kind = type(node)
        if kind is ast.Name:
            if node.id in among and type(node.ctx) is not ast.Load:
                yield node.id
            continue
        if kind is ast.Constant:
            continue
        values = node.__dict__
        for field in _BINDS.get(kind, ()):
            if (name := values[field]) in among:
                yield name
        if kind is ast.alias and (name := node.asname or node.name.partition(".")[0]) in among:
            yield name
        for name in _inner_of(kind):
            value = values.get(name)
            if type(value) is list:
                todo += filter(None, value)
            elif value is not None:
                todo.append(value)


_BINDS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.arg: ("arg",), ast.ExceptHandler: ("name",), ast.MatchAs: ("name",), ast.MatchStar: ("name",),
    ast.MatchMapping: ("rest",),
}  # fmt: skip


# Fields that hold no node in which a name could be bound.
_PLAIN = {
    "ctx", "op", "ops", "id", "attr", "arg", "name", "asname", "names", "module", "level", "kind", "conversion",
    "is_async", "simple", "type_comment", "type_ignores", "tag", "rest", "kwd_attrs",
}  # fmt: skip
_INNER: dict[type[ast.AST], tuple[str, ...]] = {ast.MatchSingleton: ()}


def _inner_of(kind: type[ast.AST]) -> tuple[str, ...]:
    found = _INNER.get(kind)
    if found is None:
        plain = _PLAIN - {"names"} if kind in (ast.Import, ast.ImportFrom) else _PLAIN
        found = _INNER[kind] = tuple(name for name, _ in _fields_of(kind) if name not in plain)
    return found


def _starts_with_text(body: Sequence[ast.stmt]) -> bool:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *_]:
            return True
    return False
