"""The forked child: runs one program, body then entry, and leaves what happened in the shared record.

The record is a sequence of JSON texts, each followed by a comma, committed by writing the length of the whole into the
head; a kill keeps what was committed. Never returns: the child ends by os._exit, so atexit handlers, destructors and
threads of the program get no turn. The program's standard streams are objects, not file descriptors.
"""

from __future__ import annotations

import io
import os
import sys
from _json import encode_basestring_ascii, make_encoder  # type: ignore[attr-defined]
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ewm.tracing.policy import watch
from ewm.tracing.snapshot import exception_text, make_render
from ewm.tracing.tracer import lost, make_trace

HEAD = 8  # bytes of the committed length
FILE = "<ewm-program>"
_exit = os._exit


class Record:
    """Appends JSON to the shared memory."""

    def __init__(self, memory: Any, full: Callable[[], None]):
        self.memory, self.used, self.room, self.full = memory, 0, len(memory) - HEAD - 4096, full
        self.encode: Any = make_encoder(None, str, encode_basestring_ascii, None, ":", ",", False, False, True)

    def put(self, row: list[Any], last: bool = False) -> None:
        data = "".join(self.encode(row, 0)).encode("ascii") + b","
        start, end = self.used, self.used + len(data)
        if end > self.room and not last:
            self.full()
        if end > self.room + 4096:
            return
        self.memory[HEAD + start : HEAD + end] = data
        self.memory[0:HEAD] = end.to_bytes(HEAD, "little")
        self.used = end


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


def run(request: dict[str, Any], memory: Any) -> None:
    """Run the request's program under the tracer and exit."""
    limits = request["limits"]
    max_events, max_output, max_chars = limits["max_events"], limits["max_output"], limits["max_chars"]
    render, was_cut = make_render(limits["max_elements"], max_chars, limits["max_depth"])
    count = printed = 0
    tracing = not request.get("plain")

    def end(status: str, error: dict[str, str] | None = None, result: str | None = None) -> None:
        cut = was_cut() or status in ("event_limit", "output_limit")
        record.put(["end", status, error, result, cut], last=True)
        _exit(0)

    def stop(status: str, message: str = "") -> None:
        end(status, {"type": status, "message": message} if message else None)

    record = Record(memory, lambda: stop("event_limit"))
    put_record = record.put

    def put(row: list[Any]) -> None:
        nonlocal count
        if count >= max_events:
            stop("event_limit")
        count += 1
        put_record(row)

    def put_output(text: str) -> None:
        nonlocal printed
        printed += len(text)
        if printed > max_output:
            put_record(["out", text[: max(0, max_output - printed + len(text))]])
            stop("output_limit")
        put_record(["out", text])

    sys.stdin, sys.stdout, sys.stderr = io.StringIO(request["stdin"]), Output(put_output), Quiet()
    module = ModuleType("__main__")
    sys.modules["__main__"] = module
    namespace = module.__dict__
    namespace["__builtins__"] = sys.modules["builtins"]
    try:
        code = compile(request["source"], FILE, "exec", dont_inherit=True)
        entry = compile(request["entry"], "<entry>", "eval", dont_inherit=True) if request["entry"] else None
        trace, finish, begin_entry = make_trace(request["source"], code, namespace, render, put, max_chars)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        end("syntax_error", exception_text(error, render, max_chars))
    caught: BaseException | None = None
    result: str | None = None
    try:
        if tracing and (limits["body"] or entry is None):
            sys.settrace(trace)
        release = watch(lambda what: stop("policy", what), FILE)
        exec(code, namespace)
        if entry is not None:
            begin_entry()
            if tracing and not limits["body"]:
                release()
                sys.settrace(trace)
                release = watch(lambda what: stop("policy", what), FILE)
            value = eval(entry, namespace)
    except BaseException as error:
        caught = error
    gone = tracing and lost(trace)
    release()
    sys.settrace(None)
    try:
        if caught is None and entry is not None:
            result = render(value)
        finish(caught)
        shown = exception_text(caught, render, max_chars) if caught is not None else None
    except MemoryError:
        end("memory")
    if gone:
        end("trace_lost", shown)
    if isinstance(caught, SystemExit):
        end("exit", shown)
    if isinstance(caught, MemoryError):
        end("memory", shown)
    end("ok" if caught is None else "exception", shown, result)
