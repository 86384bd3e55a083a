"""Names of a module -> a source text that defines them with all that they need, by following names. Nothing is run.

What is needed comes from the module itself, from other modules of its package, or from a pure part of the standard
library. A definition keeps its name unless another one has it already.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from ewm.sources.mine.example import Example
from ewm.sources.mine.module import About, Module, inner_names
from ewm.sources.mine.repository import Left, Outside, Own, Repository, Whole

MOST, MOST_LINES = 150, 2000  # statements, and lines as they stand in their files


@dataclass(frozen=True)
class Extract:
    """`source` defines what was asked for; `entry`: the expression in its terms."""

    source: str
    entry: str
    own: tuple[str, ...]  # functions and classes of the package: the called one, those named beside it, others
    named: bool  # the expression names one
    home: str  # the source of the function that is called, alone: the same for every call of it


def extract(repository: Repository, example: Module, entry: ast.expr) -> Extract:
    """The expression, as it would mean in `example` (a module that no file holds). Raises Left."""
    repository.add(example)
    extraction = _Extraction(repository, example)
    source, written = extraction.take(entry)
    own = [found for found in extraction.names if extraction.defines(found)]
    first = [found for found in own if found in extraction.first]
    called = extraction.called(entry) or next(iter([*first, *own]), None)
    names = tuple(dict.fromkeys(found.name for found in [*([called] if called else []), *first, *own]))
    return Extract(source, written, names, bool(first), _alone(repository, called, source))


def _alone(repository: Repository, called: Own | Outside | None, source: str) -> str:
    """The definition with what it needs; `source` where there is none."""
    module = repository.module(called.module) if called is not None else None
    if called is None or module is None:
        return source
    name = ast.Name(called.name, ast.Load())
    example = Example(module, [], name, {})
    repository.add(example)
    return _Extraction(repository, example).take(name)[0]


def calls_package(repository: Repository, example: Module, entry: ast.expr) -> bool:
    """The expression, or a statement that it needs, names something that the package defines."""
    repository.add(example)
    for about in (About(ast.Expr(entry)), *map(example.about, range(len(example.statements)))):
        for name in about.uses:
            try:
                found = repository.resolve(example, name)
            except Left:
                continue
            if isinstance(found, Whole) or isinstance(found, Own) and found.module != example.name:
                return True
    return False


class _Extraction:
    def __init__(self, repository: Repository, example: Module) -> None:
        self.repository, self.example = repository, example
        self.names: dict[Own | Outside, str] = {}  # what each is called in the program
        self.taken: set[str] = set()
        self.needed: dict[str, dict[int, None]] = {}  # statements, by module
        self.after: dict[str, dict[str, None]] = {}  # module -> modules that it takes from
        self.first: list[Own | Outside] = []  # functions and classes that the expression itself names

    def take(self, entry: ast.expr) -> tuple[str, str]:
        """The source, and the expression in its terms."""
        statement = About(ast.Expr(entry))
        self._note(self.example, statement)
        self.first = [found for found in self.names if self.defines(found)]
        todo: list[tuple[Module, int]] = list(self._statements())
        seen: set[tuple[str, int]] = set()
        lines = 0
        while todo:
            module, index = todo.pop(0)
            if (module.name, index) in seen:
                continue
            seen.add((module.name, index))
            whole = module.statements[index]
            lines += (whole.end_lineno or whole.lineno) - whole.lineno
            if len(seen) > MOST or lines > MOST_LINES:
                raise Left("needs too much")
            about = module.about(index)
            if about.impurity:
                raise Left(about.impurity)
            self._note(module, about)
            todo += [found for found in self._statements() if (found[0].name, found[1]) not in seen]
        text = [*sorted(self._imports()), *self._definitions()]
        return "\n".join(text), ast.unparse(self._renamed(self.example, statement))

    def called(self, entry: ast.expr) -> Own | Outside | None:
        """The outermost function or class of the package that the expression calls."""
        for node in ast.walk(entry):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name):
                found = self.repository.resolve(self.example, node.func.id)
            else:
                found = self._dotted(self.example, node.func)
            if isinstance(found, Own | Outside) and self.defines(found):
                return found
        return None

    def _note(self, module: Module, about: About) -> None:
        """Every name of the statement, under what it stands for; the module's own come first and keep their names."""
        meant = [(name, self.repository.resolve(module, name)) for name in sorted(about.uses)]
        for name, found in sorted(meant, key=lambda pair: getattr(pair[1], "module", "") != module.name):
            if isinstance(found, Own | Outside):
                self._name(module, found, name)
        for attribute in about.attributes:
            found = self._dotted(module, attribute)
            if isinstance(found, Own | Outside):
                self._name(module, found, attribute.attr)

    def _name(self, module: Module, found: Own | Outside, wanted: str) -> None:
        if isinstance(found, Own):
            self.after.setdefault(module.name, {}).setdefault(found.module)
            home = self.repository.module(found.module)
            assert home is not None
            self.needed.setdefault(found.module, {}).update(dict.fromkeys(home.bindings[found.name]))
            wanted = found.name
        if found not in self.names:
            free = wanted
            for number in range(2, 10**6):
                if free not in self.taken:
                    break
                free = f"{wanted}_{number}"
            self.taken.add(free)
            self.names[found] = free

    def _dotted(self, module: Module, node: ast.expr) -> Own | Outside | Whole | None:
        """What `a.b.f` stands for, if `a` is a module of the package."""
        if isinstance(node, ast.Name):
            try:
                found = self.repository.resolve(module, node.id)
            except Left:
                return None
            return found if isinstance(found, Whole) else None
        if isinstance(node, ast.Attribute) and isinstance(inner := self._dotted(module, node.value), Whole):
            return self.repository.attribute(inner, node.attr)
        return None

    def defines(self, found: Own | Outside) -> bool:
        if not isinstance(found, Own) or found.module == self.example.name:
            return False
        home = self.repository.module(found.module)
        return home is not None and found.name in home.functions

    def _statements(self) -> Iterator[tuple[Module, int]]:
        for name, indices in self.needed.items():
            module = self.repository.module(name)
            assert module is not None
            yield from ((module, index) for index in indices)

    def _imports(self) -> Iterator[str]:
        for found, name in self.names.items():
            if isinstance(found, Outside) and not found.name:
                renamed = name != (found.module.partition(".")[0] if found.top else found.module)
                yield f"import {found.module} as {name}" if renamed else f"import {found.module}"
            elif isinstance(found, Outside):
                yield f"from {found.module} import {found.name}" + (f" as {name}" if name != found.name else "")

    def _definitions(self) -> Iterator[str]:
        """What a module takes from stands before it; inside a module the order is its own."""
        done: dict[str, None] = {}

        def visit(name: str, open: frozenset[str]) -> None:
            for other in self.after.get(name, ()):
                if other not in open and other not in done:
                    visit(other, open | {name})
            done.setdefault(name)

        visit(self.example.name, frozenset())
        for name in done:
            module = self.repository.module(name)
            for index in sorted(self.needed.get(name, ())):
                assert module is not None
                yield ast.unparse(self._renamed(module, module.about(index)))

    def _renamed(self, module: Module, about: About) -> ast.stmt:
        """The statement with every name as the program calls it."""
        changed: dict[str, str] = {}
        for name in about.uses:
            found = self.repository.resolve(module, name)
            if isinstance(found, Own | Outside) and self.names[found] != name:
                changed[name] = self.names[found]
            elif isinstance(found, Whole):
                changed[name] = ""
        if not changed:
            return about.node
        if not inner_names(about.text).isdisjoint([*changed, *changed.values()]):
            raise Left("names that collide")
        renamed = _Rename(self, module, changed).visit(copy.deepcopy(about.node))
        if isinstance(renamed, ast.FunctionDef | ast.ClassDef):
            renamed.name = changed.get(renamed.name, renamed.name)
        return renamed  # type: ignore[no-any-return]


class _Rename(ast.NodeTransformer):
    """`changed`: new names; "" for a module of the package, whose attributes become names."""

    def __init__(self, extraction: _Extraction, module: Module, changed: dict[str, str]) -> None:
        self.extraction, self.module, self.changed = extraction, module, changed

    def visit_Name(self, node: ast.Name) -> ast.AST:
        new = self.changed.get(node.id, node.id)
        if not new:
            raise Left("uses a module as a value")
        return ast.Name(new, node.ctx)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        found = self.extraction._dotted(self.module, node)
        if isinstance(found, Own | Outside):
            return ast.Name(self.extraction.names[found], node.ctx)
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        return ast.Global([self.changed.get(name, name) for name in node.names])
