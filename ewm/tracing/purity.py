"""May a program share a child with others? Yes, if its code can reach nothing that outlives it.

Decided on compiled code, so that nothing is parsed twice: only some modules are imported, no class is made, no
attribute is set, and no name is used that leads to files, frames, other modules or the interpreter. A program that is
turned down only costs more time. `State` looks afterwards whether anything did change all the same: then what ran is
not believed. Runs inside the child.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from opcode import EXTENDED_ARG, opmap
from types import CodeType
from typing import Any

MODULES = frozenset((
    "math", "itertools", "functools", "operator", "collections", "string", "re", "heapq", "bisect", "typing", "copy",
))  # fmt: skip
NAMES = frozenset((
    "open", "exec", "eval", "compile", "globals", "locals", "vars", "setattr", "delattr", "getattr", "breakpoint",
    "help", "get_type_hints", "ForwardRef",
    "id", "type", "memoryview", "exit", "quit", "MemoryError", "RecursionError", "SystemError", "BaseException",
    "gi_frame", "gi_code", "cr_frame", "cr_code", "ag_frame", "ag_code", "tb_frame", "tb_next", "f_back", "f_globals",
    "f_locals", "f_builtins", "f_code", "f_trace", "with_traceback", "sys", "os", "io", "gc", "abc", "builtins",
    "types", "enum",
    "warnings", "inspect", "copyreg", "numbers", "decimal", "locale", "keyword", "reprlib", "singledispatch", "purge",
    # attributes by name, and what changes a class, a function or a table of the library
    "attrgetter", "methodcaller", "Formatter", "update_wrapper", "wraps", "total_ordering", "register",
    "cached_property", "partialmethod", "singledispatchmethod", "dispatch_table", "EXCLUDED_ATTRIBUTES",
    # decorators of typing that leave a mark, and what would show it
    "overload", "final", "no_type_check", "no_type_check_decorator", "dataclass_transform", "runtime_checkable",
    "get_overloads", "clear_overloads", "override", "dir",
))  # fmt: skip
HEAP_TYPE = 1 << 9  # a class made by Python code: its names can change
IMPORT = opmap["IMPORT_NAME"]
INTRINSIC, STAR = opmap.get("CALL_INTRINSIC_1", 255), 2  # `import *` from 3.12 on; 255 is in no code
MATCH_CLASS = opmap["MATCH_CLASS"]
BUILD_CLASS = opmap["LOAD_BUILD_CLASS"]
ADDRESSES = frozenset(("id", "hash", "__hash__", "object"))
ADDRESS_WORDS = re.compile(r"{|set|hash|\bid\b|object")  # without one of them no code can
SETS = frozenset(("set", "frozenset"))
SET_OPS = frozenset((opmap["BUILD_SET"], opmap["SET_ADD"], opmap["SET_UPDATE"]))
FOLDED = frozenset(("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"))
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


def looks_at_addresses(codes: list[CodeType]) -> bool:
    """May the order of a set, a hash or an id tell where objects lie? What repr writes is seen in the record.

    Not seen: a set of iterators, methods or generators in a program without a class, a lambda or an inner function; a
    set of dict views; an address of which a program cuts what repr wrote before it.
    """
    sets = [code for code in codes if not SETS.isdisjoint(code.co_names) or not SET_OPS.isdisjoint(code.co_code[::2])]
    if any(not ADDRESSES.isdisjoint(code.co_names) for code in codes):
        return True
    if not sets:
        return False
    functions = {const.co_name for const in codes[0].co_consts if type(const) is CodeType}
    if "<lambda>" in functions or not functions.isdisjoint(name for code in sets for name in code.co_names):
        return True
    if any(name.endswith(("Error", "Exception")) for code in sets for name in code.co_names):
        return True  # exceptions as elements
    inner = {const.co_name for code in codes[1:] for const in code.co_consts if type(const) is CodeType}
    return not inner <= FOLDED or any(BUILD_CLASS in code.co_code[::2] for code in codes)


class State:
    """What programs of one child share: builtins and the modules that they may import, as they were at first."""

    def __init__(self) -> None:
        self.names: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        self.parts: dict[str, list[tuple[Any, Any]]] = {}
        for name in ("builtins", *sorted(MODULES)):
            now = vars(import_module(name))
            self.names[name] = now, dict(now)
            self.parts[name] = [(part, part.copy()) for part in _containers(now, depth=2)]

    def changed(self, imported: Iterable[str]) -> bool:
        """Is anything of builtins or of these modules not what it was? All were the same objects: nothing is called."""
        for name in ("builtins", *imported):
            if name in self.names:
                now, before = self.names[name]
                if now != before or any(part != copy for part, copy in self.parts[name]):
                    return True
        return False


def _containers(names: dict[str, Any], depth: int) -> list[Any]:
    """Lists, dicts and sets that a program finds under a module's or a class's public names."""
    found = []
    for name, value in list(names.items()):
        if name[:1] == "_":
            continue
        if type(value) in (list, dict, set):
            found.append(value)
        elif type(value) is type and depth > 1 and value.__flags__ & HEAP_TYPE:
            found += _containers(dict(vars(value)), depth - 1)
    return found


def imports(codes: Iterable[CodeType]) -> set[str]:
    """Names of the shared modules that the code names."""
    return {name for code in codes for name in code.co_names if name in MODULES}


def _reads_inside(const: object) -> bool:
    """ "{0.__globals__}" shows what others left."""
    return type(const) is str and "._" in const


def _leads_out(const: object) -> bool:
    """A class pattern's attributes: they are no names of the code."""
    return type(const) is tuple and any(type(n) is str and (n[:1] == "_" or n in NAMES) for n in const)
