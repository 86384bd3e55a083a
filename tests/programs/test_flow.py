"""What may follow a line, and paths that no run can take."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ewm.programs.flow import EXIT, flow
from ewm.programs.paths import impossible

LOOP = "t = 0\nwhile t < 3:\n    if t:\n        break\n    t += 1\nelse:\n    t = 9\nx = 1\n"
TRY = "def f():\n    try:\n        a()\n    except KeyError:\n        b = 1\n    else:\n        return 2\n    finally:\n        c = 1\n    return 3\n"
WITH = "for i in s:\n    with m() as k:\n        if k:\n            continue\n        p = 1\n"


@pytest.mark.parametrize(
    "source, frame, line, expected",
    [
        (LOOP, 0, 1, {2}),
        (LOOP, 0, 2, {3, 7}),
        (LOOP, 0, 3, {4, 5}),
        (LOOP, 0, 4, {8}),
        (LOOP, 0, 5, {2}),
        (LOOP, 0, 8, {EXIT}),
        (TRY, 1, 3, {4, 7}),
        (TRY, 1, 4, {5, 9}),
        (TRY, 1, 7, {9}),
        (TRY, 1, 9, {10, EXIT}),
        (WITH, 0, 1, {2, EXIT}),
        (WITH, 0, 4, {2}),
        (WITH, 0, 2, {3, 1}),
        ("while True:\n    pass\nx = 1\n", 0, 1, {2}),
        ("match x:\n    case 1:\n        a = 1\n    case _:\n        b = 1\n", 0, 2, {3, 4}),
        ("a = 1; b = 2\nc = 3\n", 0, 1, {2}),
        ("if a: b = 1\nc = 3\n", 0, 1, {2}),
        ("for a in b: c = 1\n", 0, 1, {1, EXIT}),
        ("x = [\n    1,\n    2]\ny = 1\n", 0, 1, {4}),
    ],
)
def test_successors(source, frame, line, expected):
    assert flow(source)[frame].successors(line) == expected


def test_frames():
    frames = flow("@d\nclass A:\n    x = lambda: 1\n    def f(self):\n        'text'\n        yield 1\n")
    assert [(f.name, f.line, f.is_class) for f in frames] == [
        ("<module>", 0, False), ("A", 1, True), ("f", 4, False), ("<lambda>", 3, False),
    ]  # fmt: skip
    assert (frames[1].starts, frames[2].starts, frames[2].yields) == ({1}, {6}, {6})


@dataclass(frozen=True)
class Step:
    kind: str
    line: int
    function: str = "<module>"
    depth: int = 0
    unwound: bool = False


def steps(text: str) -> list[Step]:
    """`line 1` at the module, `f call 2`: function, kind, line; a `!` unwinds."""
    found, depth = [], 0
    for part in text.split(", "):
        *function, kind, line = part.split()
        depth += kind == "call"
        unwound = kind.endswith("!")
        found.append(Step(kind.rstrip("!"), int(line), function[0] if function else "<module>", depth, unwound))
        depth = max(0, depth - (kind in ("return", "yield") or unwound))  # the entry begins at 1 as well
    return found


F = "def f(n):\n    a = n\n    return a\nx = f(1)\n"
G = "def g():\n    yield 1\n    yield 2\nfor i in g():\n    pass\n"


@pytest.mark.parametrize(
    "source, path, problem",
    [
        (F, "line 1, line 4, f call 1, f line 2, f line 3, f return 3, return 4", None),
        (F, "line 1, line 4, f call 1, f exception! 1, exception! 4", None),
        (F, "line 1, line 4, f call 1, f line 3, f return 3, return 4", "event 3: line 3 cannot follow line 1 in f"),
        (F, "line 1, line 4, f call 1, f line 2, f return 2, return 4", "event 4: f cannot return at line 2"),
        (F, "line 1, line 4, f call 1, f line 2, f line 3, f return 2, return 4", "event 5: return at line 2, but f is at line 3"),
        (F, "line 1, line 4, h call 1, h line 2", "event 2: no frame h begins or waits at line 1"),
        (F, "line 1, line 4, f call 1, g line 2", "event 3: g, but f is running"),
        (F, "line 4, return 4", "event 0: line 4 cannot follow line 0 in <module>"),
        (F, "line 1, return 1", "event 1: <module> cannot return at line 1"),
        (F, "line 1, line 4, f call 1, f line 2, f line 2, f line 3", "event 4: line 2 cannot follow line 2 in f"),
        (F, "line 1, line 4, f call 1, f line 2, f exception 2, f line 3", "event 5: line 3 cannot follow line 2 in f"),
        (F, "line 1, line 4, return 4, f call 1, f line 2, f line 3, f return 3", None),
        (G, "line 1, line 4, g call 1, g line 2, g yield 2, line 5, line 4, g call 2, g line 3, g yield 3, line 5", "1 frames were not closed"),
        (G, "line 1, line 4, g call 2", "event 2: no frame g begins or waits at line 2"),
        (G, "line 1, line 4, g call 1, g line 2, g yield 2, line 4", "event 5: line 4 cannot follow line 4 in <module>"),
        ("class A:\n    x = 1\ny = 2\n", "line 1, line 3, A call 1", "event 2: no frame A begins or waits at line 1"),
        ("x = (", "line 1", "a program that does not parse took steps"),
    ],
)  # fmt: skip
def test_paths(source, path, problem):
    assert impossible(source, steps(path))[:1] == ([problem] if problem else [])
