"""One runner for the whole folder, and the short way to write expected events."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing import Runner, Trace


@pytest.fixture(scope="session")
def runner() -> Iterator[Runner]:
    with Runner(TraceConfig(workers=1)) as runner:
        yield runner


@pytest.fixture
def trace(runner: Runner) -> Callable[..., Trace]:
    return lambda source, entry=None, stdin="": runner.trace(Program(source, entry, stdin))


def short(trace: Trace) -> list[str]:
    """One line an event: `depth kind line {state} value`, functions left out of the state."""
    rows = []
    for e in trace.events:
        state = " ".join(f"{k}={v}" for k, v in e.locals.items() if not v.startswith("<"))
        value = e.value["type"] if isinstance(e.value, dict) else e.value or ""
        outer = " ".join(f"global {k}={v}" for k, v in e.globals.items() if not v.startswith("<"))
        kind = "unwind" if e.unwound else e.kind
        rows.append(" ".join(filter(None, [str(e.depth), kind, str(e.line), state, outer, value and f"-> {value}"])))
    return rows


_CHANGED = """\
import sys
FOLDER = {folder!r}
space = {{"__name__": "zygote"}}
exec(compile(open(FOLDER + "/zygote.py").read(), "zygote.py", "exec"), space)
whole = space["load"]
def load(folder, names):
    modules = whole(folder, names)
    at = dict(zip(names, modules))
{after}
    return modules
space["load"] = load
{before}
space["main"](FOLDER)
"""


@pytest.fixture
def change_zygote(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Zygotes that run `before` at their start, and `after` when their modules (`at`, by name) are loaded."""

    def change(before: str = "", after: str = "") -> None:
        import ewm.tracing.runner

        folder = str(Path(ewm.tracing.runner.__file__).parent)
        body = "\n".join("    " + line for line in after.splitlines())
        (tmp_path / "zygote.py").write_text(_CHANGED.format(folder=folder, before=before, after=body))
        monkeypatch.setattr("ewm.tracing.worker.ZYGOTE", tmp_path / "zygote.py")

    return change


def family_of(pid: int) -> list[int]:
    found = [pid]
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += family_of(int(child))
    return found


def wait_for_the_end_of(family: list[int]) -> None:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(map(_alive, family)):
        time.sleep(0.02)
    assert not any(map(_alive, family))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def experiment(path: str) -> ModuleType:
    """A script of experiments/, as a module."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, Path(__file__).parents[2] / "experiments" / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
