"""Mistakes inside a line. Each function gives the edits of its kind; its name is the kind's name."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import Any

from ewm.sources.mutate.text import Edit, Function, Text, loads, stores

COMPARISONS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: (">", "=="), ast.Gt: ("<", "=="), ast.LtE: (">=", "=="), ast.GtE: ("<=", "=="), ast.Eq: ("!=", "<="),
    ast.NotEq: ("==",), ast.In: ("not in",), ast.NotIn: ("in",), ast.Is: ("is not",), ast.IsNot: ("is",),
}  # fmt: skip
BOUNDARIES: dict[type[ast.cmpop], str] = {ast.Lt: "<=", ast.Gt: ">=", ast.LtE: "<", ast.GtE: ">"}
OPERATORS: dict[type[ast.operator], tuple[str, ...]] = {
    ast.Add: ("-", "*"), ast.Sub: ("+",), ast.Mult: ("+", "//"), ast.Div: ("//", "*"), ast.FloorDiv: ("/", "%"),
    ast.Mod: ("//", "-"), ast.Pow: ("*",), ast.BitAnd: ("|",), ast.BitOr: ("&",), ast.BitXor: ("|",),
    ast.LShift: (">>",), ast.RShift: ("<<",),
}  # fmt: skip
MIXED_UP = {
    "min": "max", "max": "min", "any": "all", "all": "any", "append": "extend", "extend": "append", "lower": "upper",
    "upper": "lower", "startswith": "endswith", "endswith": "startswith", "find": "rfind", "rfind": "find",
    "lstrip": "rstrip", "rstrip": "lstrip", "keys": "values", "values": "keys", "popleft": "pop", "add": "discard",
    "union": "intersection", "intersection": "union", "floor": "ceil", "ceil": "floor", "sorted": "list", "isalpha":
    "isalnum", "isalnum": "isalpha", "sum": "len", "isdigit": "isalnum", "update": "setdefault",
}  # fmt: skip
_BUILTINS = frozenset(dir(builtins))
_NEAREST = 3  # other variables that one name is replaced by, those bound last before


def off_by_one(text: Text) -> Iterator[Edit]:
    """A bound of range, an index or a bound of a slice that is one too small or too large."""
    for node in text.nodes:
        match node:
            case ast.Call(func=ast.Name(id="range"), args=[*bounds], keywords=[]) if len(bounds) in (1, 2):
                for bound in bounds:
                    yield from _by_one(text, bound)
                if len(bounds) == 1:
                    yield text.replaced(bounds[0], f"1, {text.of(bounds[0])}")
            case ast.Subscript(slice=ast.Slice(lower=lower, upper=upper)):
                for each in filter(None, (lower, upper)):
                    yield from _by_one(text, each)
            case ast.Subscript(slice=index) if _is_number(index):
                yield from _by_one(text, index)


def _by_one(text: Text, node: ast.expr) -> Iterator[Edit]:
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=ast.Constant(value=1)):
            yield text.replaced(node, text.of(left))
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            yield from (text.replaced(node, str(value + by)) for by in (1, -1))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            yield from (text.replaced(node, str(by - value)) for by in (1, -1))
        case ast.Name() | ast.Call() | ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv()):
            yield from (text.replaced(node, f"{text.of(node)} {by} 1") for by in "+-")


def _is_number(node: ast.expr) -> bool:
    """It can be an index; a name may be a key, and then adding to it raises at once."""
    match node:
        case ast.Constant(value=int(value)):
            return not isinstance(value, bool)
        case ast.UnaryOp(op=ast.USub()) | ast.BinOp() | ast.Name():
            return True
    return False


def comparison(text: Text) -> Iterator[Edit]:
    """Another comparison than was meant."""
    for node, place in _comparisons(text):
        for other in COMPARISONS[type(node.ops[0])]:
            yield Edit(((*place, f" {other} "),))


def boundary(text: Text) -> Iterator[Edit]:
    """`<` for `<=` and the like."""
    for node, place in _comparisons(text):
        if other := BOUNDARIES.get(type(node.ops[0])):
            yield Edit(((*place, f" {other} "),))


def _comparisons(text: Text) -> Iterator[tuple[ast.Compare, tuple[int, int]]]:
    for node in text.nodes:
        one = isinstance(node, ast.Compare) and len(node.ops) == 1
        if one and (place := _between(text, node.left, node.comparators[0])):
            yield node, place


def _between(text: Text, left: ast.expr, right: ast.expr) -> tuple[int, int] | None:
    """Where the operator and the blanks around it stand; None with brackets or comments there."""
    place = text.span(left)[1], text.span(right)[0]
    return None if set("()#\n") & set(text.source[slice(*place)]) else place


def arithmetic(text: Text) -> Iterator[Edit]:
    """Another operator than was meant, also in an augmented assignment."""
    for node in text.nodes:
        match node:
            case ast.BinOp(left=ast.Constant(value=str() | bytes()), op=ast.Mod()):
                continue
            case ast.BinOp(left=left, right=right):
                for other in OPERATORS.get(type(node.op), ()):
                    if place := _between(text, left, right):
                        yield Edit(((*place, f" {other} "),))
            case ast.AugAssign(target=left, value=right):
                for other in (*OPERATORS.get(type(node.op), ()), ""):
                    if place := _between(text, left, right):
                        yield Edit(((*place, f" {other}= "),))


def initial_value(text: Text) -> Iterator[Edit]:
    """A variable or a default that starts from a wrong value."""
    for node in text.nodes:
        match node:
            case ast.Assign(targets=[ast.Name() | ast.Tuple()], value=value):
                for each in value.elts if isinstance(value, ast.Tuple) else [value]:
                    yield from _other(text, each)
            case ast.arguments():
                for each in (*node.defaults, *filter(None, node.kw_defaults)):
                    yield from _other(text, each)


def _other(text: Text, node: ast.expr) -> Iterator[Edit]:
    match node:
        case ast.Constant(value=bool(value)):
            yield text.replaced(node, str(not value))
        case ast.Constant(value=int(value) | float(value)) if value in (0, 1):
            yield text.replaced(node, repr(1 - value))
        case ast.Constant(value=int(value)):
            yield from (text.replaced(node, str(other)) for other in (value + 1, value - 1, 0))
        case ast.Constant(value=""):
            yield text.replaced(node, "' '")
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value="inf" | "-inf")]) | ast.Constant(value=None):
            yield text.replaced(node, "0")
        case ast.List(elts=[first, _, *_]) | ast.Tuple(elts=[first, _, *_]) if isinstance(first, ast.Constant):
            yield text.replaced(node, text.of(node)[0] + text.source[text.span(node.elts[1])[0] : text.span(node)[1]])


def swapped_arguments(text: Text) -> Iterator[Edit]:
    """Two arguments of a call in the wrong order."""
    for node in text.nodes:
        if isinstance(node, ast.Call) and not any(isinstance(a, ast.Starred) for a in node.args):
            yield from (_swapped(text, one, two) for one, two in zip(node.args, node.args[1:], strict=False))


def swapped_operands(text: Text) -> Iterator[Edit]:
    """The operands of `-`, `/`, `//`, `%` or `**` in the wrong order."""
    for node in text.nodes:
        match node:
            case ast.BinOp(op=ast.Sub() | ast.Div() | ast.FloorDiv() | ast.Mod() | ast.Pow(), left=left, right=right):
                if not (isinstance(left, ast.Constant) and isinstance(left.value, str)) and _between(text, left, right):
                    changes = ((*text.span(left), text.operand(right)), (*text.span(right), text.operand(left)))
                    yield Edit(changes)


def _swapped(text: Text, one: ast.expr, two: ast.expr) -> Edit:
    return Edit(((*text.span(one), text.of(two)), (*text.span(two), text.of(one))))


def negated_condition(text: Text) -> Iterator[Edit]:
    """The opposite of the condition that was meant."""
    for node in text.nodes:
        tests = [node.test] if isinstance(node, ast.If | ast.While | ast.IfExp) else getattr(node, "ifs", [])
        for test in tests:
            match test:
                case ast.UnaryOp(op=ast.Not(), operand=operand):
                    yield text.replaced(test, text.operand(operand))
                case _:
                    yield text.replaced(test, f"not {text.operand(test)}")


def connective(text: Text) -> Iterator[Edit]:
    """`and` for `or`, or the other way."""
    for node in text.nodes:
        if isinstance(node, ast.BoolOp):
            other = " or " if isinstance(node.op, ast.And) else " and "
            places = [_between(text, a, b) for a, b in zip(node.values, node.values[1:], strict=False)]
            if None not in places:
                yield Edit(tuple((*place, other) for place in places if place))


def missing_condition(text: Text) -> Iterator[Edit]:
    """One part of a condition forgotten."""
    for node in text.nodes:
        if isinstance(node, ast.BoolOp) and len(node.values) == 2:
            yield from (text.replaced(node, text.of(value)) for value in node.values)


def wrong_variable(text: Text) -> Iterator[Edit]:
    """Another variable of the same scope, one that was bound shortly before."""
    for node in text.nodes:
        if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)):
            continue
        scope = text.scope(node)
        bound = _bound(scope, node)
        if node.id in bound:
            kind = bound[node.id]
            others = [n for n, k in reversed(bound.items()) if n != node.id and (k == kind or "" in (k, kind))]
            yield from (text.replaced(node, name) for name in others[:_NEAREST])


def _bound(scope: Any, before: ast.Name) -> dict[str, str]:
    """Variables of the scope in the order in which they are bound, up to there, and what they hold, if that is seen."""
    names: list[tuple[int, str, str]] = []
    if isinstance(scope, Function):
        spec = scope.args
        names += [(0, a.arg, "") for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    hidden = {id(n) for c in ast.walk(scope) if isinstance(c, ast.comprehension) for n in ast.walk(c.target)}
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                names.append((node.lineno, name, _holds(value)))
            case ast.Name(id=name, ctx=ast.Store()) if id(node) not in hidden:
                names.append((node.lineno, name, ""))
    found: dict[str, str] = {}
    for line, name, kind in sorted(names, key=lambda row: row[0]):
        if line < before.lineno:
            found[name] = kind or found.get(name, "")
    return found


def _holds(value: ast.expr) -> str:
    match value:
        case ast.Constant(value=held):
            return "text" if isinstance(held, str) else "number"
        case ast.BinOp(op=ast.Sub() | ast.FloorDiv() | ast.Div() | ast.Pow()):
            return "number"
        case ast.List() | ast.ListComp() | ast.Tuple() | ast.Dict() | ast.DictComp() | ast.Set() | ast.SetComp():
            return type(value).__name__.removesuffix("Comp")
        case ast.JoinedStr():
            return "text"
    return ""


def wrong_function(text: Text) -> Iterator[Edit]:
    """A built-in or a method for its counterpart: min for max, append for extend."""
    for node in text.nodes:
        match node:
            case ast.Call(func=ast.Name(id=name) as called) if name in MIXED_UP and name in _BUILTINS:
                if name not in stores(text.tree):
                    yield text.replaced(called, MIXED_UP[name])
            case ast.Call(func=ast.Attribute(attr=name) as called) if name in MIXED_UP:
                start, end = text.span(called)
                yield Edit(((end - len(name), end, MIXED_UP[name]),))


def shared_value(text: Text) -> Iterator[Edit]:
    """A copy forgotten: the variable shares its value with another one."""
    for node in text.nodes:
        match node:
            case (
                ast.Call(func=ast.Attribute(value=inner, attr="copy"), args=[])
                | ast.Subscript(value=ast.Name() as inner, slice=ast.Slice(lower=None, upper=None, step=None))
            ):
                yield text.replaced(node, text.of(inner))
            case ast.Call(func=ast.Name(id="list" | "dict" | "set"), args=[ast.Name() as inner]):
                if loads(text.tree, inner.id) > 1:
                    yield text.replaced(node, text.of(inner))


KINDS = (
    off_by_one, comparison, boundary, arithmetic, initial_value, swapped_arguments, swapped_operands, negated_condition,
    connective, missing_condition, wrong_variable, wrong_function, shared_value,
)  # fmt: skip
