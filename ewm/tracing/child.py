"""The forked child: runs programs, body then entry, and leaves what happened in the shared record.

Ends by os._exit, so that atexit handlers, destructors and threads of a program get no turn. The program's standard
streams are objects, not file descriptors. Several programs share a child only if `purity` lets them and each comes to a
clean end; any other one is left to a child of its own, so that the result is the same either way.
"""

from __future__ import annotations

import builtins
import os
import sys
import time
from collections.abc import Callable
from mmap import mmap
from resource import RUSAGE_SELF, getrusage
from types import ModuleType
from typing import Any

from ewm.tracing.assign import Assignments
from ewm.tracing.memory import settle
from ewm.tracing.policy import Watch
from ewm.tracing.purity import ADDRESS_WORDS, State, imports, looks_at_addresses, pure
from ewm.tracing.record import SETTLE, Record
from ewm.tracing.snapshot import exception_text, make_render
from ewm.tracing.streams import make_streams
from ewm.tracing.tracer import lost, make_trace, overflowed, own_codes

FILE = "<ewm-program>"
SPARE = 8  # MiB that the programs before may hold
WARM = 12  # runs after which the interpreter has specialised what it will
RECURSION = 1000  # Python's own default
CLEAN = frozenset(("ok", "exception", "exit", "syntax_error"))
STREAMS = (sys.__stdin__, sys.__stdout__, sys.__stderr__)  # kept: to destroy them costs a child copied pages
_exit = os._exit
_settrace, _set_limit = sys.settrace, sys.setrecursionlimit  # the program may put others there
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
        module = sys.modules[name] = ModuleType(name)
        module.__dict__["__builtins__"] = dict(vars(builtins))
        exec(compile(text, f"<ewm>/{name.rpartition('.')[2]}.py", "exec", dont_inherit=True), module.__dict__)
    ours = {name: vars(sys.modules.pop(name)) for name in texts}
    ours["ewm.tracing.recorder"]["install"](namespace, put)
    return ours["ewm.tracing.instrument"]["prepare"](source, FILE)


SAMPLE = """
import math, string, heapq, bisect, copy, typing, re, collections, functools, itertools, operator
class A:
    def __init__(self, n):
        self.n = n
def f(xs, text='a b'):
    total, seen = 0, {}
    for i, x in enumerate(xs):
        if x % 2 == 0 and x not in seen:
            total += x * i
            seen[x] = str(x)
        else:
            total = total - 1
    while total > 100:
        total //= 2
    try:
        words = sorted(text.split(), key=lambda w: -len(w))
        int(words[0])
    except ValueError as error:
        print(f'{error!r:>8}', total, sep=', ')
    finally:
        pairs = [(a, b) for a, b in seen.items() if b.isdigit()]
    return ''.join(c.upper() for c in text), pairs, tuple(xs[1:]), {len(w) for w in words}, A(total).n
"""


class Child:
    """Everything that a child needs, made in the zygote: what is made before the fork costs a child no page."""

    def __init__(self, limits: dict[str, Any], memory: Any):
        self.limits, self.max_chars = limits, limits["max_chars"]
        self.watch = Watch(FILE, limits["paths"])
        self.record = Record(memory, lambda: self.stop("event_limit"))
        self.render, self.was_cut, self.forget = make_render(
            limits["max_elements"], self.max_chars, limits["max_depth"]
        )
        self.tracer = make_trace(self.render, self.record.event, self.max_chars, self.stop, self.watch.notice)
        self.refuse = lambda what: self.stop("policy", what)
        self.make_streams = make_streams()
        self.streams, self.fed = self.make_streams("", self.put_output), False
        self.state = State()
        self.kept: list[Any] = []
        self.alone = self.settled = True
        self.printed = 0
        self.began = self.cpu = 0.0

    def warm_up(self, times: int = WARM) -> None:
        """Run a program of our own in the zygote, so that children find in use what they will use."""
        streams, main = (sys.stdin, sys.stdout, sys.stderr), sys.modules["__main__"]
        depth, limits = sys.getrecursionlimit(), self.limits
        self.limits = {**limits, "max_events": 10**6, "max_output": 10**6}
        for source, call in [(SAMPLE, "f([3, 4, 4, 8])"), ("x = (1,\n 2)\n", None)] * times:
            self.run(
                {"source": source, "entry": call, "stdin": "", "plain": False, "edits": []},
                0,
                alone=False,
                trusted=True,
            )
        sys.stdin, sys.stdout, sys.stderr = streams
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = STREAMS  # type: ignore[assignment, misc]
        sys.modules["__main__"] = main
        sys.setrecursionlimit(depth)
        self.limits = limits
        self.tracer.start("0", {}, {})
        self.forget()

    def run_all(self, requests: list[dict[str, Any]], settled: bool = False) -> None:
        """Run the requests one after the other and exit."""
        if settled:
            self.warm_up(times=1)  # what the zygote had at work is replaced
        self.settled = settled
        if len(requests) == 1:
            _run(self, requests[0], 0, alone=True)
            _exit(0)
        kept = self.kept  # nothing of a program is destroyed while another one runs
        most = getrusage(RUSAGE_SELF).ru_maxrss + self.limits["memory_mb"] * 256  # KiB: a quarter of the limit
        for slot, request in enumerate(requests):
            kept.append(_run(self, request, slot, alone=False))
            if getrusage(RUSAGE_SELF).ru_maxrss > most:
                break
        if not self.room():  # those after the first may have had too little of it
            self.record.give_up_after_first(len(requests))
        _exit(0)

    def room(self) -> bool:
        """There is as much memory for the next program as there was for the first, but for a little."""
        try:
            mmap(-1, max(1, self.limits["memory_mb"] - SPARE) << 20).close()
        except (OSError, MemoryError, ValueError):
            return False
        return True

    def end(self, status: str, error: dict[str, str] | None = None, result: str | None = None) -> None:
        """Write the closing text. Without a clean end this child is used up."""
        if not self.alone and status not in CLEAN:
            self.record.give_up()
            _exit(0)
        said = f"{result} {error['message'] if error else ''}"
        if not self.settled and (self.record.shows_address() or " at 0x" in said):
            self.record.give_up(SETTLE)
            if self.alone:
                _exit(0)
            return
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

    def begin(self, stdin: str, slot: int, alone: bool) -> None:
        """Nothing of the program before is left."""
        self.alone = alone
        self.began, self.cpu = _now(), _cpu()
        self.record.begin(slot, self.limits["max_events"])
        self.printed = 0
        self.forget(pure=not alone)
        if not alone:
            _set_limit(RECURSION)  # what the program before ran under; compile() counts too
        if stdin or self.fed:  # else nobody used these; of a pure program print and input at the end leave no mark
            self.streams = self.make_streams(stdin, self.put_output)
        self.fed = bool(stdin)
        sys.stdin, sys.stdout, sys.stderr = self.streams
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc, assignment]

    def run(self, request: dict[str, Any], slot: int, alone: bool, trusted: bool = False) -> dict[str, Any] | None:
        """Compile and run; the namespace, to be kept alive. To run beside others a program must be pure."""
        _begin(self, request["stdin"], slot, alone)
        module = ModuleType("__main__")
        namespace = module.__dict__
        namespace["__builtins__"] = sys.modules["builtins"]
        sys.modules["__main__"] = module
        source, call = request["source"], request["entry"]
        try:
            code = compile(source, FILE, "exec", dont_inherit=True)
            entry = compile(call, "<entry>", "eval", dont_inherit=True) if call else None
            codes = own_codes(code)
            parts = [*codes.values(), *(own_codes(entry).values() if entry else ())]
            if not self.settled and ADDRESS_WORDS.search(f"{source} {call}") and looks_at_addresses(parts):
                self.record.give_up(SETTLE)
                return None
            if not (alone or trusted or pure(parts)):
                self.record.give_up()
                return None
            if oracle := request.get("oracle"):
                code = _oracle(oracle, source, namespace, self.record.event)
            edits = request["edits"]
            edit = Assignments(edits, self.record.events, self.stop).at if edits else None
            self.tracer.start(source, codes, namespace, edit, pure=not alone)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
            self.end("syntax_error", exception_text(error, self.render, self.max_chars))
            return None
        _execute(self, code, entry, namespace, tracing=not request["plain"])
        if not alone and self.state.changed(imports(parts)):  # `pure` was wrong: a child of its own tells what is true
            self.record.give_up()
            _exit(0)
        return namespace

    def execute(self, code: Any, entry: Any, namespace: dict[str, Any], tracing: bool) -> None:
        """Body, then entry, then the closing text."""
        begun = False  # the trace
        body, trace, watch = self.limits["body"] or entry is None, self.tracer.enter, self.watch
        caught: BaseException | None = None
        value: Any = None
        ground = settle() if self.settled and self.alone else None  # noqa: F841  kept as long as the program runs
        limit = RECURSION + _depth()
        _set_limit(limit)
        watch.refused = ""
        try:
            if tracing and body:
                begun = True
                _settrace(trace)
            watch.start(self.refuse)
            exec(code, namespace)
            if entry is not None:
                self.tracer.begin_entry()
                if tracing and not body:
                    watch.stop()
                    begun = True
                    _settrace(trace)
                    watch.start(self.refuse)
                value = eval(entry, namespace)
        except BaseException as error:
            caught = error
        _set_limit(limit)  # the program may have left none
        gone = begun and (lost(trace) or overflowed(caught))
        watch.stop()
        _settrace(None)
        _close(self, caught, gone, value, entry is not None)

    def close(self, caught: BaseException | None, gone: bool, value: Any, called: bool) -> None:
        shown = result = None
        try:
            self.tracer.finish(caught)
            if caught is not None:
                shown = exception_text(caught, self.render, self.max_chars)
                if issubclass(type(caught), OSError):
                    self.watch.notice(caught)  # type: ignore[arg-type]
            elif called:
                result = self.render(value)
            if not self.alone and (caught is not None or (result is not None and "<" in result)):
                self.kept.append((value, caught))  # else what they hold is destroyed, and may speak, after the end
        except MemoryError:
            return _end(self, "memory")
        if issubclass(type(caught), MemoryError):
            return _end(self, "memory", shown)
        if gone:
            return _end(self, "trace_lost", shown)
        if self.watch.refused:  # whatever came of it is the sandbox's doing
            return _end(self, "policy", shown or {"type": "policy", "message": self.watch.refused}, result)
        if issubclass(type(caught), SystemExit):
            return _end(self, "exit", shown)
        return _end(self, "ok" if caught is None else "exception", shown, result)


# as functions: a sealed method takes one level more of the program's stack, and touches more memory
_run, _execute, _begin, _close, _end = Child.run, Child.execute, Child.begin, Child.close, Child.end
