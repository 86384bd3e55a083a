"""The modules of one package or folder, read when they are needed, and what a name in one of them stands for.

`resolve` follows imports inside the package, re-exports and `from x import *` to the module that defines a name.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ewm.sources.mine.module import Module
from ewm.sources.mine.purity import CALLS, PURE, unfit

_BUILTINS = frozenset(dir(builtins)) | {"__name__"}


class Left(Exception):
    """Why something cannot be taken out of its module. `stage`: the step of the funnel that it does not reach."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.stage = "pure" if reason.startswith("impure") else "self-contained"


@dataclass(frozen=True)
class Own:
    """A name that a module of the package defines."""

    module: str
    name: str


@dataclass(frozen=True)
class Outside:
    """A name that comes from the standard library."""

    module: str
    name: str = ""  # "": the module itself
    top: bool = False  # `import a.b` without a name of its own, which binds `a`


@dataclass(frozen=True)
class Whole:
    """A module of the package itself."""

    module: str


Meaning = Own | Outside | Whole | None  # None: built in


class Repository:
    """`modules`: (dotted name, file). `roots`: prefixes that an absolute import may leave out ("" and, say, "src")."""

    def __init__(self, modules: Iterable[tuple[str, Path]], roots: Iterable[str] = ("",)) -> None:
        self.files = dict(modules)
        self.roots = tuple(roots)
        self._folders = {name[:end] for name in self.files for end, char in enumerate(name) if char == "."}
        self._modules: dict[str, Module | None] = {}

    def module(self, name: str) -> Module | None:
        """None if there is none or it does not parse."""
        if name not in self._modules:
            self._modules[name] = _read(name, self.files[name]) if name in self.files else None
        return self._modules[name]

    def add(self, module: Module) -> None:
        """A module that is no file."""
        self._modules[module.name] = module

    def resolve(self, module: Module, name: str) -> Meaning:
        """What the name stands for in the module; raises Left if nobody knows, or if a program may not have it."""
        if name not in module.meanings:
            module.meanings[name] = Left("imports in a circle")  # if it comes back here
            try:
                module.meanings[name] = self._resolve(module, name)
            except Left as left:
                module.meanings[name] = left
        found = module.meanings[name]
        if isinstance(found, Left):
            raise found
        return found

    def _resolve(self, module: Module, name: str) -> Meaning:
        if places := module.bindings.get(name):
            imports = [module.statements[i] for i in places]
            plain = [node for node in imports if isinstance(node, ast.Import | ast.ImportFrom)]
            return self._imported(module, plain[-1], name) if plain else Own(module.name, name)
        for star in module.stars:
            if found := self._starred(module, star, name):
                return found
        if module.parent is not None and (name in _BUILTINS or self._knows(module.parent, name)):
            return self.resolve(module.parent, name)
        if name in module.aliases:
            return Whole(module.aliases[name])
        if name not in _BUILTINS:
            raise Left("a name that the module does not define")
        if name in CALLS:
            raise Left(f"impure: {CALLS[name]}")
        return None

    def attribute(self, whole: Whole, name: str) -> Meaning:
        """What `module.name` stands for."""
        if f"{whole.module}.{name}" in self.files:
            found = self.module(whole.module)
            if found is None or name not in found.bindings:
                return Whole(f"{whole.module}.{name}")
        found = self.module(whole.module)
        if found is None:
            raise Left("a module that does not parse")
        return self.resolve(found, name)

    def _knows(self, module: Module, name: str) -> bool:
        return name in module.bindings or any(self._starred(module, star, name) for star in module.stars)

    def _imported(self, module: Module, node: ast.Import | ast.ImportFrom, name: str) -> Meaning:
        alias = next(a for a in node.names if (a.asname or a.name).partition(".")[0] == name)
        if isinstance(node, ast.Import):
            target = alias.name if alias.asname else alias.name.partition(".")[0]
            if (inside := self._find(module, target, 0)) is not None:
                return Whole(inside)
            return _outside(Outside(alias.name, top=target != alias.name))
        inside = self._find(module, node.module or "", node.level)
        if inside is not None:
            return self.attribute(Whole(inside), alias.name)
        if node.level:
            raise Left("imports a module that is not there")
        return _outside(Outside(node.module or "", alias.name))

    def _starred(self, module: Module, star: ast.ImportFrom, name: str) -> Meaning:
        inside = self._find(module, star.module or "", star.level)
        if inside is None:
            if star.module in PURE and hasattr(importlib.import_module(star.module), name):
                return Outside(star.module, name)
            if star.module not in PURE and name not in _BUILTINS:  # it may define the name, and nobody knows
                raise Left(unfit(star.module or "") or "imports a module that is not there")
            return None
        target = self.module(inside)
        if target is None or name in _BUILTINS and name not in target.bindings:
            return None
        try:
            return self.resolve(target, name)
        except Left:
            return None

    def _find(self, module: Module, target: str, level: int) -> str | None:
        """The package's own module of that name, as an import in `module` finds it."""
        if level:
            parts = module.name.split(".")
            parts = parts[: len(parts) - level + module.is_package]
            found = ".".join([*parts, target]).strip(".")
            return found if found in self.files or found in self._folders else None
        if target.partition(".")[0] in sys.stdlib_module_names:
            return None
        beside = module.name.rpartition(".")[0]
        scripts = (
            [] if module.is_package or beside in self.files else [beside]
        )  # the files of a folder that is no package
        for root in dict.fromkeys([*self.roots, *scripts]):
            found = f"{root}.{target}".strip(".")
            if found != module.name and (found in self.files or found in self._folders):
                return found
        return None


def _outside(found: Outside) -> Outside:
    module = f"{found.module}.{found.name}"
    if reason := unfit(module if found.name and module in PURE else found.module):
        raise Left(reason)
    return found


def _read(name: str, path: Path) -> Module | None:
    try:
        return Module(name, path.read_text(encoding="utf-8"), path.name == "__init__.py")
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
