"""Runs the tests of one file and prints, one JSON text a line, what became of them and the calls that were noted.

Standard input: {"folder", "package": its name if it is one, "file", "name", "paths", "conftests", "tests", "modules":
{name: text}}. Plain functions and classes, unittest's classes, parametrize, and fixtures (made anew for each test) of
the file and of conftest.py files.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import io
import itertools
import json
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

sys.setrecursionlimit(3000)  # each noted call takes two frames
out = sys.stdout


def say(*row: Any) -> None:
    out.write(json.dumps(row) + "\n")


def main() -> None:
    about = json.loads(sys.stdin.read())
    for name, text in about["modules"].items():
        module = sys.modules[name] = ModuleType(name)
        exec(compile(text, f"<{name}>", "exec", dont_inherit=True), module.__dict__)
    pytest: Any = sys.modules["pytest"]
    sys.path.extend(about["paths"])
    tests = set(about["tests"])
    inside = (about["folder"] + "/").replace("//", "/")
    capture = sys.modules["mine_capture"].Capture(
        lambda file: file.startswith(inside) and file not in tests, lambda call: say("call", call)
    )
    try:
        with quiet():
            if about["package"]:
                load_package(about["package"], about["folder"])
            fixtures: dict[str, Any] = {}
            for name, file in about["conftests"]:
                fixtures |= {f.name: f for f in found(load(name, file), pytest.Fixture)}
            module = load(about["name"], about["file"])
            fixtures |= {f.name: f for f in found(module, pytest.Fixture)}
            capture.install()
    except (Exception, pytest.Skipped, pytest.Failed, SystemExit) as error:
        say("file", f"{type(error).__name__}: {error}"[:200])
        return
    for name, run in collected(module, fixtures, pytest):
        capture.install()
        try:
            with quiet():
                run()
            say("test", name, "passed")
        except (Exception, pytest.Failed, SystemExit) as error:
            say("test", name, f"failed: {type(error).__name__}")
        except pytest.Skipped:
            say("test", name, "skipped")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def load(name: str, file: str) -> ModuleType:
    """As part of its package where that can be imported, else alone."""
    try:
        module = importlib.import_module(name)
        if getattr(module, "__file__", None) == file:
            return module
    except ModuleNotFoundError as error:
        if error.name is not None and not name.startswith(error.name):
            raise
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_package(name: str, folder: str) -> None:
    """What lies beside the folder may not be read, so that no import would find it."""
    spec = importlib.util.spec_from_file_location(name, f"{folder}/__init__.py", submodule_search_locations=[folder])
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


def found(module: Any, kind: type) -> list[Any]:
    return [value for value in vars(module).values() if isinstance(value, kind)]


def collected(module: ModuleType, fixtures: dict[str, Any], pytest: Any) -> Iterator[tuple[str, Any]]:
    """(name, what runs it), in order of the text."""
    marks = getattr(module, "pytestmark", [])
    marks = marks if isinstance(marks, list) else [marks]
    unittest: Any = sys.modules.get("unittest")
    for name, value in list(vars(module).items()):
        if isinstance(value, FunctionType) and name.startswith("test"):
            yield from cases(name, value, None, marks, fixtures, pytest)
        elif unittest and isinstance(value, type) and issubclass(value, unittest.TestCase):
            for test in unittest.defaultTestLoader.getTestCaseNames(value):
                yield f"{name}.{test}", value(test).debug
        elif isinstance(value, type) and name.startswith("Test"):
            own = {f.name: f for base in reversed(value.__mro__) for f in found(base, pytest.Fixture)}
            for base in reversed(value.__mro__):
                for test, function in list(vars(base).items()):
                    if isinstance(function, FunctionType) and test.startswith("test"):
                        more = [*marks, *getattr(value, "pytestmark", [])]
                        yield from cases(f"{name}.{test}", function, value, more, fixtures | own, pytest)


def cases(
    name: str, function: Any, kind: Any, marks: list[Any], fixtures: dict[str, Any], pytest: Any
) -> Iterator[tuple[str, Any]]:
    """The test once for each combination of its parameters and of those of its fixtures."""
    marks = [*marks, *getattr(function, "pytestmark", [])]
    axes = [list(values(mark, pytest)) for mark in marks if mark.name == "parametrize"]
    given = {key for axis in axes for row in axis[:1] for key in row}
    wanted = [key for key in inspect.signature(function).parameters if key != "self" or kind is None]
    used = needed([*wanted, *(f.name for f in fixtures.values() if f.autouse)], fixtures, given)
    if inspect.iscoroutinefunction(function) or any(key not in fixtures and key not in given for key in used):
        yield name, pytest.skip
        return
    if any(mark.name == "skip" or mark.name == "skipif" and mark.args and mark.args[0] for mark in marks):
        yield name, pytest.skip
        return
    many = [key for key in used if key not in given and len(fixtures[key].params) > 1]
    chosen = itertools.product(*axes, *([{f"={key}": value} for value in fixtures[key].params] for key in many))
    for number, parts in enumerate(chosen):
        row = {key: value for part in parts for key, value in part.items()}
        yield f"{name}[{number}]", Case(function, kind, wanted, used, row, fixtures)


def values(mark: Any, pytest: Any) -> Iterator[dict[str, Any]]:
    names, rows = (*mark.args, mark.kwargs.get("argvalues"))[:2]
    keys = [name.strip() for name in names.split(",") if name.strip()] if isinstance(names, str) else list(names)
    for row in rows:
        if isinstance(row, pytest.Param):
            if any(getattr(m, "name", "") in ("skip", "xfail") for m in row.marks):
                continue
            yield dict(zip(keys, row.values, strict=True))
        else:
            yield dict(zip(keys, (row,) if len(keys) == 1 else row, strict=True))


def needed(names: list[str], fixtures: dict[str, Any], given: set[str]) -> list[str]:
    """These and what fixtures ask for in turn, what is needed first first."""
    done: dict[str, None] = {}

    def visit(name: str, open: tuple[str, ...]) -> None:
        if name in done or name in open or name == "request":
            return
        if name in fixtures and name not in given:
            for other in inspect.signature(fixtures[name].function).parameters:
                if other != "self":
                    visit(other, (*open, name))
        done.setdefault(name)

    for name in names:
        visit(name, ())
    return list(done)


class Request:
    def __init__(self, param: Any) -> None:
        self.param = param


class Case:
    """One run of a test function."""

    def __init__(
        self, function: Any, kind: Any, wanted: list[str], used: list[str], row: dict[str, Any], fixtures: Any
    ) -> None:
        self.function, self.kind, self.wanted, self.used, self.row = function, kind, wanted, used, row
        self.fixtures = fixtures

    def __call__(self) -> None:
        instance = self.kind() if self.kind is not None else None
        made: dict[str, Any] = {key: value for key, value in self.row.items() if key[0] != "="}
        with contextlib.ExitStack() as closing:
            for before, after in (("setup_class", "teardown_class"), ("setup_method", "teardown_method")):
                if instance is not None and hasattr(instance, before):
                    call = getattr(instance, before)
                    call(*([self.function] * (len(inspect.signature(call).parameters) > 0)))
                if instance is not None and hasattr(instance, after):
                    call = getattr(instance, after)
                    closing.callback(call, *([self.function] * (len(inspect.signature(call).parameters) > 0)))
            for key in self.used:
                if key not in made:
                    made[key] = self.make(key, instance, made, closing)
            given = {key: made[key] for key in self.wanted}
            self.function(*([instance] * (instance is not None)), **given)

    def make(self, key: str, instance: Any, made: dict[str, Any], closing: contextlib.ExitStack) -> Any:
        fixture = self.fixtures[key]
        param = self.row.get(f"={key}", fixture.params[0])
        asked = inspect.signature(fixture.function).parameters
        known = {**made, "request": Request(param), "self": instance}
        value = fixture.function(**{name: known[name] for name in asked})
        if inspect.isgenerator(value):
            generator, value = value, next(value)
            closing.callback(lambda: next(generator, None))
        return value
