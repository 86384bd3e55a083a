"""Which rows of a long trace a person need not see: the middle rounds of loops, then the middle of what is left."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

KEPT = (2, 1)  # rounds that stay at either end of a loop: if two are too many, one; the last is where the loop ends
_DEEP = 50  # loops in calls in loops ...: below that nothing is folded


class Row(Protocol):
    """What is looked at here."""

    @property
    def line(self) -> int: ...
    @property
    def depth(self) -> int: ...
    @property
    def arrives(self) -> bool: ...  # a line begins, rather than a frame or what came of it


@dataclass(frozen=True)
class Gap:
    """Rows left out; `rounds` is 0 where they are no loop's."""

    rows: int
    rounds: int = 0
    first: int = 0  # lines of the loop
    last: int = 0


R = TypeVar("R", bound=Row)


def fold(rows: Sequence[R], source: str, most: int) -> list[R | Gap]:
    """At most about `most` rows; all of them if they are no more than that, or if `most` is 0."""
    if not most or len(rows) <= most:
        return list(rows)
    loops = spans(source)
    for kept in KEPT:
        folded = list(_walk(rows, loops, 0, len(rows), kept, 0))
        if len(folded) <= most:
            return folded
    head = max(1, 2 * most // 3)
    tail = len(folded) - max(1, most - head)
    hidden = sum(one.rows if isinstance(one, Gap) else 1 for one in folded[head:tail])
    return [*folded[:head], Gap(hidden), *folded[tail:]]


def spans(source: str) -> dict[int, int]:
    """First line of each loop -> its last line."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    loops = (n for n in ast.walk(tree) if isinstance(n, ast.For | ast.AsyncFor | ast.While))
    return {n.lineno: n.end_lineno or n.lineno for n in loops}


def _walk(rows: Sequence[R], loops: dict[int, int], at: int, end: int, kept: int, deep: int) -> Iterator[R | Gap]:
    while at < end:
        row = rows[at]
        if not row.arrives or row.line not in loops or deep > _DEEP:
            yield row
            at += 1
            continue
        after, begins = _loop(rows, loops[row.line], at, end)
        stay = begins if len(begins) <= 2 * kept + 1 else [*begins[:kept], *begins[-kept:]]
        for number, begin in enumerate(begins):
            if begin in stay:
                yield rows[begin]
                until = begins[number + 1] if number + 1 < len(begins) else after
                yield from _walk(rows, loops, begin + 1, until, kept, deep + 1)
            elif number == kept:
                yield Gap(begins[-kept] - begin, len(begins) - len(stay), row.line, loops[row.line])
        at = after


def _loop(rows: Sequence[R], last: int, at: int, end: int) -> tuple[int, list[int]]:
    """(the first row after this run of the loop, where its rounds begin)."""
    line, depth = rows[at].line, rows[at].depth
    begins = []
    while at < end:
        row = rows[at]
        if row.depth < depth or (row.depth == depth and not line <= row.line <= last):
            break
        if row.arrives and row.depth == depth and row.line == line:
            begins.append(at)
        at += 1
    return at, begins
