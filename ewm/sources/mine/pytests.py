"""Tests of a folder -> self-contained programs, with the arguments and results that calls had while the tests ran.

The tests run inside the tracer's isolation, one child a file, under a stand-in for pytest (see `inside`); the folder
may be read there, and nothing else. What comes back is text: calls are parsed, values read as literals, and the program
of each call is extracted, traced and compared like that of a doctest.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.sources.mine.doctests import Found, short
from ewm.sources.mine.example import Example
from ewm.sources.mine.expected import Expected, is_literal
from ewm.sources.mine.extract import Extract, extract
from ewm.sources.mine.folders import is_package
from ewm.sources.mine.module import Module
from ewm.sources.mine.repository import Left, Repository
from ewm.tracing import Runner

LIMITS: dict[str, Any] = {"cpu_s": 20.0, "memory_mb": 1024, "max_output": 4_000_000, "workers": 1}  # of one test file
UNIMPORTED = "left out: test files that cannot be imported"
_TEXTS = {"pytest": "standin.py", "mine_capture": "capture.py"}


def is_test(path: Path) -> bool:
    return path.name.startswith("test_") or path.name.endswith("_test.py") or path.name == "conftest.py"


def calls(
    folder: Path, modules: dict[str, Path], counts: Counter[str], isolation: TraceConfig
) -> Iterator[dict[str, Any]]:
    """The calls that the tests made, in order, as text; `counts` is told what became of files and tests."""
    tests = {name: path for name, path in modules.items() if is_test(path)}
    files = {name: path for name, path in tests.items() if path.name != "conftest.py"}
    counts["test files"] += len(files)
    if not files:
        return
    cfg = TraceConfig(isolation.isolation, isolation.require, sys_path=[str(folder)], **LIMITS)
    with Runner(cfg) as runner:
        for name, path in files.items():
            above = [other for other, at in tests.items() if at.name == "conftest.py" and at.parent in path.parents]
            about = {
                "folder": str(folder),
                "package": folder.name if is_package(folder) else "",
                "file": str(path),
                "name": name,
                "paths": list(dict.fromkeys([str(folder / "src"), str(path.parent)])),
                "conftests": [(other, str(tests[other])) for other in sorted(above, key=len)],
                "tests": [str(at) for at in tests.values()],
                "modules": {module: _text(file) for module, file in _TEXTS.items()},
            }
            trace = runner.plain(Program(_text("harness.py"), "main()", json.dumps(about)))
            heard = counts["tests"] + counts[UNIMPORTED]
            yield from _told(trace.stdout, counts)
            silent = counts["tests"] + counts[UNIMPORTED] == heard
            if trace.status not in ("ok", "policy") or (trace.status == "policy" and silent):  # else: refused in a test
                counts[f"left out: test files that end in {trace.status.replace('_', ' ')}"] += 1


def _told(text: str, counts: Counter[str]) -> Iterator[dict[str, Any]]:
    """A test may print what it likes: a line that is none of the harness's counts for nothing."""
    for line in text.splitlines():
        try:
            kind, *rest = json.loads(line)
        except (ValueError, TypeError, RecursionError):
            continue
        match kind, rest:
            case "file", [str()]:
                counts[UNIMPORTED] += 1
            case "test", [str(), str(outcome)]:
                counts["tests"] += 1
                if outcome != "passed":
                    counts["left out: tests that " + ("are skipped" if outcome == "skipped" else "fail")] += 1
            case "call", [dict(call)] if _sound(call):
                counts["calls in tests"] += 1
                yield call


def _sound(call: dict[str, Any]) -> bool:
    texts = all(isinstance(call.get(key), str) for key in ("file", "name", "entry", "exception"))
    setup, result = call.get("setup"), call.get("result")
    listed = isinstance(setup, list) and all(isinstance(line, str) for line in setup)
    named = texts and all(part.isidentifier() for part in call["name"].split("."))
    return named and listed and (result is None or isinstance(result, str) and is_literal(result))


def programs(
    repository: Repository, modules: dict[str, Path], told: Iterator[dict[str, Any]], counts: Counter[str]
) -> Iterator[Found]:
    """Of the calls."""
    names = {str(path): name for name, path in modules.items()}
    for call in told:
        name = names.get(call["file"])
        module = repository.module(name) if name else None
        if name is None or module is None:
            counts["left out: a module that does not parse"] += 1
            continue
        try:
            taken = _extracted(repository, module, call)
        except Left as left:
            counts[f"left out: {left}"] += 1
            continue
        if not short(taken.source, taken.entry):
            counts["left out: too long"] += 1
            continue
        value = call["result"]
        expected = Expected(value or "", call["exception"], value_only=value is not None)
        yield Found(f"{name}.{call['name']}", taken.source, taken.entry, expected, False, taken.home)


def _extracted(repository: Repository, module: Module, call: dict[str, Any]) -> Extract:
    """The call's program; the result of a method is asked of `it`, which the statements before the call make."""
    try:
        statements = ast.parse("\n".join(call["setup"])).body
        entry = ast.parse(call["entry"], mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Left("not Python") from None
    return extract(repository, Example(module, statements, entry, {}), entry)


@cache
def _text(file: str) -> str:
    return (Path(__file__).with_name("inside") / file).read_text(encoding="utf-8")
