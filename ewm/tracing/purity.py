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
))  # fmt: skip
IMPORT = opmap["IMPORT_NAME"]
INTRINSIC, STAR = opmap.get("CALL_INTRINSIC_1", 255), 2  # `import *` from 3.12 on; 255 is in no code
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
        if INTRINSIC in kinds and any(
            op == INTRINSIC and arg == STAR for op, arg in zip(kinds, ops[1::2], strict=True)
        ):
            return False
        if not FORBIDDEN.isdisjoint(kinds):
            return False
        if IMPORT in kinds and not all(
            names[arg] in MODULES and before != EXTENDED_ARG
            for before, op, arg in zip(b"\0" + kinds, kinds, ops[1::2], strict=False)
            if op == IMPORT
        ):
            return False
    return True
