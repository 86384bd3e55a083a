"""Weights of the level `real`: how often statements and built-in methods of each construct stand in real programs.

    python experiments/02-data/weights.py mined.jsonl codeio.jsonl

Each file counts as much as the others. Uses per 100 statements; `real` has these as weights, at least 0.1 each.
"""

from __future__ import annotations

import ast
import json
import sys
from collections import Counter

NODES = {
    ast.If: "branch", ast.Match: "match", ast.For: "loop", ast.Break: "loop_break", ast.FunctionDef: "function",
    ast.ListComp: "comprehension", ast.SetComp: "comprehension", ast.DictComp: "comprehension", ast.Yield: "generator",
    ast.YieldFrom: "generator", ast.GeneratorExp: "functional", ast.Lambda: "functional", ast.Try: "errors",
    ast.ClassDef: "classes", ast.With: "context", ast.Nonlocal: "closure", ast.Raise: "errors", ast.JoinedStr: "text",
    ast.AugAssign: "numbers", ast.Assert: "errors",
}  # fmt: skip
TYPES = {str: "text", bytes: "text", list: "listing", dict: "mapping", set: "sets"}
METHODS = {name: construct for kind, construct in reversed(TYPES.items()) for name in dir(kind) if name[0] != "_"}


def counted(path: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in open(path, encoding="utf-8"):
        row = json.loads(line)
        try:
            tree = ast.parse(row.get("source") or row.get("code"))
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            found["statements"] += isinstance(node, ast.stmt)
            if type(node) in NODES:
                found[NODES[type(node)]] += 1
            elif isinstance(node, ast.Assign):
                found["structured" if isinstance(node.value, ast.List | ast.Dict | ast.Subscript) else "assign"] += 1
            elif isinstance(node, ast.While):
                found["while_if" if any(isinstance(each, ast.If) for each in ast.walk(node)) else "while"] += 1
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
                found[METHODS[node.func.attr]] += 1
            if isinstance(node, ast.FunctionDef):
                inner = [each for each in ast.walk(node) if each is not node]
                found["closure"] += any(isinstance(each, ast.FunctionDef) for each in inner)
                calls = (each.func for each in inner if isinstance(each, ast.Call))
                found["recursive"] += any(isinstance(each, ast.Name) and each.id == node.name for each in calls)
    return found


if __name__ == "__main__":
    files = [counted(path) for path in sys.argv[1:]]
    for name in sorted({name for found in files for name in found} - {"statements"}):
        share = sum(100 * found[name] / found["statements"] for found in files) / len(files)
        print(f'"{name}": {max(0.1, round(share, 1))},', end=" ")
    print(*(found["statements"] for found in files))
