"""Other ways to write the same. Each function gives the edits of its kind; whether they keep the behaviour is proved by
running. Those in KEEPING write the same values in the same order."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from ewm.sources.mutate.text import Edit, Function, Text, loads, stores

OPPOSITE: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
MIRRORED: dict[type[ast.cmpop], str] = {
    ast.Lt: ">", ast.Gt: "<", ast.LtE: ">=", ast.GtE: "<=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%", ast.Div: "/", ast.Pow: "**",
}  # fmt: skip
TEMPORARY = ("tmp", "val", "res", "new", "cur")
_LARGEST = 10**6


def swapped_branches(text: Text) -> Iterator[Edit]:
    """The opposite condition, and the branches exchanged."""
    for node in text.nodes:
        match node:
            case ast.If(test=test, body=[_, *_], orelse=[_, *_]) if not text.of(node).startswith("elif"):
                one, two = text.block(node.body), text.block(node.orelse)
                if one and two and not text.of(node.orelse[0]).startswith("elif"):
                    first, second = text.source[slice(*one)], text.source[slice(*two)]
                    second += "" if second.endswith("\n") else "\n"
                    yield Edit(((*text.span(test), opposite(text, test)), (*one, second), (*two, first)))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                places = (text.span(body), text.span(test), text.span(orelse))
                new = (text.operand(orelse), opposite(text, test), text.operand(body))
                yield Edit(tuple((*place, each) for place, each in zip(places, new, strict=True)))


def opposite(text: Text, test: ast.expr) -> str:
    """The text of the negated condition."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return text.operand(operand)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPPOSITE:
            return f"{_side(text, left)} {OPPOSITE[type(op)]} {_side(text, right)}"
        case ast.Compare():
            return f"not {text.alone(test)}"
    return f"not {text.operand(test)}"


def _side(text: Text, node: ast.expr) -> str:
    """As the operand of a comparison: arithmetic needs no brackets there."""
    return text.alone(node) if isinstance(node, ast.BinOp | ast.UnaryOp) else text.operand(node)


def augmented(text: Text) -> Iterator[Edit]:
    """`x += e` as `x = x + e`, and the other way."""
    for node in text.nodes:
        match node:
            case ast.AugAssign(target=ast.Name() as target, op=op, value=value) if type(op) in SIGNS:
                yield text.replaced(node, f"{target.id} = {target.id} {SIGNS[type(op)]} {text.operand(value)}")
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.BinOp(left=ast.Name(id=read), op=op, right=value)
            ) if name == read and type(op) in SIGNS:
                yield text.replaced(node, f"{name} {SIGNS[type(op)]}= {text.alone(value)}")


def commuted(text: Text) -> Iterator[Edit]:
    """The operands of `+` or `*` exchanged, where nothing in them has an effect; a comparison read backwards."""
    for node in text.nodes:
        match node:
            case ast.BinOp(op=ast.Add() | ast.Mult(), left=left, right=right) if _quiet(left) and _quiet(right):
                sign = SIGNS[type(node.op)]
                yield text.replaced(node, f"{text.operand(right)} {sign} {text.operand(left)}")
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in MIRRORED:
                if _quiet(left) and _quiet(right):
                    yield text.replaced(node, f"{text.operand(right)} {MIRRORED[type(op)]} {text.operand(left)}")


def folded_constant(text: Text) -> Iterator[Edit]:
    """`2 * 3` as 6, and a number as a sum, a difference or a product."""
    for node in text.nodes:
        match node:
            case ast.BinOp(left=ast.Constant(value=int(one)), op=op, right=ast.Constant(value=int(two))):
                value = _value(one, op, two)
                if value is not None:
                    yield text.replaced(node, str(value) if value >= 0 else f"({value})")
            case ast.Constant(value=int(value)) if not isinstance(value, bool) and 3 < value < _LARGEST:
                half = value // 2
                yield text.replaced(node, f"({half} + {value - half})")
                if value % 2 == 0:
                    yield text.replaced(node, f"({half} * 2)")


def _value(one: int, op: ast.operator, two: int) -> int | None:
    if max(abs(one), abs(two)) > _LARGEST:
        return None
    match op:
        case ast.Add():
            return one + two
        case ast.Sub():
            return one - two
        case ast.Mult():
            return one * two
        case ast.FloorDiv() | ast.Mod() if two:
            return one // two if isinstance(op, ast.FloorDiv) else one % two
    return None


def temporary(text: Text) -> Iterator[Edit]:
    """A part of a line, or what is returned, gets a name of its own on the line before."""
    name = fresh(text, TEMPORARY)
    for node in text.nodes:
        if not (isinstance(node, ast.Assign | ast.Return) and node.value is not None and (place := text.lines(node))):
            continue
        value = node.value
        parts = (
            [value] if isinstance(node, ast.Return) else [getattr(value, "left", None), getattr(value, "right", None)]
        )
        for part in parts:
            if isinstance(part, ast.BinOp | ast.Call | ast.Subscript | ast.Compare) and name and _first(value, part):
                line = f"{text.indent(node)}{name} = {text.alone(part)}\n"
                yield Edit(((place[0], place[0], line), (*text.span(part), name)))


def _first(value: ast.expr, part: ast.expr) -> bool:
    """Nothing with an effect is evaluated before it."""
    return part is value or part is getattr(value, "left", None) or _quiet(getattr(value, "left", value))


def inlined(text: Text) -> Iterator[Edit]:
    """A variable that the next line alone reads, once, is replaced by what it is set to."""
    for _, block in text.bodies:
        for node, following in zip(block, block[1:], strict=False):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    scope, places = text.scope(node), [n for n in ast.walk(following) if _reads(n, name)]
                    alone = loads(scope, name) == 1 and stores(scope).count(name) == 1 and isinstance(scope, Function)
                    simple = isinstance(following, ast.Assign | ast.Return | ast.AugAssign)
                    place = text.lines(node)
                    if alone and simple and len(places) == 1 and place and places[0] in text.nodes:
                        yield Edit(((*place, ""), (*text.span(places[0]), text.operand(value))))


def _reads(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)


def dead_assignment(text: Text) -> Iterator[Edit]:
    """A variable of a function that nobody reads is not set."""
    for _, block in text.bodies:
        for node in block:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    scope = text.scope(node)
                    unread = isinstance(scope, Function) and not loads(scope, name) and not _declared(scope)
                    place = text.lines(node)
                    if unread and place and _quiet(value) and len(block) > 1:
                        yield Edit(((*place, ""),))


def _declared(scope: Any) -> bool:
    return any(isinstance(n, ast.Global | ast.Nonlocal | ast.AugAssign | ast.Delete) for n in ast.walk(scope))


def conditional(text: Text) -> Iterator[Edit]:
    """`x = a if c else b` as an if statement, and the other way."""
    for node in text.nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.IfExp(test=test, body=one, orelse=two)):
                if place := text.lines(node):
                    dent = text.indent(node)
                    lines = [
                        f"if {text.alone(test)}:",
                        f"    {name} = {text.alone(one)}",
                        "else:",
                        f"    {name} = {text.alone(two)}",
                    ]
                    yield Edit(((*place, "".join(f"{dent}{line}\n" for line in lines)),))
            case ast.If(
                test=test,
                body=[ast.Assign(targets=[ast.Name(id=name)], value=one)],
                orelse=[ast.Assign(targets=[ast.Name(id=other)], value=two)],
            ) if name == other and not text.of(node).startswith("elif"):
                if place := text.lines(node):
                    new = f"{name} = {text.operand(one)} if {text.alone(test)} else {text.operand(two)}"
                    yield Edit(((*place, f"{text.indent(node)}{new}\n"),))


def exchanged_lines(text: Text) -> Iterator[Edit]:
    """Two assignments that do not read each other's variable, in the other order."""
    for _, block in text.bodies:
        for one, two in zip(block, block[1:], strict=False):
            if all(isinstance(n, ast.Assign) and _quiet(n.value) for n in (one, two)):
                first, second = text.lines(one), text.lines(two)
                own, others = set(stores(one)), set(stores(two))
                apart = own.isdisjoint(others) and not any(loads(two, n) for n in own) | any(
                    loads(one, n) for n in others
                )
                if first and second and apart and own and others:
                    later = text.source[slice(*second)]
                    later += "" if later.endswith("\n") else "\n"
                    yield Edit(((*first, later), (*second, text.source[slice(*first)])))


def fresh(text: Text, names: tuple[str, ...]) -> str | None:
    """The first of the names that stands nowhere in the program."""
    used = {n.id for n in ast.walk(text.tree) if isinstance(n, ast.Name)}
    used |= {n.arg for n in ast.walk(text.tree) if isinstance(n, ast.arg)} | {f.name for f in text.functions}
    return next((name for name in names if name not in used), None)


def _quiet(node: ast.AST) -> bool:
    """Evaluating it twice, or elsewhere, changes nothing: names, constants and operators on them."""
    quiet = ast.Name | ast.Constant | ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop | ast.expr_context
    quiet |= ast.Compare | ast.cmpop | ast.Subscript | ast.Tuple | ast.List
    return all(isinstance(n, quiet) for n in ast.walk(node))


KEEPING = (swapped_branches, augmented, commuted, folded_constant)
KINDS = (*KEEPING, temporary, inlined, dead_assignment, conditional, exchanged_lines)
