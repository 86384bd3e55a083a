"""The control flow of a program from its text: which line can follow which in every frame that it can open.

A step is a statement's first line, as a trace has it: a line belongs to the statement that stands on it first,
whatever else begins there. `flow(source)` gives the frames (module, functions, lambdas, class bodies), each with the
lines where it may start, what may follow a line when all goes well (EXIT: it may return), where an exception raised
on a line may be caught, and where it may be suspended. Loops come back to their head, `with` comes back to its head
when it is left, an `except` clause that does not match hands over to the next. No path is left out; some are given
that no run takes, since no condition is evaluated but the plain `while True`. Nothing here runs anything.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ewm.programs.lines import expressions, first_line, head, is_text, owners

EXIT = 0  # in place of a line
Lines = frozenset[int]

_NONE: Lines = frozenset()


@dataclass(frozen=True)
class Frame:
    """One code block. `line`: where a call of it is reported; `nexts` and `lands` by line."""

    name: str
    line: int
    is_class: bool = False
    starts: Lines = _NONE
    nexts: Mapping[int, Lines] = field(default_factory=dict)  # without an exception on the line
    lands: Mapping[int, Lines] = field(default_factory=dict)  # after an exception on the line, inside the frame
    yields: Lines = _NONE
    withs: Lines = _NONE  # `with` statements: an exception that they let go on leaves from the line before

    def successors(self, line: int) -> Lines:
        """Every line that can come next in this frame; EXIT if it can return."""
        return self.nexts.get(line, _NONE) | self.lands.get(line, _NONE)


def flow(source: str) -> tuple[Frame, ...]:
    """All frames, the module first. SyntaxError, ValueError or RecursionError for a text that is no program."""
    tree = ast.parse(source)
    found: list[Frame] = []
    _Builder("<module>", 0, owners(tree), found).build(tree.body)
    return tuple(found)


_SUSPEND = ast.Yield | ast.YieldFrom | ast.Await


def _suspends(node: ast.AST) -> bool:
    return any(isinstance(n, _SUSPEND) or (isinstance(n, ast.comprehension) and n.is_async) for n in head(node))


class _Around:
    """What stands around a statement: where its jumps lead and where its exceptions land."""

    def __init__(self, outer: _Around | None, lands: Lines, jumps: dict[str, Lines], last: Lines | None = None) -> None:
        self.outer, self.lands, self.jumps = outer, lands, jumps
        self.last = last  # the way out leads there first (`finally`, `with`)
        self.left: set[str] = set()  # which jumps did leave

    def to(self, kind: str) -> Lines:
        if kind in self.jumps or self.outer is None:
            return self.jumps[kind]
        if self.last is None:
            return self.outer.to(kind)
        self.left.add(kind)
        return self.last

    def onward(self) -> Lines:
        """Where the jumps that left go in the end."""
        assert self.outer is not None
        return _NONE.union(*(self.outer.to(kind) for kind in self.left))


class _Builder:
    """Builds one frame, from its last statement to its first: what follows is known when a statement is met."""

    def __init__(self, name: str, line: int, owner: dict[int, int], found: list[Frame]) -> None:
        self.name, self.line, self.owner, self.found = name, line, owner, found
        self.nexts: dict[int, Lines] = {}
        self.lands: dict[int, Lines] = {}
        self.yields: set[int] = set()
        self.withs: set[int] = set()

    def build(self, body: list[ast.stmt], is_class: bool = False) -> None:
        place = len(self.found)
        self.function = self.line > 0 and not is_class
        if self.function and is_text(body[0]):
            body = body[1:]
        starts = self.block(body, frozenset((EXIT,)), _Around(None, _NONE, {"return": frozenset((EXIT,))}))
        if is_class:
            self.edge(self.line, starts)
            starts = frozenset((self.line,))
        elif self.function and self.entry(body) is None:  # a text only: the head is the step
            starts = frozenset((self.line,))
            self.edge(self.line, frozenset((EXIT,)))
        lines = frozenset(self.yields), frozenset(self.withs)
        frame = Frame(self.name, self.line, is_class, starts, self.nexts, self.lands, *lines)
        self.found.insert(place, frame)

    def at(self, node: Any) -> int:
        return self.owner[first_line(node)]

    def edge(self, line: int, targets: Lines, itself: bool = False) -> None:
        """A statement that begins on another one's line is no step of its own: no edge, unless a loop comes back."""
        kept = targets if itself else targets - {line}
        self.nexts[line] = self.nexts.get(line, _NONE) | kept

    def block(self, body: list[Any], after: Lines, around: _Around) -> Lines:
        """The lines that a block starts with."""
        for node in reversed(body):
            after = self.statement(node, after, around)
        return after

    def entry(self, body: list[Any]) -> Lines | None:
        """The same without building; None if no step is inside."""
        steps = [n for n in body if not self.silent(n)]
        return frozenset((self.at(steps[0]),)) if steps else None

    def silent(self, node: Any) -> bool:
        """Nothing runs there."""
        bare = isinstance(node, ast.AnnAssign) and node.value is None and isinstance(node.target, ast.Name)
        return isinstance(node, ast.Global | ast.Nonlocal) or (self.function and bare)

    def statement(self, node: Any, after: Lines, around: _Around) -> Lines:
        if self.silent(node):
            return after
        at = self.at(node)
        self.head(node, at, around)
        match node:
            case ast.Return():
                self.edge(at, around.to("return"))
            case ast.Break():
                self.edge(at, around.to("break"))
            case ast.Continue():
                self.edge(at, around.to("continue"), itself=True)
            case ast.Raise():
                self.edge(at, around.lands if node.exc is None else _NONE)  # the bare one is no event
            case ast.If():
                self.edge(at, self.block(node.body, after, around) | self.block(node.orelse, after, around))
            case ast.For() | ast.AsyncFor() | ast.While():
                self.loop(node, at, after, around)
            case ast.With() | ast.AsyncWith():
                self.manager(node, at, after, around)
            case ast.Try() | ast.TryStar():
                self.attempt(node, at, after, around)
            case ast.Match():
                self.cases(node, at, after, around)
            case _:
                self.edge(at, after)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = _Builder(node.name, at, self.owner, self.found)
            inner.build(node.body, isinstance(node, ast.ClassDef))
        return frozenset((at,))

    def head(self, node: Any, at: int, around: _Around) -> None:
        """What the statement's own expressions say: exceptions, yields, lambdas."""
        self.lands[at] = self.lands.get(at, _NONE) | around.lands
        if _suspends(node) or isinstance(node, ast.AsyncFor | ast.AsyncWith):
            self.yields.add(at)
        for inner in head(node):
            if isinstance(inner, ast.Lambda):
                self.function_of(inner, at)

    def function_of(self, node: ast.Lambda, at: int) -> None:
        nodes = list(expressions(node.body))
        yields = frozenset((at,) if any(isinstance(n, _SUSPEND) for n in nodes) else ())
        body = {at: frozenset((EXIT,))}
        self.found.append(Frame("<lambda>", at, False, frozenset((at,)), body, {at: _NONE}, yields))
        for inner in nodes:
            if isinstance(inner, ast.Lambda):
                self.function_of(inner, at)

    def loop(self, node: Any, at: int, after: Lines, around: _Around) -> None:
        back = frozenset((at,))
        inside = _Around(around, around.lands, {"break": after, "continue": back})
        self.edge(at, self.block(node.body, back, inside), itself=self.at(node.body[0]) == at)
        endless = isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and bool(node.test.value)
        rest = self.block(node.orelse, after, around)
        if not endless:
            self.edge(at, rest)
        if isinstance(node, ast.AsyncFor):  # its end is an exception's event
            self.lands[at] |= rest

    def manager(self, node: Any, at: int, after: Lines, around: _Around) -> None:
        """Left through its head, which may swallow the exception or let it go on."""
        self.withs.add(at)
        head = frozenset((at,))
        inside = _Around(around, head, {}, last=head)
        self.edge(at, self.block(node.body, head, inside))
        onward = after | around.lands | inside.onward()
        self.edge(at, onward)
        self.lands[at] |= onward  # no second step if all stands on one line, or if a second manager failed

    def attempt(self, node: Any, at: int, after: Lines, around: _Around) -> None:
        last = self.entry(node.finalbody)
        outer = _Around(around, around.lands if last is None else last, {}, last=last)
        done = after if last is None else last
        handlers = [frozenset((self.at(h),)) for h in node.handlers]
        inside = _Around(outer, handlers[0] if handlers else outer.lands, {})
        self.edge(at, self.block(node.body, self.block(node.orelse, done, outer), inside))
        star = isinstance(node, ast.TryStar)
        for number, handler in enumerate(node.handlers):
            later = _NONE.union(*handlers[number + 1 :])
            line = self.at(handler)
            self.head(handler, line, outer)
            beyond = _Around(outer, outer.lands | later, {}) if star else outer
            self.edge(line, self.block(handler.body, done | later | outer.lands if star else done, beyond))
            if handler.type is not None:
                self.edge(line, handlers[number + 1] if later else outer.lands | (done if star else _NONE))
            if star:
                self.edge(line, later | done)
        self.block(node.finalbody, after | around.lands | outer.onward(), around)

    def cases(self, node: ast.Match, at: int, after: Lines, around: _Around) -> None:
        following = after
        for case in reversed(node.cases):
            line = self.at(case)
            self.head(case, line, around)
            self.edge(line, self.block(case.body, after, around) | following)
            following = frozenset((line,))
        self.edge(at, following)
