"""Programs from tables of templates: expressions by type (methods, builtins) and statements by construct (blocks).

In a template `<int>` is an expression of that type, `<+int:n>` a new variable called n in this template, `<=n>` its
name again, `<!list>` a variable that may change here, `<?list>` any variable, `<body>` nested statements. A name is in
scope until the line that leaves its block; what a loop turns over is locked in its body, so that every loop ends.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from ewm.programs.grammar.blocks import DEEPEST, STATEMENTS, height
from ewm.programs.grammar.builtins import BUILTINS
from ewm.programs.grammar.literals import LITERALS, MODULES, POOLS
from ewm.programs.grammar.methods import METHODS
from ewm.programs.levels import Level

_SLOT = re.compile(r"<([+=!?]?[a-z]+(?::[a-z]+)?)>")
_OPENS = re.compile(r"(for|while|if|elif|else|try|except|finally|with|def|class|match|case)\b.*:$")
_MUTABLE = frozenset({"list", "words", "dict", "set", "grid", "groups", "records"})
_TRIES = 20

T = TypeVar("T")


_INSIDE = re.compile(r"'[^']*'|\"[^\"]*\"|\([^()]*\)|\[[^][]*\]|\{[^{}]*\}")


def _compiled(template: str) -> tuple[str, ...]:
    """Text and slots in turn; a slot that operators or dots touch ends in "." and takes no bare operation."""
    parts = _SLOT.split(template)
    for i in range(1, len(parts), 2):
        before, after = parts[i - 1], parts[i + 1]
        free = before.endswith(("(", "[", ", ", " = ", "return ", "yield ", "{")) or (i == 1 and not before)
        if parts[i][0] not in "+=!?" and not (free and (not after or after[0] in "),]}:")):
            parts[i] += "."
    return tuple(parts)


def _whole(template: str) -> bool:
    """No operator stands outside brackets."""
    text = template
    while (inner := _INSIDE.sub("", text)) != text:
        text = inner
    return " " not in _SLOT.sub("", text) and template[0] not in "+-~1"


_EXPRESSIONS: dict[str, list[tuple[tuple[str, ...], int | None, bool]]] = {}
for _kind, _template, _bound in (*METHODS, *BUILTINS):
    _EXPRESSIONS.setdefault(_kind, []).append((_compiled(_template), _bound, _whole(_template)))
Lines = list[tuple[int, tuple[str, ...]]]  # (indent, text and slots) of each


def _lines(template: str) -> Lines:
    each = template.strip("\n").split("\n")
    return [((len(line) - len(line.lstrip())) // 4, _compiled(line.strip())) for line in each]


def _flat(name: str, room: int) -> list[Lines]:
    """The construct's templates that open at most so many blocks in each other."""
    return [_lines(template) for template in STATEMENTS[name] if height(template) <= room]


_FITTING = {name: [_flat(name, room) for room in range(DEEPEST + 1)] for name in STATEMENTS}


class _NoVariable(Exception):
    """A template wants a variable that is not there."""


class Writer:
    """One program being written."""

    def __init__(self, rng: random.Random, level: Level) -> None:
        self.random, self.level = rng.random, level
        self.lines: list[str] = []
        self.scope: dict[str, str] = {}  # name -> type
        self.bounds: dict[str, int] = {}  # of ints
        self.locked: frozenset[str] = frozenset()
        self._outer: list[tuple[int, dict[str, str], frozenset[str]]] = []
        self._taken: set[str] = set()
        self._base = self._bound = 0

    def between(self, lo: int, hi: int) -> int:
        return lo + int(self.random() * (hi - lo + 1))

    def one(self, options: Sequence[T]) -> T:
        return options[int(self.random() * len(options))]

    def pick(self, weights: Mapping[str, float]) -> str:
        roll = self.random() * sum(weights.values())
        for name, weight in weights.items():
            roll -= weight
            if roll < 0:
                return name
        return name

    def fresh(self, kind: str) -> str:
        pool = POOLS[kind]
        for _ in range(4):
            name = self.one(pool)
            if name not in self._taken:
                break
        else:
            name = f"{pool[0]}{len(self._taken)}"
        self._taken.add(name)
        return name

    def expression(self, kind: str, depth: int) -> str:
        """Of the type; an int's bound is added to `_bound`, and kept below max_abs. A kind that ends in "." asks for
        one that needs no brackets round it."""
        whole = kind[-1] == "."
        kind = kind.rstrip(".")
        names = [name for name, its in self.scope.items() if its == kind]
        if names and (depth <= 0 or self.random() < 0.5):
            name = self.one(names)
            self._bound += self.bounds.get(name, 0)
            return name
        rows = _EXPRESSIONS.get(kind)
        if rows is None or depth <= 0 or self.random() < 0.3:
            self._bound += min(self.level.literals, self.level.max_abs) if kind == "int" else 0
            text = LITERALS[kind](self)
            return f"({text})" if whole and kind in ("int", "float") and not text.isdigit() else text
        parts, bound, is_whole = self.one(rows)
        before, self._bound = self._bound, 0
        text = "".join([part if i % 2 == 0 else self.slot(part, depth - 1, {}) for i, part in enumerate(parts)])
        if kind != "int":
            self._bound = before
            return f"({text})" if whole and not is_whole else text
        own = self._bound if bound is None else bound
        if own > self.level.max_abs:
            own, text = 9, f"({text}) % {self.between(3, 9)}"
            is_whole = False
        self._bound = before + own
        return f"({text})" if whole and not is_whole else text

    def slot(self, slot: str, depth: int, named: dict[str, str]) -> str:
        first = slot[0]
        if first == "+":
            kind, _, label = slot[1:].partition(":")
            name = named[label or kind] = self.fresh(kind)
            return name
        if first == "=":
            return named[slot[1:]]
        if first in "!?":
            names = [n for n, k in self.scope.items() if k == slot[1:] and (first == "?" or n not in self.locked)]
            if not names:
                raise _NoVariable
            name = self.one(names)
            if first == "!" and slot == "!int":
                self.bounds[name] = self.bounds.get(name, 0) + 9 * self.level.loops[1] ** len(self._outer)
            return name
        return self.expression(slot, depth)

    def statement(self, indent: int) -> None:
        """One of the level's constructs, another one where it lacks a variable or room for its blocks."""
        room = self.level.depth - (indent - self._base)
        weights = self.level.top if indent == self._base or room > 1 else self.level.body
        for _ in range(_TRIES):
            fitting = _FITTING[self.pick(weights)][min(room, DEEPEST)]
            if not fitting:
                continue
            state = self.lines[:], dict(self.scope), self.locked, self._outer[:]
            try:
                self.template(self.one(fitting), indent)
                return
            except _NoVariable:
                self.lines, self.scope, self.locked, self._outer = state
        self._leave(indent)
        self.emit(indent, f"{self.declare('int')} = {self.between(0, 9)}")

    def declare(self, kind: str) -> str:
        name = self.fresh(kind)
        self.scope = {**self.scope, name: kind}
        return name

    def template(self, lines: Lines, indent: int) -> None:
        named: dict[str, str] = {}
        for relative, parts in lines:
            at = indent + relative
            if parts[1:2] == ("body",):
                for _ in range(self.between(*self.level.body_statements)):
                    self.statement(at)
                continue
            self._leave(at)
            new: dict[str, str] = {}
            self._bound = 0
            text = "".join([part if i % 2 == 0 else self.slot(part, 2, named) for i, part in enumerate(parts)])
            for part in parts[1::2]:
                if part[0] == "+":
                    kind, _, label = part[1:].partition(":")
                    new[named[label or kind]] = kind
                    self.bounds[named[label or kind]] = self._bound or 20
            if text.startswith("global ") and at > 1:  # its variable would be some function's own
                raise _NoVariable
            if text.rpartition(" = ")[2] in self.locked and not _MUTABLE.isdisjoint(new.values()):
                text += ".copy()"  # no second name for what a loop turns over
            self._enter(at, text, new, named)
            self.emit(at, text)

    def _enter(self, at: int, text: str, new: dict[str, str], named: dict[str, str]) -> None:
        opens = _OPENS.match(text)
        if opens:
            self._outer.append((at, dict(self.scope), self.locked))
            if opens[1] == "def":
                self.scope = {}
                self.locked |= new.keys()  # what is passed may be what a loop turns over
            if opens[1] in ("for", "while"):
                values = (name for name, kind in self.scope.items() if kind in _MUTABLE)  # one may be another's alias
                self.locked |= {*re.findall(r"\w+", text), *values, *named.values()}
        self.scope = self.scope | new  # never in place: `_outer` and a dropped attempt's state share the dicts

    def _leave(self, at: int) -> None:
        while self._outer and self._outer[-1][0] >= at:
            _, self.scope, self.locked = self._outer.pop()

    def emit(self, at: int, text: str) -> None:
        self.lines.append("    " * at + text)


def write(rng: random.Random, level: Level) -> tuple[str, str | None]:
    """Source and entry call: as a function of its parameters in a share of `wrap`."""
    writer = Writer(rng, level)
    wrapped = rng.random() < level.wrap
    indent, entry = int(wrapped), None
    writer._base = indent
    if wrapped:
        kinds = [writer.one(("int", "list", "str", "dict", "words")) for _ in range(writer.between(1, 2))]
        arguments = ", ".join(LITERALS[kind](writer) for kind in kinds)
        name, names = writer.fresh("fn"), [writer.fresh(kind) for kind in kinds]
        writer.lines.append(f"def {name}({', '.join(names)}):")
        writer.scope |= dict(zip(names, kinds, strict=True))
        entry = f"{name}({arguments})"
    for _ in range(writer.between(*level.statements)):
        writer.statement(indent)
    writer._leave(indent)
    if wrapped:
        shown = [n for n, kind in writer.scope.items() if kind != "fn"]
        writer.lines.append(f"    return {shown[-1]}")
    source = "\n".join(writer.lines)
    imports = [f"import {name}" for name in MODULES if f"{name}." in source]
    imports += ["from math import isqrt"] if "isqrt(" in source else []
    return "\n".join([*imports, source]), entry
