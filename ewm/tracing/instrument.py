"""The oracle's first half: a program's tree with a recording call before every statement and around every frame.

No trace function, no bdb: the program itself says where it stands, by calls on the name `__ewm__` (see `recorder`).
What is added keeps order, scopes and values: `for` takes its items through a wrapper, `while` and `except` ask a call
that answers None before their own expression, `with` ends in a marker, each `case` follows one that never matches,
`return`, `yield` and `await` pass their value through. A line belongs to the statement that stands on it first; a
statement that begins on another one's line gets no record of its own. Runs inside the child, sent along with the
request. Not seen: what `await` inside a comprehension gives up, unless it is the first `async for`.
"""

from __future__ import annotations

import ast
from typing import Any

from ewm.programs.lines import first_line, is_text, owners

NAME = "__ewm__"
Def = ast.FunctionDef | ast.AsyncFunctionDef


def _ask(method: str, *args: Any) -> ast.Call:
    """`__ewm__.method(*args)`."""
    values = [a if isinstance(a, ast.expr) else ast.Constant(a) for a in args]
    return ast.Call(ast.Attribute(ast.Name(NAME, ast.Load()), method, ast.Load()), values, [])


def _marked(body: list[ast.stmt], method: str, *args: Any) -> list[ast.stmt]:
    return [ast.With([ast.withitem(_ask(method, *args))], body)] if body else []


def _silent(node: ast.stmt, function: bool) -> bool:
    """Nothing runs there: no step."""
    bare = function and isinstance(node, ast.AnnAssign) and node.value is None and isinstance(node.target, ast.Name)
    return bare or isinstance(node, ast.Global | ast.Nonlocal)


class Instrument(ast.NodeTransformer):
    """Rewrites one module's tree in place."""

    def __init__(self, tree: ast.Module) -> None:
        self.owner = owners(tree)
        self.at = 0  # line of the statement under way
        self.function = self.is_async = False

    def module(self, tree: ast.Module) -> ast.Module:
        late = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
        text = tree.body[:1] if tree.body and is_text(tree.body[0]) else []
        rest = tree.body[len(text) + len(late) :]
        body: list[Any] = []
        for i, n in enumerate([*text, *late]):  # they must come first: what they bind is left out of the records before
            unbound = [a.asname or a.name for m in late[max(0, i - len(text)) :] for a in m.names]
            body.append(ast.Expr(_ask("late", self.at_of(n), *unbound)))
        body += self.block(rest, None)
        tree.body = [*text, *late, *_marked(body, "frame", 0, "<module>")]
        return ast.fix_missing_locations(tree)

    def at_of(self, node: Any) -> int:
        return self.owner[first_line(node)]

    def block(self, body: list[ast.stmt], above: int | None) -> list[Any]:
        """The statements with their records; `above`: the line of the head, if a step of the same frame."""
        done: list[Any] = []
        for node in body:
            at = self.at_of(node)
            if not _silent(node, self.function):
                if at != above and not isinstance(node, ast.While):
                    done.append(ast.Expr(_ask("line", at)))
                above = at if not isinstance(node, ast.While) else None
            outer, self.at = self.at, at
            new = self.visit(node)
            done += new if isinstance(new, list) else [new]
            self.at = outer
        return done

    def scope(self, node: Any, body: list[ast.stmt], above: int | None, function: bool) -> list[Any]:
        """The body of a frame: a text stays first, a mark goes around the rest."""
        outer = (self.function, self.is_async, self.at)
        self.function, self.is_async = function, isinstance(node, ast.AsyncFunctionDef)
        text = body[:1] if is_text(body[0]) else []
        bare = all(_silent(n, function) for n in body[len(text) :])  # then the head is the step
        first = [ast.Expr(_ask("line", outer[2]))] if bare or not function else []
        first += [ast.Expr(_ask("line", self.at_of(n))) for n in text if not function and self.at_of(n) != above]
        inner = self.block(body[len(text) :], above)
        self.function, self.is_async, self.at = outer
        last = [ast.Expr(_ask("gives_cell" if not function and _has_cell(ast.Module(body, [])) else "gives", None))]
        return [*text, *_marked([*first, *inner, *last], "frame", self.at, node.name)]

    def function_def(self, node: Any) -> Any:
        body = node.body
        node.body = []
        self.generic_visit(node)  # decorators, defaults, annotations
        node.body = self.scope(node, body, None, True)
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = function_def

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        body, node.body = node.body, []
        self.generic_visit(node)
        node.body = self.scope(node, body, self.at, False)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        own = list(_own(node.body))
        node.args = self.visit(node.args)
        outer, self.is_async = self.is_async, False
        body = self.visit(node.body)
        self.is_async = outer
        special = ast.NamedExpr | ast.Yield | ast.YieldFrom | ast.Await
        if any(isinstance(n, special) or (isinstance(n, ast.Name) and n.id in ("super", "__class__")) for n in own):
            node.body = _ask("left", ast.BoolOp(ast.Or(), [_ask("entered", self.at), body]))
            return node
        empty = ast.arguments([], [], None, [], [], None, [])
        node.body = _ask("runs", self.at, ast.Lambda(empty, body))
        return node

    def visit_Return(self, node: ast.Return) -> Any:
        self.generic_visit(node)
        if node.value is None:
            return [ast.Expr(_ask("gives", None)), node]
        node.value = _ask("gives", node.value)
        return node

    def visit_Yield(self, node: ast.Yield) -> Any:
        self.generic_visit(node)
        node.value = _ask("yields", node.value or ast.Constant(None), self.is_async)
        return _ask("resumed", node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> Any:
        self.generic_visit(node)
        node.value = _ask("delegates", node.value)
        return _ask("resumed", node)

    def visit_Await(self, node: ast.Await) -> Any:
        self.generic_visit(node)
        node.value = _ask("awaits", node.value)
        return _ask("resumed", node)

    def comprehension(self, node: Any) -> Any:
        """Folded: only lambdas inside are frames; awaiting is seen where the frame is known."""
        inside = [n for n in ast.walk(node) if isinstance(n, ast.Await)]
        if not inside:
            self.generic_visit(node)
        first = node.generators[0]
        if first.is_async and not isinstance(node, ast.GeneratorExp):
            first.iter = _ask("gathers", first.iter)
            return _ask("resumed", node)
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension

    def visit_For(self, node: Any) -> Any:
        node.target, node.iter = self.visit(node.target), self.visit(node.iter)
        node.iter = _ask("awaited_rounds" if isinstance(node, ast.AsyncFor) else "rounds", self.at, node.iter)
        node.body, node.orelse = self.block(node.body, self.at), self.block(node.orelse, self.at)
        return node

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> Any:
        node.test = ast.BoolOp(ast.Or(), [_ask("line", self.at), self.visit(node.test)])
        node.body, node.orelse = self.block(node.body, self.at), self.block(node.orelse, self.at)
        return node

    def visit_If(self, node: ast.If) -> Any:
        node.test = self.visit(node.test)
        node.body, node.orelse = self.block(node.body, self.at), self.block(node.orelse, self.at)
        return node

    def visit_With(self, node: Any) -> Any:
        """Each manager is left through a mark: first the exception's event, then the head's line once more."""
        alone = self.at_of(node.body[0]) == self.at  # all on one line: no second step
        body = _marked(self.block(node.body, self.at), "leaves", 0 if alone else self.at)
        for item in reversed(node.items):
            item.context_expr = self.visit(item.context_expr)
            item.optional_vars = item.optional_vars and self.visit(item.optional_vars)
            if isinstance(node, ast.AsyncWith):
                item.context_expr = _ask("awaited_manager", item.context_expr)
            body = [type(node)([item], body)]
            if item is not node.items[0]:
                body = _marked(body, "region")
        return body

    visit_AsyncWith = visit_With

    def visit_Try(self, node: Any) -> Any:
        if node.finalbody and (node.handlers or node.orelse):
            inner = type(node)(node.body, node.handlers, node.orelse, [])
            outer = ast.Try(_marked([self.visit_Try(inner)], "region"), [], [], node.finalbody)
        else:
            outer = node
            outer.body = _marked(self.block(node.body, self.at), "region")
            for handler in node.handlers:
                self.handler(handler)
            outer.orelse = self.block(node.orelse, self.at)
        outer.finalbody = self.block(node.finalbody, self.at)
        return outer

    visit_TryStar = visit_Try

    def handler(self, node: ast.ExceptHandler) -> None:
        before, self.at = self.at, self.at_of(node)
        body = self.block(node.body, self.at)
        if node.type is None:
            node.body = [ast.Expr(_ask("line", self.at)), *body]
        else:
            node.type = ast.BoolOp(ast.Or(), [_ask("line", self.at), self.visit(node.type)])
            node.body = _marked(body, "region") if node.name else body  # the name is gone afterwards
        self.at = before

    def visit_Match(self, node: ast.Match) -> Any:
        node.subject = self.visit(node.subject)
        before, cases = self.at, []
        for case in node.cases:
            self.at = self.at_of(case)
            if self.at != before:
                cases.append(ast.match_case(ast.MatchAs(), _ask("line", self.at), [ast.Pass()]))
            case.pattern = self.visit(case.pattern)
            case.guard = case.guard and self.visit(case.guard)
            case.body = self.block(case.body, self.at)
            cases.append(case)
        self.at, node.cases = before, cases
        return node


def _has_cell(node: ast.AST, inside: bool = False) -> bool:
    """Does a function of this class body ask for the class? Then the body returns a cell, not None."""
    if inside and isinstance(node, ast.Name) and node.id in ("super", "__class__"):
        return True
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.ClassDef) and _has_cell(child, inside or isinstance(child, Def | ast.Lambda)):
            return True
    return False


def prepare(source: str, file: str) -> Any:
    """The code to run instead of the program's."""
    tree = ast.parse(source)
    return compile(Instrument(tree).module(tree), file, "exec", dont_inherit=True)


def _own(node: ast.AST) -> Any:
    """The nodes that run in the same frame, comprehensions included."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.Lambda):
            yield from _own(child)
