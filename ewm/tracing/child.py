"""The forked child: runs programs, body then entry, and leaves what happened in the shared record.

Ends by os._exit, so that atexit handlers, destructors and threads of a program get no turn. The program's standard
streams are objects, not file descriptors. Several programs share a child only if `purity` lets them and each comes to a
clean end; any other one is left to a child of its own, so that the result is the same either way.
"""

from __future__ import annotations

import builtins
import io
import os
import sys
import time
from collections.abc import Callable
from resource import RUSAGE_SELF, getrusage
from types import ModuleType
from typing import Any

from ewm.tracing.policy import Watch
from ewm.tracing.purity import pure
from ewm.tracing.record import Record
from ewm.tracing.snapshot import exception_text, make_render
from ewm.tracing.tracer import lost, make_trace, overflowed, own_codes

FILE = "<ewm-program>"
RECURSION = 1000  # Python's own default
CLEAN = frozenset(("ok", "exception", "exit", "syntax_error"))
STREAMS = (sys.__stdin__, sys.__stdout__, sys.__stderr__)  # kept: to destroy them costs a child copied pages
_exit = os._exit
_now, _cpu = time.monotonic, time.thread_time  # with RLIMIT_CPU the process clock goes by ticks


def _depth() -> int:
    """Frames below the caller, itself included: the program's stack starts there."""
    frame, depth = sys._getframe(1), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1  # type: ignore[assignment, misc]
    return depth


def _oracle(texts: dict[str, str], source: str, namespace: dict[str, Any], put: Callable[[list[Any]], None]) -> Any:
    """The program as the oracle wants it run; its modules come with the request, since few runs need them."""
    for name, text in texts.items():
        module = sys.modules["ewm.tracing." + name] = ModuleType("ewm.tracing." + name)
        module.__dict__["__builtins__"] = dict(vars(builtins))
        exec(compile(text, f"<{name}>", "exec", dont_inherit=True), module.__dict__)
    ours = {name: vars(sys.modules.pop("ewm.tracing." + name)) for name in texts}
    ours["recorder"]["install"](namespace, put)
    return ours["instrument"]["prepare"](source, FILE)


class Output(io.StringIO):
    """The program's stdout: every write goes to the record, up to the cap."""

    def __init__(self, put: Callable[[str], None]):
        super().__init__()
        self._put = put

    def write(self, text: str) -> int:
        if type(text) is not str:
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        if text:
            self._put(text)
        return len(text)


class Quiet(io.StringIO):
    """The program's stderr: dropped."""

    def write(self, text: str) -> int:
        return len(text)


def run_all(requests: list[dict[str, Any]], limits: dict[str, Any], memory: Any) -> None:
    """Run the requests one after the other and exit."""
    watch = Watch(FILE)
    kept: list[Any] = []  # nothing of a program is destroyed while another one runs
    most = getrusage(RUSAGE_SELF).ru_maxrss + limits["memory_mb"] * 256  # KiB: a quarter of the limit
    for slot, request in enumerate(requests):
        kept.append(_Run(request, limits, memory, slot, watch, alone=len(requests) == 1).run())
        if getrusage(RUSAGE_SELF).ru_maxrss > most:
            break
    _exit(0)


class _Run:
    """One program in this child."""

    def __init__(
        self, request: dict[str, Any], limits: dict[str, Any], memory: Any, slot: int, watch: Watch, alone: bool
    ):
        self.request, self.limits, self.watch, self.alone = request, limits, watch, alone
        self.began, self.cpu = _now(), _cpu()
        self.record = Record(memory, slot, lambda: self.stop("event_limit"))
        self.max_chars = limits["max_chars"]
        self.render, self.was_cut = make_render(limits["max_elements"], self.max_chars, limits["max_depth"])
        self.count = self.printed = 0
        sys.stdin, sys.stdout, sys.stderr = io.StringIO(request["stdin"]), Output(self.put_output), Quiet()
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[assignment, misc]

    def end(self, status: str, error: dict[str, str] | None = None, result: str | None = None) -> None:
        """Write the closing text. Without a clean end this child is used up."""
        if not self.alone and status not in CLEAN:
            self.record.give_up()
            _exit(0)
        cut = self.was_cut() or status in ("event_limit", "output_limit")
        self.record.close(["end", status, error, result, cut], _now() - self.began, _cpu() - self.cpu)
        if self.alone:
            _exit(0)

    def stop(self, status: str, message: str = "") -> None:
        """End in the middle of the program: does not return."""
        self.end(status, {"type": status, "message": message} if message else None)
        _exit(0)

    def put_output(self, text: str) -> None:
        room = self.limits["max_output"] - self.printed
        self.printed += len(text)
        self.record.put(["out", text[: max(0, room)]])
        if len(text) > room:
            self.stop("output_limit")

    def put_event(self) -> Callable[[list[Any]], None]:
        put, most, count = self.record.put, self.limits["max_events"], 0

        def put_event(row: list[Any]) -> None:
            nonlocal count
            if count >= most:
                self.stop("event_limit")
            count += 1
            put(row)

        return put_event

    def run(self) -> dict[str, Any] | None:
        """Compile and run; the namespace, to be kept alive."""
        module = ModuleType("__main__")
        namespace = module.__dict__
        namespace["__builtins__"] = sys.modules["builtins"]
        sys.modules["__main__"] = module
        source, call = self.request["source"], self.request["entry"]
        try:
            code = compile(source, FILE, "exec", dont_inherit=True)
            entry = compile(call, "<entry>", "eval", dont_inherit=True) if call else None
            codes = own_codes(code)
            if not self.alone and not pure([*codes.values(), *(own_codes(entry).values() if entry else ())]):
                self.record.give_up()
                return None
            put, notice = self.put_event(), self.watch.notice
            if self.request.get("oracle"):
                code = _oracle(self.request["oracle"], source, namespace, put)
            tools = make_trace(source, codes, namespace, self.render, put, self.max_chars, self.stop, notice)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
            self.end("syntax_error", exception_text(error, self.render, self.max_chars))
            return None
        self.execute(code, entry, namespace, *tools)
        return namespace

    def execute(self, code: Any, entry: Any, namespace: dict[str, Any], trace: Any, finish: Any, begin: Any) -> None:
        """Body, then entry, then the closing text."""
        tracing, body = not self.request["plain"], self.limits["body"] or entry is None
        caught: BaseException | None = None
        value: Any = None
        sys.setrecursionlimit(RECURSION + _depth())
        self.watch.refused = ""
        try:
            if tracing and body:
                sys.settrace(trace)
            self.watch.start(lambda what: self.stop("policy", what))
            exec(code, namespace)
            if entry is not None:
                begin()
                if tracing and not body:
                    self.watch.stop()
                    sys.settrace(trace)
                    self.watch.start(lambda what: self.stop("policy", what))
                value = eval(entry, namespace)
        except BaseException as error:
            caught = error
        gone = tracing and (lost(trace) or overflowed(caught))
        self.watch.stop()
        sys.settrace(None)
        self.close(caught, gone, value, entry is not None, finish)

    def close(self, caught: BaseException | None, gone: bool, value: Any, called: bool, finish: Any) -> None:
        shown = result = None
        try:
            finish(caught)
            if caught is not None:
                shown = exception_text(caught, self.render, self.max_chars)
                if issubclass(type(caught), OSError):
                    self.watch.notice(caught)  # type: ignore[arg-type]
            elif called:
                result = self.render(value)
        except MemoryError:
            return self.end("memory")
        if isinstance(caught, MemoryError):
            return self.end("memory", shown)
        if gone:
            return self.end("trace_lost", shown)
        if self.watch.refused:  # whatever came of it is the sandbox's doing
            return self.end("policy", shown or {"type": "policy", "message": self.watch.refused}, result)
        if isinstance(caught, SystemExit):
            return self.end("exit", shown)
        return self.end("ok" if caught is None else "exception", shown, result)
