"""Consistent renaming: one name becomes another one everywhere in the text and in the call.

A name is renamed if every place where it stands means a variable, a parameter or a function of the program: never one
that is also an attribute of a class, a keyword of a call, imported, a built-in or read without being bound. The new
name is fresh, so scopes stay as they are, and the normal form of the text is that of the old one.
"""

from __future__ import annotations

import ast
import builtins
import io
import keyword
import random
import tokenize
from collections.abc import Iterator

from ewm.programs.names import FUNCTIONS, NAMES
from ewm.sources.mutate.text import Edit, Function, Text, stores

MOST = 3  # names at once
_BUILTINS = frozenset(dir(builtins))
_TELLING = frozenset({"locals", "globals", "vars", "eval", "exec", "dir", "getattr", "setattr", "__dict__", "__name__"})


def rename(text: Text, rng: random.Random) -> Iterator[Edit]:
    """One edit; none if the text looks at its own names."""
    names = _own(text)
    known = {token.string for _, token in _names(text.source)} | {t.string for _, t in _names(text.entry or "")}
    if not names or known & _TELLING:
        return
    functions = {function.name for function in text.functions}
    chosen = sorted(rng.sample(names, min(len(names), rng.randint(1, MOST))))
    taken = known | _BUILTINS | set(keyword.kwlist)
    new: dict[str, str] = {}
    for name in chosen:
        pool = [other for other in (FUNCTIONS if name in functions else NAMES) if other not in taken]
        if pool:
            new[name] = rng.choice(pool)
            taken = taken | {new[name]}
    entry = _renamed(text.entry, new) if text.entry else None
    changes = tuple((at, at + len(t.string), new[t.string]) for at, t in _names(text.source) if t.string in new)
    if changes:
        yield Edit(changes, entry, new)


def _own(text: Text) -> list[str]:
    """Names that may be renamed."""
    found: set[str] = set()
    kept: set[str] = set(_BUILTINS)
    for node in ast.walk(text.tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                found.add(name)
            case ast.ClassDef(name=name, body=body):
                kept.add(name)
                kept.update(n for statement in body for n in _bound_in_class(statement))
            case ast.alias(name=name, asname=other):
                kept.update({name.partition(".")[0], other or name})
            case ast.keyword(arg=str(name)) | ast.Attribute(attr=name):
                kept.add(name)
            case ast.JoinedStr():  # its places are not known before Python 3.12
                kept.update(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
            case ast.MatchAs() | ast.MatchStar() | ast.MatchMapping() | ast.MatchClass():
                kept.update(filter(None, (getattr(node, "name", None), getattr(node, "rest", None))))
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                found.update(names)
    found.update(stores(text.tree))
    kept.update(_keywords(text.entry))
    return sorted(name for name in found - kept if not name.startswith("__"))


def _bound_in_class(statement: ast.stmt) -> list[str]:
    return [statement.name] if isinstance(statement, Function | ast.ClassDef) else stores(statement)


def _keywords(entry: str | None) -> Iterator[str]:
    for node in ast.walk(ast.parse(entry or "")):
        if isinstance(node, ast.keyword) and node.arg:
            yield node.arg


def _renamed(source: str, new: dict[str, str]) -> str:
    for at, token in reversed(list(_names(source))):
        source = source[:at] + new.get(token.string, token.string) + source[at + len(token.string) :]
    return source


def _names(source: str) -> Iterator[tuple[int, tokenize.TokenInfo]]:
    """(offset, token) of each name that is no attribute."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME and before != ".":
            yield starts[token.start[0] - 1] + token.start[1], token
        before = token.string
