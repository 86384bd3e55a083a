"""What a mined program may import and call, decided by name. What passes is still run, twice, before it is believed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

PURE = frozenset({
    "__future__", "abc", "array", "ast", "base64", "binascii", "bisect", "calendar", "cmath", "collections",
    "collections.abc", "colorsys", "contextlib", "copy", "csv", "dataclasses", "datetime", "decimal", "difflib", "enum",
    "fractions", "functools", "hashlib", "heapq", "html", "html.entities", "io", "itertools", "json", "keyword", "math",
    "numbers", "operator", "pprint", "queue", "re", "reprlib", "shlex", "statistics", "string", "struct", "sys",
    "textwrap", "timeit", "token", "types", "typing", "unicodedata", "urllib.parse", "warnings", "zlib", "graphlib",
    "ipaddress", "quopri", "stat", "hmac", "codecs", "gettext", "weakref", "traceback", "logging", "doctest",
    "typing_extensions", "fnmatch", "posixpath", "ntpath", "genericpath", "opcode", "tokenize",
})  # fmt: skip
_IMPURE = {
    "random": "random secrets uuid",
    "time": "time sched",
    "files": "pathlib shutil tempfile glob fileinput sqlite3 dbm shelve zipfile tarfile gzip bz2 lzma mmap linecache",
    "network": "socket ssl urllib http requests httpx ftplib smtplib socketserver xmlrpc imaplib poplib",
    "environment": "os platform getpass locale pwd grp site sysconfig importlib pkgutil importlib.metadata",
    "processes and threads": "subprocess multiprocessing threading _thread concurrent asyncio signal select selectors",
    "the interpreter": "gc ctypes inspect tracemalloc faulthandler dis code codeop marshal pickle builtins",
}
IMPURE = {module: reason for reason, modules in _IMPURE.items() for module in modules.split()}
CALLS = {
    "input": "input",
    "open": "files",
    "breakpoint": "input",
    "id": "the interpreter",
    "globals": "the interpreter",
}
CALLS |= {"exit": "the interpreter", "quit": "the interpreter", "locals": "the interpreter"}
_CLOCK = frozenset({"now", "today", "utcnow"})
_SYSTEM = frozenset(
    {"argv", "stdin", "stdout", "stderr", "exit", "_getframe", "modules", "path", "settrace", "platform"}
)
_SYSTEM |= {"getsizeof", "exc_info", "executable", "getrefcount", "flags", "setprofile"}


def unfit(module: str) -> str:
    """Why a program may not import the module; empty if it may."""
    if module in PURE:
        return ""
    top = module.partition(".")[0]
    if reason := IMPURE.get(module) or IMPURE.get(top):
        return f"impure: {reason}"
    if top in sys.stdlib_module_names:
        return "imports another part of the standard library"
    return f"imports {top}"


def impurities(node: ast.AST) -> Iterator[str]:
    """What the statement itself does that depends on the world: imports, clock, streams."""
    for inner in ast.walk(node):
        match inner:
            case ast.Import(names=names):
                yield from (unfit(alias.name) for alias in names)
            case ast.ImportFrom(module=module, level=level):
                yield "imports inside a function" if level else unfit(module or "")
            case ast.Attribute(value=ast.Name(id="datetime" | "date" | "dt"), attr=attr) if attr in _CLOCK:
                yield "impure: time"
            case ast.Attribute(value=ast.Attribute(attr="datetime" | "date"), attr=attr) if attr in _CLOCK:
                yield "impure: time"
            case ast.Attribute(value=ast.Name(id="sys"), attr=attr) if attr in _SYSTEM:
                yield "impure: environment"
