"""Which line stands for which: the short way by the text says what the tree says."""

from __future__ import annotations

import os
from pathlib import Path
from types import CodeType

import pytest

from ewm.tracing.folding import by_tree, first_lines, one_a_line

PLAIN = [
    "x = 1\nif x:\n    y = 'a:(#'\nelse:\n    pass\n",
    "def f(a, b={}):\n    return [i for i in a]\n\nclass A(B):\n    x = 3\n",
    "if x == '#':  \n    f(')')\n",
]
DOUBTFUL = [
    "if x: pass\n", "x = f(\n    1)\n", "x = 1 + \\\n    2\n", "@d\ndef f():\n    pass\n", "s = '''a\nb'''\n", "class A: pass\n", "x = f(')'\n)\n",
    "# nothing\n", "", "try:\n    x\nfinally:\n    y\n", "x = 1\rif x: y\n", "async def f(): pass\n", "match x:\n    case 1: y\n", "del (a,\n b)\n",
]  # fmt: skip


@pytest.mark.parametrize("source", PLAIN)
def test_one_statement_a_line_is_seen(source):
    assert one_a_line(source)


@pytest.mark.parametrize("source", DOUBTFUL)
def test_what_is_doubtful_goes_by_the_tree(source):
    assert not one_a_line(source)


def code_lines(code: CodeType) -> set[int]:
    lines = {line for *_, line in code.co_lines() if line}
    return lines.union(*(code_lines(const) for const in code.co_consts if isinstance(const, CodeType)))


def test_the_short_way_agrees_with_the_tree_on_the_standard_library():
    seen = 0
    for path in sorted(Path(os.__file__).parent.glob("*.py")):
        source = path.read_text(encoding="utf-8", errors="ignore")
        for piece in source.split("\n\n\n"):
            if one_a_line(piece + "\n"):
                try:
                    lines = code_lines(compile(piece, "x", "exec"))
                except SyntaxError:
                    continue
                firsts, shared, withs, idle = by_tree(piece)
                assert not shared and not idle, piece
                assert withs == first_lines(piece)[2], piece
                assert all(firsts.get(line, line) == first_lines(piece)[0].get(line, line) for line in lines), piece
                seen += 1
    assert seen > 150
