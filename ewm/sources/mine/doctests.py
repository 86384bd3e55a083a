"""Doctest examples of one module -> self-contained programs with what they are said to give. Nothing is run.

Names that earlier examples of the same docstring set are replayed as statements before the call, or put in where they
are plain literals; `module.f(...)` becomes `f(...)`. Where the result is no literal, the call is put into `repr(...)`.
"""

from __future__ import annotations

import ast
import doctest
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ewm.sources.mine.example import Example
from ewm.sources.mine.expected import Expected, is_literal
from ewm.sources.mine.extract import calls_package, extract
from ewm.sources.mine.module import Module
from ewm.sources.mine.repository import Left, Repository

MAX_LINES, MAX_CHARACTERS, MAX_ENTRY = 120, 5000, 300
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Found:
    """A program to be, and what is said of it. `plain`: `f(literals)` with a literal result, f of the module itself."""

    function: str
    source: str
    entry: str
    expected: Expected
    plain: bool
    home: str  # source of the function that is called, alone


def candidates(repository: Repository, module: Module, counts: Counter[str]) -> Iterator[Found]:
    """In order of the text; `counts` is told what was found, what was left, and why."""
    repository.add(module)
    for node, name in _documented(module.tree, ""):
        history: list[ast.stmt] = []
        for given in _examples(ast.get_docstring(node)):
            counts["examples"] += 1
            try:
                statements = ast.parse(given.source).body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                counts["left out: not Python"] += 1
                continue
            call = statements[0].value if len(statements) == 1 and isinstance(statements[0], ast.Expr) else None
            if given.want or given.exc_msg:
                if call is None:
                    counts["left out: no expression"] += 1
                else:
                    counts["with a result"] += 1
                    example = Example(module, history, call, _aliases(module.name))
                    yield from _taken(repository, example, call, given, name, counts)
            if not given.exc_msg:  # else it sets no name
                history += statements


def _taken(
    repository: Repository, example: Example, call: ast.expr, given: doctest.Example, where: str, counts: Counter[str]
) -> Iterator[Found]:
    plain = _plain(call, example, given)
    counts["literal call and result"] += plain
    if not calls_package(repository, example, call):
        counts["left out: calls nothing of the package"] += 1
        return
    counts["calls the package"] += 1
    call = example.filled(call)
    expected = _expected(call, example, given)
    try:
        taken = extract(repository, example, _shown(call) if expected.shown else call)
    except Left as left:
        counts["self-contained"] += left.stage == "pure"
        counts[f"left out: {left}"] += 1
        return
    if not taken.own:
        counts["left out: a value without a call"] += 1
        return
    counts["self-contained"] += 1
    counts["pure"] += 1
    if not short(taken.source, taken.entry):
        counts["left out: too long"] += 1
        return
    counts["short"] += 1
    yield Found(
        taken.own[0] if taken.named else where or taken.own[0], taken.source, taken.entry, expected, plain, taken.home
    )


def short(source: str, entry: str) -> bool:
    return source.count("\n") < MAX_LINES and len(source) <= MAX_CHARACTERS and len(entry) <= MAX_ENTRY


def _expected(call: ast.expr, example: Example, given: doctest.Example) -> Expected:
    flags = sum(flag for flag, on in given.options.items() if on)
    if given.exc_msg:
        return Expected(exception=given.exc_msg.strip(), flags=flags)
    prints = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"
    shown = not (is_literal(given.want) or prints or example.gives_nothing(call))
    return Expected(given.want, flags=flags, shown=shown, setup=bool(example.statements))


def _shown(call: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("repr", ast.Load()), [call], [])


def _plain(call: ast.expr, example: Example, given: doctest.Example) -> bool:
    """`f(literals)` with a literal result, f a function that the module defines."""
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and is_literal(given.want)):
        return False
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return call.func.id in example.module.functions and all(is_literal(ast.unparse(value)) for value in values)


def _documented(node: _Documented, name: str) -> Iterator[tuple[_Documented, str]]:
    """The module, its classes, functions and methods, with their names."""
    yield node, name
    for child in node.body:
        own = f"{name}.{getattr(child, 'name', '')}".strip(".")
        if isinstance(child, ast.ClassDef):
            yield from _documented(child, own)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child, own


def _examples(docstring: str | None) -> list[doctest.Example]:
    if not docstring or ">>>" not in docstring:
        return []
    try:
        return doctest.DocTestParser().get_examples(docstring)
    except ValueError:
        return []


def _aliases(module: str) -> dict[str, str]:
    """Names by which examples call a module of the package without importing it."""
    top = module.partition(".")[0]
    found = {top: top, module.rpartition(".")[2]: module}
    if short := {"networkx": "nx", "more_itertools": "mi"}.get(top):
        found[short] = top
    return found
