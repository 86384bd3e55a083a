"""May a program share a child with others? Yes, if its code can reach nothing that outlives it.

Decided on compiled code, so that nothing is parsed twice: only some modules are imported, no class is made, no
attribute is set, and no name is used that leads to files, frames, other modules or the interpreter. A program that is
turned down only costs more time. Runs inside the child.
"""

from __future__ import annotations

from collections.abc import Iterable
from opcode import EXTENDED_ARG, opmap
from types import CodeType

MODULES = frozenset((
    "math", "itertools", "functools", "operator", "collections", "string", "re", "heapq", "bisect", "fractions",
    "textwrap",
))  # fmt: skip
NAMES = frozenset((
    "open", "exec", "eval", "compile", "globals", "locals", "vars", "setattr", "delattr", "getattr", "breakpoint",
    "help",
    "id", "type", "memoryview", "exit", "quit", "MemoryError", "RecursionError", "SystemError", "BaseException",
    "gi_frame", "gi_code", "cr_frame", "cr_code", "ag_frame", "ag_code", "tb_frame", "tb_next", "f_back", "f_globals",
    "f_locals", "f_builtins", "f_code", "f_trace", "with_traceback", "sys", "os", "io", "gc", "abc", "builtins",
    "types", "enum",
    "warnings", "inspect", "copyreg", "numbers", "decimal", "locale", "keyword", "reprlib", "singledispatch", "purge",
    # attributes by name, and what changes a class, a function or a table of the library
    "attrgetter", "methodcaller", "Formatter", "update_wrapper", "wraps", "total_ordering", "register",
    "cached_property", "partialmethod", "singledispatchmethod", "unicode_whitespace_trans",
))  # fmt: skip
IMPORT = opmap["IMPORT_NAME"]
MATCH_CLASS = opmap["MATCH_CLASS"]
FORBIDDEN = frozenset(
    opmap[name]
    for name in ("STORE_ATTR", "DELETE_ATTR", "LOAD_BUILD_CLASS", "IMPORT_STAR", "LOAD_LOCALS")
    if name in opmap
)


def pure(codes: Iterable[CodeType]) -> bool:
    """No state of one program can reach the next one."""
    for code in codes:
        names = code.co_names
        if not NAMES.isdisjoint(names) or any(name[:1] == "_" for name in names):
            return False
        ops = code.co_code
        kinds = ops[::2]
        if not FORBIDDEN.isdisjoint(kinds):
            return False
        if MATCH_CLASS in kinds and any(_leads_out(const) for const in code.co_consts):
            return False
        if ("format" in names or "format_map" in names) and any(map(_reads_inside, code.co_consts)):
            return False
        if IMPORT in kinds and not all(
            names[arg] in MODULES and before != EXTENDED_ARG
            for before, op, arg in zip(b"\0" + kinds, kinds, ops[1::2], strict=False)
            if op == IMPORT
        ):
            return False
    return True


def _reads_inside(const: object) -> bool:
    """ "{0.__globals__}" shows what others left."""
    return type(const) is str and "._" in const


def _leads_out(const: object) -> bool:
    """A class pattern's attributes: they are no names of the code."""
    return type(const) is tuple and any(type(n) is str and (n[:1] == "_" or n in NAMES) for n in const)
