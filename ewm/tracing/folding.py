"""Which source line stands for which: every line of a statement folds to the statement's first line.

Most small programs have one statement a line, which their text alone can show (`one_a_line`); the others are decided on
the tree that compile() gives, statements only. Runs inside the child.
"""

from __future__ import annotations

import re
import sys
from typing import Any

ONLY_AST = 0x400  # ast.PyCF_ONLY_AST, without importing ast
LOOPS = ("For", "AsyncFor", "While")
HEADS = ("test", "iter", "subject", "type", "pattern", "guard")
WITHS = ("With", "AsyncWith", "ExceptHandler")
STRINGS = re.compile(r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|#[^\n]*""")
DOUBTFUL = re.compile(
    r"""'''|\"\"\"|\\\n|[\r\f]|^[ \t]*@|\bfinally\b""" + (r"""|[fF][rR]?['"]""" if sys.version_info >= (3, 12) else ""),
    re.M,
)
STATEMENT = re.compile(r"^\w", re.M)
HEAD = re.compile(
    r"^[ \t]*(?:if|elif|else|for|while|with|try|except|finally|def|class|async|match|case)\b(?!.*:[ \t]*$)", re.M
)
WITH = re.compile(r"[ \t]*(?:with|except|async[ \t]+with)\b")
BRACKETS = re.compile(r"[][(){}]")
SAME = {0: 0}  # every line is its own first one
_NONE: frozenset[int] = frozenset()


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


Folds = tuple[dict[int, int], frozenset[int], frozenset[int], frozenset[int]]


def first_lines(source: str) -> Folds:
    """What the lines of a source are to a tracer.

    ({line: first line of its statement}, lines that hold a loop's head and body, lines of `with` and `except`, lines
    at the end of `finally` where nothing is to be done). A line that is missing in the first stands for itself; it is
    empty if there is no statement.
    """
    if not one_a_line(source):
        return by_tree(source)
    withs = _NONE
    if "with" in source or "except" in source:
        withs = frozenset(number for number, line in enumerate(source.split("\n"), 1) if WITH.match(line))
    return SAME, _NONE, withs, _NONE


def by_tree(source: str) -> Folds:
    """`first_lines` of any source; SyntaxError as compile()."""
    tree = compile(source, "<fold>", "exec", ONLY_AST)
    firsts: dict[int, int] = {}
    shared: set[int] = set()
    withs: set[int] = set()
    idle: set[int] = set()
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        for field in ("body", "handlers", "orelse", "finalbody", "cases"):
            for child in getattr(node, field, ()):
                stack.append(child)
                _map(child, firsts, shared)
                if type(child).__name__ in WITHS and child.body[0].lineno > child.lineno:
                    withs.add(child.lineno)
        _idle(getattr(node, "finalbody", None), idle)
    return firsts, frozenset(shared), frozenset(withs - shared), frozenset(idle)


def _idle(body: Any, idle: set[int]) -> None:
    """Lines of a last `pass` or constant: the instruction that goes on raising carries them."""
    if not body:
        return
    last = body[-1]
    constant = type(last).__name__ == "Expr" and type(last.value).__name__ == "Constant"
    if constant or type(last).__name__ == "Pass":
        idle.add(last.lineno)
    for name in ("body", "orelse", "finalbody"):
        _idle(getattr(last, name, None), idle)
    for part in (*getattr(last, "handlers", ()), *getattr(last, "cases", ())):
        _idle(part.body, idle)


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
        inner, head = _first(body[0]), _head_end(node)
        if inner <= head and type(node).__name__ in LOOPS:
            shared.add(first)
        last = max(inner - 1, head)
    owner = firsts.get(first, first)  # a statement that begins where another one stands belongs to it
    for line in range(first, last + 1):
        firsts.setdefault(line, owner)


def _head_end(node: Any) -> int:
    """The last line before the colon; of `def` and `class`, whose body is a frame of its own, the keyword's."""
    parts = [getattr(node, name, None) for name in HEADS]
    for item in getattr(node, "items", ()):
        parts += (item.context_expr, item.optional_vars)
    return max([node_line(node), *(part.end_lineno for part in parts if part is not None)])


def node_line(node: Any) -> int:
    """The line of the keyword: `def`, not its decorator."""
    return getattr(node, "pattern", node).lineno
