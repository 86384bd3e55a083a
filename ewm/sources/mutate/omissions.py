"""Mistakes of whole lines: left out, or in the wrong place. Each function gives the edits of its kind."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from ewm.sources.mutate.text import Edit, Function, Loop, Text, leaves, loads, own, stores

_Simple = ast.Assign | ast.AugAssign | ast.Expr | ast.Delete


def missing_return(text: Text) -> Iterator[Edit]:
    """The value is computed and not returned."""
    for node in text.nodes:
        match node:
            case ast.Return(value=ast.expr() as value):
                if isinstance(value, ast.Call):
                    yield text.replaced(node, text.alone(value))
                elif (place := text.lines(node)) and text.scope(node) is not text.tree:
                    yield _without(text, node, place)


def removed_statement(text: Text) -> Iterator[Edit]:
    """A line that was forgotten; not one that binds what an inner function calls nonlocal."""
    declared = [(text.scope(n), name) for n in text.nodes if isinstance(n, ast.Nonlocal) for name in n.names]
    for owner, block in text.bodies:
        for node in block:
            documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            only = len(block) == 1 and isinstance(owner, ast.Module)
            needed = {name for scope, name in declared if scope is not text.scope(node)}
            kept = documents or only or not needed.isdisjoint(stores(node))
            if isinstance(node, _Simple) and not kept and (place := text.lines(node)):
                yield _without(text, node, place)


def missing_base_case(text: Text) -> Iterator[Edit]:
    """A function that calls itself without the case that ends it."""
    for guard, function in _guards(text):
        if loads(function, function.name) and (place := text.lines(guard)):
            yield _without(text, guard, place)


def unhandled_case(text: Text) -> Iterator[Edit]:
    """A case that leaves the function at once, forgotten; with the call as it is and with an empty argument, where the
    case is that of empty input."""
    for guard, function in _guards(text):
        if not loads(function, function.name) and (place := text.lines(guard)):
            yield _without(text, guard, place)
            if text.entry and _asks_for_empty(guard.test):
                for entry in _emptied(text.entry):
                    yield Edit(_without(text, guard, place).changes, entry)


def _guards(text: Text) -> Iterator[tuple[ast.If, Any]]:
    """`if` without else that returns or raises, and its function."""
    for node in text.nodes:
        guards = isinstance(node, ast.If) and not node.orelse and isinstance(node.body[-1], ast.Return | ast.Raise)
        if guards and isinstance(function := text.scope(node), Function) and not _is_elif(text, node):
            yield node, function


def _is_elif(text: Text, node: ast.If) -> bool:
    return text.of(node).startswith("elif")


def _asks_for_empty(test: ast.expr) -> bool:
    match test:
        case ast.UnaryOp(op=ast.Not()) | ast.Compare(ops=[ast.Eq() | ast.Lt() | ast.LtE()]):
            return True
        case ast.Compare(comparators=[ast.List(elts=[]) | ast.Constant(value="")]):
            return True
    return isinstance(test, ast.BoolOp) and any(map(_asks_for_empty, test.values))


def _emptied(entry: str) -> Iterator[str]:
    """The call with one of its lists, strings ... empty."""
    call = Text(entry).tree.body[0]
    within = Text(entry)
    for node in ast.walk(call):
        match node:
            case ast.List(elts=[_, *_]):
                empty = "[]"
            case ast.Constant(value=str(value)) if value:
                empty = "''"
            case ast.Dict(keys=[_, *_]):
                empty = "{}"
            case _:
                continue
        start, end = within.span(node)
        yield entry[:start] + empty + entry[end:]
        return


def loop_exit(text: Text) -> Iterator[Edit]:
    """`break` and `continue` exchanged, or forgotten."""
    for loop in text.loops:
        for node in own(loop, (ast.Break, ast.Continue)):
            yield text.replaced(node, "continue" if isinstance(node, ast.Break) else "break")
            yield text.replaced(node, "pass")


def early_return(text: Text) -> Iterator[Edit]:
    """The return after a loop stands inside it, at its end."""
    for _, block in text.bodies:
        for loop, node in zip(block, block[1:], strict=False):
            if isinstance(loop, Loop) and isinstance(node, ast.Return) and not loop.orelse and not leaves(loop.body):
                place, moved = text.lines(node), text.shifted([node], text.indent(loop.body[-1]))
                if place and moved and text.block(loop.body):
                    yield Edit(((*place, moved),))


def reset_in_loop(text: Text) -> Iterator[Edit]:
    """What is set before a loop is set anew in each round."""
    for _, block in text.bodies:
        for node, loop in zip(block, block[1:], strict=False):
            if isinstance(node, ast.Assign) and isinstance(loop, Loop) and text.block(loop.body):
                place, moved = text.lines(node), text.shifted([node], text.indent(loop.body[0]))
                if place and moved and loop.body[0].lineno > loop.lineno:
                    start = text.block(loop.body)
                    assert start is not None
                    yield Edit(((*place, ""), (start[0], start[0], moved)))


def outside_loop(text: Text) -> Iterator[Edit]:
    """The last line of a loop's body stands after the loop."""
    for loop in text.loops:
        node = loop.body[-1]
        if len(loop.body) > 1 and isinstance(node, _Simple) and not loop.orelse:
            place, moved = text.lines(node), text.shifted([node], text.indent(loop))
            if place and moved:
                yield Edit(((*place, moved),))


def missing_else(text: Text) -> Iterator[Edit]:
    """The other branch is not left out when the first one was taken: `else` without its line, one level out."""
    for node in text.nodes:
        if isinstance(node, ast.If) and node.orelse and not _is_elif(text, node) and not _chained(text, node):
            place, moved = text.block(node.orelse), text.shifted(node.orelse, text.indent(node))
            last = text.block(node.body)
            if place and moved and last and not leaves(node.body):
                yield Edit(((last[1], place[1], moved),))


def _chained(text: Text, node: ast.If) -> bool:
    return isinstance(node.orelse[0], ast.If) and _is_elif(text, node.orelse[0])


def _without(text: Text, node: ast.stmt, place: tuple[int, int]) -> Edit:
    """The lines of the statement gone; `pass` where it stood alone."""
    alone = any(len(block) == 1 and block[0] is node for _, block in text.bodies)
    return Edit(((*place, text.indent(node) + "pass\n" if alone else ""),))


KINDS = (
    missing_return, removed_statement, missing_base_case, unhandled_case, loop_exit, early_return, reset_in_loop,
    outside_loop, missing_else,
)  # fmt: skip
