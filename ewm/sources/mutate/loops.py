"""One kind of loop for another: for and while over a range, comprehension and loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from ewm.sources.mutate.text import Edit, Function, Text, loads, own, stores


def for_to_while(text: Text) -> Iterator[Edit]:
    """A range loop that counts by itself. Where its variable is read afterwards, or a round is cut short, it counts
    before each round, so that it ends on the same number."""
    for node in text.nodes:
        match node:
            case ast.For(
                target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=[*args], keywords=[]), orelse=[]
            ) if (bounds := _bounds(text, args)) and name not in _stored(node.body):
                start, stop, step = bounds
                place, head = text.block(node.body), text.span(node)
                if place is None or text.lines(node) is None or not _steady(args, node):
                    continue
                dent, inner = text.indent(node), text.indent(node.body[0])
                sign, by = ("<", f"+= {step}") if step > 0 else (">", f"-= {-step}")
                if _outlives(text, node, name):
                    before = f"{start} - {step}" if not start.lstrip("-").isdigit() else str(int(start) - step)
                    ahead = f"{name} + {step}" if step > 0 else f"{name} - {-step}"
                    new = f"{name} = {before}\n{dent}while {ahead} {sign} {stop}:\n{inner}{name} {by}\n"
                    yield Edit(((head[0], place[0], new),))
                else:
                    new = f"{name} = {start}\n{dent}while {name} {sign} {stop}:\n"
                    end = "" if text.source[: place[1]].endswith("\n") else "\n"
                    yield Edit(((head[0], place[0], new), (place[1], place[1], f"{end}{inner}{name} {by}\n")))


def _bounds(text: Text, args: list[ast.expr]) -> tuple[str, str, int] | None:
    """Start, stop and step of a range whose step is a number."""
    texts = [text.of(arg) for arg in args]
    if len(args) in (1, 2):
        return ("0", texts[0], 1) if len(args) == 1 else (texts[0], texts[1], 1)
    step = texts[2].replace(" ", "") if len(args) == 3 else "0"
    return (texts[0], texts[1], int(step)) if step.lstrip("-").isdigit() and int(step) else None


def _steady(args: list[ast.expr], loop: ast.For) -> bool:
    """The bounds may be read in each round: they call nothing but len, and the body binds none of their names."""
    names = {n.id for arg in args for n in ast.walk(arg) if isinstance(n, ast.Name)}
    calls = [n for arg in args for n in ast.walk(arg) if isinstance(n, ast.Call)]
    return all(isinstance(c.func, ast.Name) and c.func.id == "len" for c in calls) and names.isdisjoint(
        _stored(loop.body)
    )


def _stored(body: list[ast.stmt]) -> set[str]:
    return {name for statement in body for name in stores(statement)}


def _outlives(text: Text, loop: Any, name: str) -> bool:
    """The variable is read outside the loop or kept by the module, or a round may be cut short."""
    scope = text.scope(loop)
    return not isinstance(scope, Function) or loads(scope, name) > loads(loop, name) or bool(own(loop, ast.Continue))


def while_to_for(text: Text) -> Iterator[Edit]:
    """A while loop that counts, by a variable that nobody reads afterwards, over a range."""
    for _, block in text.bodies:
        for first, loop in zip(block, block[1:], strict=False):
            match first, loop:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=start),
                    ast.While(
                        test=ast.Compare(
                            left=ast.Name(id=tested), ops=[ast.Lt() | ast.Gt() as sign], comparators=[stop]
                        ),
                        body=[
                            _,
                            *_,
                            ast.AugAssign(target=ast.Name(id=moved), op=op, value=ast.Constant(value=int(by))),
                        ],
                        orelse=[],
                    ),
                ) if name == tested == moved and not _outlives(text, loop, name) and not own(loop, ast.Break):
                    down = isinstance(op, ast.Sub)
                    place, body, step = text.lines(first), text.block(loop.body), text.lines(loop.body[-1])
                    again = name in _stored(loop.body[:-1]) or not isinstance(op, ast.Add | ast.Sub)
                    names = {n.id for n in ast.walk(stop) if isinstance(n, ast.Name)}
                    if (
                        place
                        and body
                        and step
                        and not again
                        and names.isdisjoint(_stored(loop.body))
                        and down == isinstance(sign, ast.Gt)
                    ):
                        bounds = f"{text.of(start)}, {text.of(stop)}" + (
                            f", {'-' if down else ''}{by}" if down or by != 1 else ""
                        )
                        bounds = bounds.removeprefix("0, ") if bounds.count(",") == 1 else bounds
                        head = (text.span(loop)[0], body[0], f"for {name} in range({bounds}):\n")
                        yield Edit(((*place, ""), head, (*step, "")))


def comprehension_to_loop(text: Text) -> Iterator[Edit]:
    """`xs = [e for v in it if c]` with append in a loop."""
    for node in text.nodes:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.ListComp(elt=element, generators=[ast.comprehension(is_async=0) as part]),
            ) if (place := text.lines(node)) and isinstance(part.target, ast.Name):
                scope, variable = text.scope(node), part.target.id
                outside = [n for n in ast.walk(scope) if isinstance(n, ast.Name | ast.arg) and _called(n) == variable]
                inside = [n for n in ast.walk(node.value) if isinstance(n, ast.Name) and n.id == variable]
                if len(outside) == len(inside) and not loads(node.value, name):
                    dent = text.indent(node)
                    inner = dent + "    "
                    lines = [f"{dent}{name} = []", f"{dent}for {variable} in {text.alone(part.iter)}:"]
                    for test in part.ifs:
                        lines.append(f"{inner}if {text.alone(test)}:")
                        inner += "    "
                    lines.append(f"{inner}{name}.append({text.of(element)})")
                    yield Edit(((*place, "\n".join(lines) + "\n"),))


def _called(node: Any) -> str:
    return node.id if isinstance(node, ast.Name) else node.arg


def loop_to_comprehension(text: Text) -> Iterator[Edit]:
    """A loop that only appends, as a comprehension; its variable must not be read elsewhere."""
    for _, block in text.bodies:
        for first, loop in zip(block, block[1:], strict=False):
            match first, loop:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[])),
                    ast.For(target=ast.Name(id=variable) as target, iter=values, body=[body], orelse=[]),
                ):
                    test = ""
                    if isinstance(body, ast.If) and not body.orelse and len(body.body) == 1:
                        test, body = f" if {text.of(body.test)}", body.body[0]
                    place = text.block([first, loop])
                    match body:
                        case ast.Expr(
                            value=ast.Call(
                                func=ast.Attribute(value=ast.Name(id=grown), attr="append"), args=[element], keywords=[]
                            )
                        ) if grown == name and loads(loop, name) == 1 and place and not _outlives(text, loop, variable):
                            new = f"{name} = [{text.of(element)} for {text.of(target)} in {text.of(values)}{test}]"
                            yield Edit(((*place, f"{text.indent(first)}{new}\n"),))


KINDS = (for_to_while, while_to_for, comprehension_to_loop, loop_to_comprehension)
