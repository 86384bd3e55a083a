"""Duplicates: the same program, too many of one family, and near copies by MinHash (rensa).

A near copy shares most of its syntax in fives of nodes, names left out, constants and names of methods and built-ins
kept: a program with a statement changed or added, under other names. Programs of one family (calls of one function,
mutants, twins) are no near copies of each other: `per_family` rules them.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import rensa

from ewm.programs import Program
from ewm.programs.family import Form
from ewm.programs.program import digest

# Bands of four, whatever the threshold: rensa's own choice grows to bands of eight from 0.7 on, which miss pairs.
# 96 permutations, not 128: a quarter less memory.
PERMUTATIONS, BANDS, SEED = 96, 24, 1
TOGETHER = 5  # nodes of a shingle: experiments/02-data/near.py
_NODES = re.compile(
    r"(?:id|arg|name|asname)='v\d+'|[A-Za-z]+(?=\()|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|(?<==)[-\d.]+"
)
_SILENT = frozenset({"Load", "Store", "Name", "Expr", "arguments", "arg"})


@dataclass(frozen=True)
class Fingerprint:
    """What tells a program from others. `shapes`: names and constants erased, of its text and of its parent's.

    `form`, of its text with names replaced, is empty, and `minhash` and `bare` (constants left out too) are None where
    near copies are not looked for. `parts`: each function and class at the top of a text with more than one statement.
    """

    id: str
    family: str
    shapes: tuple[str, ...]
    form: str = ""
    minhash: Any = field(default=None, compare=False)
    bare: Any = field(default=None, compare=False)
    parts: tuple[Fingerprint, ...] = ()


def fingerprint(program: Program, near: bool = True) -> Fingerprint:
    """Pure: the same in every process."""
    own = Text(program.source)
    alone = program.origin.startswith("grammar:") and not program.parent  # then its family is its shape
    shapes = [program.family if alone else own.shape, *([Text(program.parent).shape] if program.parent else [])]
    if not near:
        return Fingerprint(program.id, program.family, tuple(shapes))
    parts = tuple(Fingerprint("", "", (part.shape,), part.family, None, part.bare) for part in own.parts)
    return Fingerprint(program.id, program.family, tuple(shapes), own.family, own.minhash, own.bare, parts)


class Text:
    """A program's text, parsed once."""

    def __init__(self, source: str, tree: ast.Module | None = None) -> None:
        self._source, self._given = source, tree

    @cached_property
    def _tree(self) -> ast.Module | None:
        try:
            return self._given or ast.parse(self._source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    @property
    def parts(self) -> list[Text]:
        """Each function and class at the top, alone; none where it is all that there is."""
        body = self._tree.body if self._tree is not None else []
        if len(body) < 2:
            return []
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        return [Text("", ast.Module([node], [])) for node in body if isinstance(node, kinds)]

    @cached_property
    def form(self) -> str:
        """Names replaced."""
        return self._source.strip() if self._tree is None else Form(self._tree).text

    @property
    def family(self) -> str:
        return digest(self.form)

    @cached_property
    def bare_form(self) -> str:
        """Names replaced, constants erased."""
        return self._source.strip() if self._tree is None else Form(self._tree, erase_constants=True).text

    @property
    def shape(self) -> str:
        """The family with constants erased too."""
        return digest(self.bare_form)

    @property
    def nodes(self) -> list[str]:
        return _nodes(self.form)

    @property
    def minhash(self) -> Any:
        return _minhash(self.nodes)

    @property
    def bare(self) -> Any:
        """The same with constants erased."""
        return _minhash(_nodes(self.bare_form))


def _nodes(form: str) -> list[str]:
    return ["v" if "='v" in node else node for node in _NODES.findall(form) if node not in _SILENT]


def _minhash(nodes: list[str]) -> Any:
    made = rensa.RMinHash(num_perm=PERMUTATIONS, seed=SEED)
    made.update([" ".join(nodes[i : i + TOGETHER]) for i in range(max(1, len(nodes) - TOGETHER + 1))])
    return made


class Near:
    """The near copies among what was added, each under a name."""

    def __init__(self, threshold: float) -> None:
        self._found = rensa.RMinHashDeduplicator(threshold, PERMUTATIONS, use_lsh=True, num_bands=BANDS, seed=SEED)
        self._names: list[str] = []

    def names(self, minhash: Any) -> set[str]:
        """Of those that it is a near copy of."""
        return {self._names[int(key)] for key in self._found.get_duplicates(minhash)}

    def add(self, name: str, minhash: Any) -> None:
        self._found.add(str(len(self._names)), minhash)
        self._names.append(name)


class Distinct:
    """Lets each program through once, at most `per_family` of a family, none whose shape is in `banned`, and no near
    copy of another family's."""

    def __init__(self, per_family: int, near: float | None = None, banned: Collection[str] = ()) -> None:
        self._per_family, self._banned = per_family, banned
        self._near = Near(near) if near is not None else None
        self._ids: set[str] = set()
        self._families: Counter[str] = Counter()

    def reason(self, found: Fingerprint) -> str | None:
        """Why the program is dropped; None if it is taken."""
        if found.id in self._ids:
            return "duplicate"
        if self._families[found.family] >= self._per_family:
            return "family is full"
        if any(shape in self._banned for shape in found.shapes):
            return "in a benchmark"
        if self._near is not None and found.minhash is not None and not self._families[found.family]:
            if self._near.names(found.minhash):
                return "near copy"
            self._near.add(found.family, found.minhash)
        self._ids.add(found.id)
        self._families[found.family] += 1
        return None
