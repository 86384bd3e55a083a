"""A row's text -> what `main_solution` needs, and a program that makes inputs for it. Nothing is run."""

from __future__ import annotations

import ast
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

from ewm.programs import Program
from ewm.sources.codeio.rows import Row
from ewm.sources.mine.doctests import MAX_CHARACTERS, MAX_LINES
from ewm.sources.mine.example import Example
from ewm.sources.mine.extract import extract
from ewm.sources.mine.module import Module
from ewm.sources.mine.repository import Left, Repository

MAIN, GENERATOR = "main_solution", "generate_input"  # the latter also with an s
_BROKEN = (SyntaxError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True)
class Code:
    """`source`: `main_solution` with its helpers and imports. `maker`: its result is what `inputs.told` reads."""

    row: int
    source: str
    parameters: ast.arguments
    maker: Program


def code(row: Row) -> Code:
    """Raises Left: why the row gives no program."""
    try:
        module, generator = Module("codeio", row.code), ast.parse(row.generator)
    except _BROKEN:
        raise Left("not Python") from None
    functions = [node for node in generator.body if isinstance(node, ast.FunctionDef)]
    named = next((node.name for node in functions if node.name.startswith(GENERATOR)), "")
    main = next((n for n in module.statements if isinstance(n, ast.FunctionDef) and n.name == MAIN), None)
    if main is None or not named:
        raise Left("no main_solution" if main is None else "no generator of inputs")
    call = ast.parse(MAIN, mode="eval").body
    repository = Repository([])
    repository.add(module)
    source = extract(repository, Example(module, [], call, {}), call).source
    if source.count("\n") >= MAX_LINES or len(source) > MAX_CHARACTERS:
        raise Left("code that is too long")
    body = [_harness(), *_imports(module), source, row.generator]
    seed = hashlib.sha256(row.code.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Code(row.number, source, main.args, Program("\n".join(body), f"_told({named}, {seed!r})"))


def _imports(module: Module) -> list[str]:
    """Those of the standard library: the generator stands in the same module as the code."""
    found = []
    for node in module.statements:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        if all(name.partition(".")[0] in sys.stdlib_module_names for name in names):
            found.append(ast.unparse(node))
    return found


def _harness() -> str:
    return Path(__file__).with_name("harness.py").read_text(encoding="utf-8")
