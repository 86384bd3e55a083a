"""What the bytecode of one Python version shows to a tracer and another one does not, so that traces agree.

From 3.11 on; opcodes are looked up by name, so that one which a version lacks is no error. Looked up once for each code
object, by `Code`. Runs inside the child.
"""

from __future__ import annotations

from opcode import EXTENDED_ARG, opmap
from types import CodeType

_NONE = frozenset[int]()


def _ops(*names: str) -> frozenset[int]:
    return frozenset(opmap[name] for name in names if name in opmap)


RETURNS = _ops("RETURN_VALUE", "RETURN_CONST")
YIELDS = _ops("YIELD_VALUE")
BACK = _ops("JUMP_BACKWARD")  # 3.13 names the jump, others where it leads
RESUME = opmap["RESUME"]
DRAINS = _ops("FOR_ITER", "SEND", "END_FOR", "END_SEND")  # StopIteration is their end
NEXT_ASYNC = opmap["GET_ANEXT"]
_AFTER_NEXT = _ops("LOAD_CONST", "SEND", "CACHE", "YIELD_VALUE", "RESUME", "JUMP_BACKWARD_NO_INTERRUPT", "END_SEND")
UNBEGUN = _ops("RETURN_GENERATOR", "POP_TOP")  # a generator waits there for its first `next`; POP_TOP: 3.13
GENERATORS = 0x20 | 0x80 | 0x200  # co_flags: generator, coroutine, asynchronous generator
OPTIMIZED = 0x1  # co_flags: a function's; of others the locals are a namespace
RERAISE = opmap["RERAISE"]
_CONST = opmap["LOAD_CONST"]
_POP_EXCEPT, _COPIES = opmap["POP_EXCEPT"], _ops("COPY", "SWAP")
_STAR = _ops("PREP_RERAISE_STAR")  # 3.11
_CLEAR = _ops("LOAD_FAST_AND_CLEAR")  # 3.12: an inlined comprehension puts the outer variable aside


def _silent(kinds: bytes) -> frozenset[int]:
    """Where 3.11 gives the end of a handler or of `finally` some line of it: an exception goes on, or is forgotten."""
    found = set()
    for n, kind in enumerate(kinds):
        if kind == RERAISE or (kind == _POP_EXCEPT and n and kinds[n - 1] in _COPIES and kinds[n + 1] == RERAISE):
            found.add(2 * n if kind == RERAISE else 2 * n - 2)
        elif kind in _STAR:  # all was handled by `except*`: COPY, POP_JUMP and this
            found.add(2 * n + 6)
    return frozenset(found)


def _returns(code: CodeType, kinds: bytes, withs: frozenset[int]) -> set[int]:
    """Where 3.11 gives the function's end the line of a `with` or `except` that stands before it in the bytecode."""
    return {
        at
        for at, _, line in code.co_lines()
        if line in withs and kinds[at // 2] == _CONST and kinds[at // 2 + 1] in RETURNS
    }


class Code:
    """One code object: its opcodes, and which of its offsets want care."""

    __slots__ = ("_code", "_inlined", "inlines", "ops", "silent")

    def __init__(self, code: CodeType, withs: frozenset[int], idle: frozenset[int]):
        self._code, self.ops = code, code.co_code
        kinds = self.ops[::2]
        self.inlines = not _CLEAR.isdisjoint(kinds)  # has inlined comprehensions
        self._inlined: list[tuple[int, str, tuple[int, int], tuple[int, int]]] | None = None
        # a new line there is no statement
        self.silent = _silent(kinds) | _returns(code, kinds, withs) if RERAISE in kinds else _NONE
        if idle and self.silent:
            self.silent -= {at for first, end, line in code.co_lines() if line in idle for at in range(first, end, 2)}

    def op(self, at: int) -> int:
        """The opcode under way: a 3.13 that has just yielded stands at the RESUME behind it."""
        op = self.ops[at]
        return self.ops[at - 2] if op == RESUME and at else op

    def drained(self, kind: type, at: int) -> bool:
        """This exception is how a `for`, a `yield from` or an `await` learns that what it asked is at its end."""
        op = self.ops[at]
        if kind is StopIteration:
            if op in DRAINS:
                return True
            if op == RESUME:
                at, op = at - 2, self.ops[at - 2]
            # thrown into a `yield from`, and what it asks ended by that: 3.12 says so here
            return op in YIELDS and self.ops[at + 2] == RESUME and self.ops[at + 3] & 3 in (2, 3)
        if kind is StopAsyncIteration:
            while self.ops[at] in _AFTER_NEXT:
                at -= 2
            return self.ops[at] == NEXT_ASYNC
        return False

    def leaves(self, at: int) -> bool:
        """Here a handler or the frame ends: no statement, unless the line holds `pass` or `return`."""
        op = self.ops[at]
        return op == _POP_EXCEPT or (op == _CONST and self.ops[at + 2] in RETURNS)

    def inside(self, at: int) -> bool:
        """In an inlined comprehension."""
        return self.inlines and bool(self.hidden(at))

    def hidden(self, at: int) -> set[str]:
        """Variables of the inlined comprehensions under way: before 3.12 they had a frame of their own."""
        where = list(self._code.co_positions())
        if self._inlined is None:
            code, ops = self._code, self.ops
            own = code.co_varnames
            names = (*own, *(n for n in code.co_cellvars if n not in own), *code.co_freevars)
            self._inlined = []
            for n, kind in enumerate(ops[::2]):
                if kind in _CLEAR:
                    high = ops[2 * n - 1] << 8 if ops[2 * n - 2] == EXTENDED_ARG else 0
                    line, end_line, column, end_column = where[n]
                    self._inlined.append((2 * n, names[high | ops[2 * n + 1]], (line, column), (end_line, end_column)))  # type: ignore[arg-type]
        line, end_line, column, end_column = where[at // 2]
        if None in (line, end_line, column, end_column):
            return set()
        return {
            name
            for begins, name, first, last in self._inlined
            if begins < at and first <= (line, column) and (end_line, end_column) <= last  # type: ignore[operator]
        }
