"""Doctest examples of one module -> (function, self-contained source, entry). Text in, text out; nothing is run.

Names that an example took from literals before (`>>> xs = [1, 2]`) are put in; `module.f(...)` becomes `f(...)`.
"""

from __future__ import annotations

import ast
import builtins
import doctest
from collections import Counter
from collections.abc import Iterator

from ewm.sources.mine.extract import Module

MAX_LINES, MAX_CHARACTERS, MAX_ENTRY = 60, 2500, 200
_ALIASES = {"networkx": "nx", "numpy": "np", "more_itertools": "mi"}
_BUILTINS = frozenset(dir(builtins))
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef


def candidates(text: str, module: str, counts: Counter[str]) -> Iterator[tuple[str, str, str]]:
    """(function's name, source, entry); `counts` is told what was found and what was left."""
    try:
        tree = ast.parse(text)
        own = Module(text, tree)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in _documented(tree):
        literals: dict[str, ast.expr] = {}
        for example in _examples(ast.get_docstring(node)):
            counts["examples"] += 1
            if not (own.functions and (example.want or "=" in example.source)):
                continue
            call = _expression(example.source, literals)
            if call is None or not _literal(example.want):
                continue
            counts["literal result"] += 1
            call = _Plain(literals, module).visit(call)
            function = _called(call, own)
            if function is None:
                continue
            counts["calls a function of the module"] += 1
            source = own.extract([n.id for n in ast.walk(call) if isinstance(n, ast.Name)])
            if source is None:
                continue
            counts["self-contained"] += 1
            entry = ast.unparse(call)
            if source.count("\n") < MAX_LINES and len(source) <= MAX_CHARACTERS and len(entry) <= MAX_ENTRY:
                counts["short"] += 1
                yield function, source, entry


def _documented(node: ast.Module | ast.ClassDef) -> Iterator[_Documented]:
    """The module, its classes, functions and methods."""
    yield node
    for child in node.body:
        if isinstance(child, ast.ClassDef):
            yield from _documented(child)
        elif isinstance(child, ast.FunctionDef):
            yield child


def _examples(docstring: str | None) -> list[doctest.Example]:
    if not docstring or ">>>" not in docstring:
        return []
    try:
        return doctest.DocTestParser().get_examples(docstring)
    except ValueError:
        return []


def _expression(source: str, literals: dict[str, ast.expr]) -> ast.expr | None:
    """The example if it is one expression; a literal that it gives a name is noted."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    for node in tree.body:
        for target in getattr(node, "targets", ()):
            if isinstance(node, ast.Assign) and isinstance(target, ast.Name):
                literals.pop(target.id, None)
                if _literal(ast.unparse(node.value)):
                    literals[target.id] = node.value
    only = tree.body[0] if len(tree.body) == 1 else None
    return only.value if isinstance(only, ast.Expr) else None


def _literal(text: str) -> bool:
    try:
        ast.literal_eval(text.strip())
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return False
    return bool(text.strip())


def _called(call: ast.expr, own: Module) -> str | None:
    """The function of this module that is called, if every name is known: its functions, built-ins, nothing else."""
    names = {n.id for n in ast.walk(call) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    bound = {n.id for n in ast.walk(call) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {n.arg for n in ast.walk(call) if isinstance(n, ast.arg)}
    functions = [
        n.func.id
        for n in ast.walk(call)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in own.functions
    ]
    known = own.functions | bound | _BUILTINS
    return functions[0] if functions and names <= known else None


class _Plain(ast.NodeTransformer):
    """Literals for names; `f` for `module.f`."""

    def __init__(self, literals: dict[str, ast.expr], module: str) -> None:
        self.literals = literals
        top, last = module.partition(".")[0], module.rpartition(".")[2]
        self.prefixes = {top, last, module, _ALIASES.get(top, top)}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.literals.get(node.id, node) if isinstance(node.ctx, ast.Load) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if ast.unparse(node.value) in self.prefixes:
            return ast.Name(node.attr, node.ctx)
        return self.generic_visit(node)
