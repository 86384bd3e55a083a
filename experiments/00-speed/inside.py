"""The other ways to run or trace a program, timed inside the tracer's own isolation. Started by speed.py.

Reads {"programs", "repeats", "level", "tracing", "packages", "memory_mb"} from stdin as JSON, writes {way: CPU seconds
of each pass over all programs} to stdout. A program is untrusted here too: every pass runs in a forked child under the
same limits, landlock and seccomp as a traced one; only the audit hook is left out, since no rival has one.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import io
import json
import os
import sys
import time
from collections.abc import Callable
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from types import ModuleType
from typing import Any

FILE = "<program>"
LIMITS = {"cpu_s": 600, "memory_mb": 256, "paths": [], "sys_path": []}


class Source:
    """A loader, so that PySnooper finds the lines that it shows."""

    def __init__(self, text: str):
        self.text = text

    def get_source(self, name: str) -> str:
        return self.text


def names_of(source: str) -> dict[str, Any]:
    return {"__name__": "program", "__builtins__": __builtins__, "__loader__": Source(source)}


def bare(source: str, entry: str | None) -> None:
    """Compile and run, no tracing: the floor of everything."""
    names = names_of(source)
    exec(compile(source, FILE, "exec"), names)
    if entry:
        eval(entry, names)


def by_repr(source: str, entry: str | None) -> None:
    """sys.settrace in the same process, every local rendered by repr at every line, JSON at the end."""
    events: list[Any] = []

    def trace(frame: Any, event: str, arg: Any) -> Any:
        if frame.f_code.co_filename != FILE:
            return None
        texts = {name: repr(value) for name, value in frame.f_locals.items() if name[:2] != "__"}
        events.append((event, frame.f_lineno, frame.f_code.co_name, texts, repr(arg) if event == "return" else None))
        return trace

    names = names_of(source)
    code = compile(source, FILE, "exec")
    sys.settrace(trace)
    try:
        exec(code, names)
        if entry:
            eval(entry, names)
    finally:
        sys.settrace(None)
    json.dumps(events)


def by_snooper(snoop: Any) -> Callable[[str, str | None], None]:
    """PySnooper around body and entry, its text kept in memory."""

    def run(source: str, entry: str | None) -> None:
        lines: list[str] = []
        names = names_of(source)
        code = compile(source, FILE, "exec")
        with snoop(output=lines.append, color=False, depth=1000):
            exec(code, names)
            if entry:
                eval(entry, names)

    return run


def spent(who: int) -> float:
    usage = getrusage(who)
    return usage.ru_utime + usage.ru_stime


def in_child(guard: Any, act: Callable[[], None]) -> float:
    """CPU seconds of `act` in one guarded child, fork and guard left out."""
    inlet, outlet = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            guard.enter_child()
            sys.stdout = sys.stderr = io.StringIO()
            began = time.thread_time()
            act()
            os.write(outlet, repr(time.thread_time() - began).encode())
        finally:
            os._exit(0)
    os.close(outlet)
    with open(inlet, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    return float(answer) if answer else float("nan")


def fork_floor(count: int) -> float:
    """CPU seconds of `count` forks that do nothing, in this slim process."""
    before = spent(RUSAGE_SELF) + spent(RUSAGE_CHILDREN)
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    return spent(RUSAGE_SELF) + spent(RUSAGE_CHILDREN) - before


def isolation_from(folder: str) -> ModuleType:
    """ewm.tracing.isolation as a zygote loads it, without the package."""
    spec = importlib.util.spec_from_file_location("zygote", os.path.join(folder, "zygote.py"))
    assert spec is not None
    assert spec.loader is not None
    zygote = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(zygote)
    loaded: dict[str, ModuleType] = dict(zip(zygote.NAMES, zygote.load(folder, zygote.NAMES), strict=True))
    return loaded["isolation"]


def main() -> None:
    request = json.load(sys.stdin)
    found = {"fork": [fork_floor(len(request["programs"])) for _ in range(request["repeats"])]}  # while this is slim
    ways: dict[str, Callable[[str, str | None], None]] = {"exec": bare, "repr": by_repr}
    sys.path += request["packages"]
    try:
        ways["pysnooper"] = by_snooper(importlib.import_module("pysnooper").snoop)
    except ImportError:
        pass
    guard = isolation_from(request["tracing"]).enter_zygote(
        {"limits": {**LIMITS, "memory_mb": request["memory_mb"]}, "isolation": request["level"]}
    )
    programs = [(row["source"], row["entry"]) for row in request["programs"]]
    gc.disable()

    def all_of(run: Callable[[str, str | None], None]) -> Callable[[], None]:
        def act() -> None:
            for source, entry in programs:
                try:
                    run(source, entry)
                except Exception:  # what a program raises is its own affair
                    continue

        return act

    for _ in range(request["repeats"]):  # side by side: a slow minute meets all of them
        for name, run in ways.items():
            found.setdefault(name, []).append(in_child(guard, all_of(run)))
    os.write(1, json.dumps(found).encode())


if __name__ == "__main__":
    main()
