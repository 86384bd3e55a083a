"""Which source line stands for which: every line of a statement folds to the statement's first line.

Most small programs have one statement a line, which their text alone can show (`one_a_line`); the others are decided on
the tree that compile() gives, statements only. Runs inside the child.
"""

from __future__ import annotations

import re
import sys
from typing import Any

ONLY_AST = 0x400  # ast.PyCF_ONLY_AST, without importing ast
STRINGS = re.compile(r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|#[^\n]*""")
DOUBTFUL = re.compile(
    r"""'''|\"\"\"|\\\n|[\r\f]|^[ \t]*@""" + (r"""|[fF][rR]?['"]""" if sys.version_info >= (3, 12) else ""), re.M
)
STATEMENT = re.compile(r"^\w", re.M)
HEAD = re.compile(
    r"^[ \t]*(?:if|elif|else|for|while|with|try|except|finally|def|class|async|match|case)\b(?!.*:[ \t]*$)", re.M
)
BRACKETS = re.compile(r"[][(){}]")
SAME = {0: 0}  # every line is its own first one


def one_a_line(source: str) -> bool:
    """Surely no statement spans lines and no line holds a head and its body. False: look at the tree."""
    if DOUBTFUL.search(source) or not STATEMENT.search(source):
        return False
    text = STRINGS.sub("0", source)
    if HEAD.search(text):
        return False
    if '"' in text or "'" in text:
        return False
    for line in text.split("\n"):
        if BRACKETS.search(line):
            opened = line.count("(") + line.count("[") + line.count("{")
            if opened != line.count(")") + line.count("]") + line.count("}"):
                return False
    return True


def first_lines(source: str) -> tuple[dict[int, int], frozenset[int]]:
    """({line: first line of its statement}, lines that hold the head and the body of a compound statement).

    A line that is missing stands for itself. Without any statement the first is empty.
    """
    return (SAME, frozenset()) if one_a_line(source) else by_tree(source)


def by_tree(source: str) -> tuple[dict[int, int], frozenset[int]]:
    """`first_lines` of any source; SyntaxError as compile()."""
    tree = compile(source, "<fold>", "exec", ONLY_AST)
    firsts: dict[int, int] = {}
    shared: set[int] = set()
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        for field in ("body", "handlers", "orelse", "finalbody", "cases"):
            for child in getattr(node, field, ()):
                stack.append(child)
                _map(child, firsts, shared)
    return firsts, frozenset(shared)


def _first(node: Any) -> int:
    decorators = getattr(node, "decorator_list", ())
    where = getattr(node, "pattern", node)  # match_case has no line of its own
    return min(where.lineno, *(d.lineno for d in decorators)) if decorators else where.lineno


def _map(node: Any, firsts: dict[int, int], shared: set[int]) -> None:
    first = _first(node)
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not isinstance(body, list):
        last = node.end_lineno
    else:
        inner = _first(body[0])
        if inner == first or inner == node_line(node):
            shared.add(first)
        last = max(inner - 1, node_line(node))
    for line in range(first, last + 1):
        firsts.setdefault(line, first)


def node_line(node: Any) -> int:
    """The line of the keyword: `def`, not its decorator."""
    return getattr(node, "pattern", node).lineno
