"""Difficulty levels of the grammar: frozen. Changing anything here voids every figure that names a level.

A level says which statements may stand at the top and inside blocks (with weights), how many, how often loops turn
and how large numbers may grow (a bound that the generator proves by interval arithmetic, not by running). The simple
levels and the reserved ones have one-digit literals and two-digit values.
"""

from __future__ import annotations

from dataclasses import dataclass, field

VERSION = 2

_ARITHMETIC = {"assign": 4.0, "augment": 3.0, "literal": 1.0}
_LOOP_BODY = {"accumulate": 4.0, "temporary": 1.5, "modulo": 0.7}
_DATA = {
    "list_literal": 1.5, "list_change": 2.5, "list_read": 3.0, "string_literal": 1.0, "string_method": 2.5,
    "string_read": 1.5, "dict_literal": 1.0, "dict_change": 2.0, "dict_read": 2.0, "divide": 0.5, "fstring": 0.5,
    "tuple": 0.5, "boolean": 0.5,
}  # fmt: skip


@dataclass(frozen=True)
class Level:
    """`top` and `body`: statement name -> weight; `must`: one of these stands in every program of the level."""

    statements: tuple[int, int]
    top: dict[str, float]
    must: tuple[str, ...] = ()
    body: dict[str, float] = field(default_factory=lambda: dict(_LOOP_BODY))
    body_statements: tuple[int, int] = (1, 2)
    loops: tuple[int, int] = (2, 5)
    depth: int = 2  # of nested blocks, in levels written by templates
    max_abs: int = 200
    literals: int = 20
    wrap: float = 0.35  # share of programs whose body is a function with an entry call
    reserved: bool = False
    trained: bool = True
    practice: bool = False  # only there to train on; no figure names it


LEVELS: dict[str, Level] = {
    "practice": Level(
        (4, 8), {"sum": 4.0, "assign": 2.0, "augment": 2.5}, max_abs=200, wrap=0.0, trained=False, practice=True
    ),
    "lookup": Level(
        (5, 9), {"literal": 3.0, "copy": 4.0, "swap": 0.3}, max_abs=99, literals=99, trained=False, practice=True
    ),
    "decide": Level((4, 7), {"decide": 1.0}, max_abs=99, literals=99, wrap=0.0, trained=False, practice=True),
    "sift": Level((1, 1), {"sift": 1.0}, max_abs=99, literals=99, wrap=0.0, trained=False, practice=True),
    "straight": Level((2, 5), {**_ARITHMETIC, "swap": 0.3}, max_abs=99, literals=9),
    "branch": Level((1, 3), _ARITHMETIC, must=("if",), body={"assign": 2.0, "augment": 3.0}, max_abs=99, literals=9),
    "loop": Level((0, 2), _ARITHMETIC, must=("for_range", "for_list", "while"), max_abs=99, literals=9),
    "data": Level((3, 6), {**_DATA, "assign": 0.5}, wrap=0.4),
    "function": Level(
        (0, 2), {**_ARITHMETIC, "list_literal": 0.5},
        must=("call_simple", "call_early", "call_twice", "call_recursive", "call_default"), wrap=0.0,
    ),
    "compose": Level(
        (0, 2), {**_ARITHMETIC, "list_literal": 0.5, "string_literal": 0.3},
        must=(
            "for_if", "for_collect", "for_string", "count_dict", "for_dict", "comprehension", "try", "raise_caught",
            "uncaught", "call_loop", "search_return", "for_enumerate", "build_string", "two_loops",
        ),
        wrap=0.3,
    ),
    "nested": Level(
        (0, 1), _ARITHMETIC,
        must=(
            "nested_for", "grid", "for_if_else", "call_in_loop", "call_chain", "try_loop", "nested_collect",
            "while_call",
        ),
        loops=(2, 4), max_abs=400, wrap=0.3,
    ),
    "long": Level(
        (0, 2), _ARITHMETIC, must=("for_range", "for_list", "while", "for_if", "for_collect"),
        loops=(8, 12), max_abs=400, literals=9, trained=False,
    ),
    "reserved_while_if": Level(
        (0, 1), _ARITHMETIC, must=("while_if",),
        max_abs=99, literals=9, reserved=True, trained=False,
    ),
    "reserved_break": Level(
        (0, 1), _ARITHMETIC, must=("for_break",),
        max_abs=99, literals=9, reserved=True, trained=False,
    ),
}  # fmt: skip

TRAINED = tuple(name for name, level in LEVELS.items() if level.trained)
RESERVED = tuple(name for name, level in LEVELS.items() if level.reserved)
RESERVED_CONSTRUCTS = ("while_if", "break")
