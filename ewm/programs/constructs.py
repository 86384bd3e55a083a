"""Which constructs a program's text contains, from its AST. Two are reserved: see levels.RESERVED_CONSTRUCTS."""

from __future__ import annotations

import ast

from ewm.programs.levels import RESERVED_CONSTRUCTS

_PLAIN: dict[type[ast.AST], str] = {
    ast.If: "if", ast.For: "for", ast.While: "while", ast.Break: "break", ast.Continue: "continue", ast.Try: "try",
    ast.Raise: "raise", ast.FunctionDef: "def", ast.Return: "return", ast.ListComp: "comprehension",
    ast.SetComp: "comprehension", ast.DictComp: "comprehension", ast.GeneratorExp: "comprehension",
    ast.Lambda: "lambda", ast.ClassDef: "class", ast.With: "with", ast.Dict: "dict", ast.List: "list",
    ast.JoinedStr: "fstring", ast.Slice: "slice", ast.Yield: "yield", ast.YieldFrom: "yield", ast.IfExp: "ifexp",
    ast.Global: "global", ast.Nonlocal: "nonlocal", ast.Assert: "assert", ast.Delete: "del", ast.Match: "match",
    ast.Import: "import", ast.ImportFrom: "import", ast.AsyncFunctionDef: "async", ast.NamedExpr: "walrus",
}  # fmt: skip


def constructs(source: str) -> frozenset[str]:
    """Names of the constructs used; empty for a text that does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    found = {_PLAIN[type(node)] for node in ast.walk(tree) if type(node) in _PLAIN}
    for node in ast.walk(tree):
        if isinstance(node, ast.While) and any(isinstance(inner, ast.If) for inner in ast.walk(node)):
            found.add("while_if")
        if isinstance(node, ast.For) and any(isinstance(inner, ast.If) for inner in ast.walk(node)):
            found.add("for_if")
        if isinstance(node, ast.For | ast.While):
            inner_loops = [n for n in ast.walk(node) if isinstance(n, ast.For | ast.While) and n is not node]
            found |= {"nested_loop"} if inner_loops else set()
        if isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
            found.add("elif")
    return frozenset(found)


def is_reserved(source: str) -> bool:
    """Contains a construct that never enters nano's pretraining."""
    if "while" not in source and "break" not in source:  # most programs: no need to parse
        return False
    return not constructs(source).isdisjoint(RESERVED_CONSTRUCTS)
