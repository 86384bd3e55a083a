"""What can be written about a program's run by looking at its text: the blind guess that rewards must not pay for.

Lines are taken in source order, each loop once, each branch by a fixed rule; literal assignments and the literal
arguments of calls are filled in. Nothing is computed, no condition is decided, the truth is not seen.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ewm.scoring.values import NotALiteral, read

MAX_STEPS = 200
MAX_CALLS = 3  # nesting of calls that are followed

Branch = str  # "then": into every if; "else": past every if and loop; "all": every line


@dataclass(frozen=True)
class Line:
    """A guessed step; `frame` numbers the frame it belongs to."""

    kind: str  # line | call | return
    line: int
    frame: int
    writes: tuple[tuple[str, str], ...] = ()
    value: str | None = None


@lru_cache(maxsize=64)
def parsed(source: str) -> ast.Module | None:
    """The program's tree; None if it is none."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def literal(node: ast.AST | None) -> str | None:
    """The text of a literal expression, as repr would write it; None for anything else."""
    if not isinstance(node, ast.expr):
        return None
    text = ast.unparse(node)
    try:
        read(text)
    except NotALiteral:
        return None
    return text


def literals(*texts: str | None) -> list[str]:
    """Every literal that stands in the texts, outermost only, in order of appearance."""
    found: list[tuple[int, int, str]] = []

    def visit(node: ast.AST) -> None:
        text = literal(node)
        if text is not None:
            found.append((node.lineno, node.col_offset, text))  # type: ignore[attr-defined]
            return
        for child in ast.iter_child_nodes(node):
            visit(child)

    out = []
    for text in texts:
        tree = parsed(text) if text else None
        if tree:
            found.clear()
            visit(tree)
            out += [text for _, _, text in sorted(found)]
    return out


def arguments(entry: str | None) -> list[str]:
    """The literal arguments of an entry call."""
    match parsed(entry) if entry else None:
        case ast.Module(body=[ast.Expr(value=ast.Call(args=args, keywords=keywords)), *_]):
            return [text for node in [*args, *(k.value for k in keywords)] if (text := literal(node)) is not None]
    return []


@dataclass
class Outline:
    """Walks a program once. `unknown`: text given to assigned names whose value is not visible (None: left out)."""

    branch: Branch = "then"
    unknown: str | None = None
    lines: list[Line] = field(default_factory=list)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    frames: int = 0
    calls: int = 0

    def of(self, source: str, entry: str | None) -> list[Line]:
        tree = parsed(source)
        if tree is None:
            return []
        self.functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self._block(tree.body, 0, {})
        called = parsed(entry) if entry else None
        if called:
            for node in called.body:
                self._calls(node, {})
        return self.lines[:MAX_STEPS]

    def _add(
        self, kind: str, line: int, frame: int, writes: Sequence[tuple[str, str]] = (), value: str | None = None
    ) -> None:
        if len(self.lines) < MAX_STEPS:
            self.lines.append(Line(kind, line, frame, tuple(writes), value))

    def _block(self, body: Sequence[ast.stmt], frame: int, known: dict[str, str]) -> None:
        for node in body:
            if len(self.lines) >= MAX_STEPS:
                return
            self._statement(node, frame, known)

    def _statement(self, node: ast.stmt, frame: int, known: dict[str, str]) -> None:
        match node:
            case ast.For():
                self._write(node, frame, known, self._targets(node.target, _first(node.iter), known))
                if self.branch != "else":
                    self._block(node.body, frame, known)
                    self._add("line", node.lineno, frame)
            case ast.While():
                self._add("line", node.lineno, frame)
                if self.branch != "else":
                    self._block(node.body, frame, known)
                    self._add("line", node.lineno, frame)
            case ast.If():
                self._add("line", node.lineno, frame)
                if self.branch != "else":
                    self._block(node.body, frame, known)
                if self.branch != "then":
                    self._block(node.orelse, frame, known)
            case ast.Try():
                self._add("line", node.lineno, frame)
                self._block(node.body, frame, known)
                if self.branch == "all":
                    self._block([s for handler in node.handlers for s in handler.body], frame, known)
                self._block([*node.orelse, *node.finalbody], frame, known)
            case ast.With():
                self._add("line", node.lineno, frame)
                self._block(node.body, frame, known)
            case ast.Return():
                self._calls(node, known)
                self._add("return", node.lineno, frame, value=self._value(node.value, known) or "None")
            case ast.Assign(targets=[target], value=value):
                self._calls(node, known)
                self._write(node, frame, known, self._targets(target, value, known))
            case _:
                if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                    self._calls(node, known)
                self._write(node, frame, known, self._augmented(node, known))

    def _write(self, node: ast.stmt, frame: int, known: dict[str, str], writes: list[tuple[str, str]]) -> None:
        self._add("line", node.lineno, frame, [(name, value) for name, value in writes if known.get(name) != value])
        known.update(writes)

    def _augmented(self, node: ast.stmt, known: dict[str, str]) -> list[tuple[str, str]]:
        match node:
            case ast.AugAssign(target=ast.Name(id=name)) if self.unknown is not None:
                return [(name, self.unknown)]
            case ast.AugAssign(target=ast.Name(id=name)):
                known.pop(name, None)
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                return self._targets(target, value, known)
        return []

    def _targets(self, target: ast.expr, value: ast.expr | None, known: dict[str, str]) -> list[tuple[str, str]]:
        match target, value:
            case ast.Name(id=name), _:
                text = self._value(value, known)
                if text is None:
                    known.pop(name, None)
                return [] if text is None else [(name, text)]
            case ((ast.Tuple(elts=names) | ast.List(elts=names)), (ast.Tuple(elts=values) | ast.List(elts=values))):
                if len(names) == len(values):
                    return [pair for n, v in zip(names, values, strict=True) for pair in self._targets(n, v, known)]
        return []

    def _value(self, node: ast.expr | None, known: dict[str, str]) -> str | None:
        if isinstance(node, ast.Name) and node.id in known:
            return known[node.id]
        text = literal(node)
        return self.unknown if text is None and node is not None else text

    def _calls(self, node: ast.AST, known: dict[str, str]) -> None:
        """Calls of the program's own functions inside a statement, innermost first."""
        for call in reversed([n for n in _inner(node) if isinstance(n, ast.Call)]):
            function = self.functions.get(call.func.id) if isinstance(call.func, ast.Name) else None
            if function is None or self.calls >= MAX_CALLS:
                continue
            self.calls += 1
            self.frames += 1
            frame, inner = self.frames, self._bound(function, call, known)
            self._add("call", function.lineno, frame, tuple(inner.items()))
            self._block(function.body, frame, inner)
            if not isinstance(function.body[-1], ast.Return):
                self._add("return", function.body[-1].lineno, frame, value="None")
            self.calls -= 1

    def _bound(self, function: ast.FunctionDef, call: ast.Call, known: dict[str, str]) -> dict[str, str]:
        names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        given: dict[str, ast.expr] = dict(zip(reversed(names), reversed(function.args.defaults), strict=False))
        given |= dict(zip(names, call.args, strict=False))
        given |= {k.arg: k.value for k in call.keywords if k.arg in names}
        return {name: text for name in names if (text := self._value(given.get(name), known)) is not None}


def _first(node: ast.expr) -> ast.expr | None:
    """What a loop's variable holds first, where that can be seen."""
    match node:
        case ast.List(elts=[first, *_]) | ast.Tuple(elts=[first, *_]):
            return first
        case ast.Call(func=ast.Name(id="range"), args=[_]):
            return ast.Constant(0)
        case ast.Call(func=ast.Name(id="range"), args=[first, *_]):
            return first
    return None


def _inner(node: ast.AST) -> Iterator[ast.AST]:
    return (n for n in ast.walk(node) if not isinstance(n, ast.Lambda))


def write(lines: Sequence[Line], format: str) -> str:
    """The guess as a text of that format."""
    return _WRITERS.get(format, _delta)(lines)


def _delta(lines: Sequence[Line]) -> str:
    out = []
    for line in lines:
        body = "; ".join(f"{name}={value}" for name, value in line.writes)
        words = [f"L{line.line}", "" if line.kind == "line" else line.kind, body, line.value or ""]
        out.append(" ".join(word for word in words if word))
    return "\n".join([*out, "end"])


def _ellora(lines: Sequence[Line]) -> str:
    states: dict[int, dict[str, str]] = {}
    out = ["<execution_trace>"]
    for line in lines:
        state = states.setdefault(line.frame, {})
        if line.kind != "call":
            out.append(f"Line {line.line}: State: {{{', '.join(f'{name}={value}' for name, value in state.items())}}}")
        state.update(line.writes)
    return "\n".join([*out, "</execution_trace>"])


def _cwm(lines: Sequence[Line]) -> str:
    states: dict[int, dict[str, str]] = {}
    told: dict[int, int] = {}  # line told last in a frame: one that returns is told before too
    out = []
    for line in lines:
        state = states.setdefault(line.frame, {})
        if line.kind == "call":
            state.update(line.writes)
        if line.kind != "return" or told.get(line.frame) != line.line:
            kind = "call" if line.kind == "call" else "line"
            out.append(f"<|{kind}_sep|>{json.dumps(state)}<|action_sep|>L{line.line}<|frame_sep|>")
        told[line.frame] = line.line if line.kind != "call" else 0
        if line.kind == "return":
            value = json.dumps(line.value or "None")
            out.append(f"<|return_sep|><|action_sep|>L{line.line}<|arg_sep|>{value}<|frame_sep|>")
        state.update(line.writes)
    return "".join([*out, "<|end_of_text|>"])


_WRITERS: dict[str, Callable[[Sequence[Line]], str]] = {"delta": _delta, "cwm": _cwm, "ellora": _ellora}
