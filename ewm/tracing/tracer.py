"""Runs one program under sys.settrace and hands every event to `put`. Inside the child only.

A record is a list: [kind, line, function, depth, frame number, changed locals, gone names, changed globals, value,
unwound], with what changed since the last record of that frame; `decode` gives the full state back. Frames count as the
program's by their code object, so code made by exec, dataclasses or namedtuple is not traced. Comprehensions and
generator expressions are folded into the line that holds them. An exception that leaves its frame at once is one event.
A record waits until the next event if what follows decides about it (did the exception unwind the frame?).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from opcode import opmap
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from ewm.tracing.folding import first_lines
from ewm.tracing.snapshot import ATOMS, exception_text

STEADY = ATOMS | {FunctionType, ModuleType, BuiltinFunctionType, type}  # the same object has the same text, always
FOLDED = frozenset(("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"))
RETURNS = frozenset(opmap[name] for name in ("RETURN_VALUE", "RETURN_CONST") if name in opmap)
YIELDS = frozenset(opmap[name] for name in ("YIELD_VALUE",))
# after an exception Python adds instructions that are no statement; 3.11 gives them a wrong line
CLEANUP, THEN, AGAIN = opmap["COPY"], opmap["POP_EXCEPT"], opmap["RERAISE"]
DRAINS = frozenset(
    opmap[name] for name in ("FOR_ITER", "SEND", "END_FOR") if name in opmap
)  # StopIteration is their end
_NONE = object()


class Frame:
    """What is known of one running frame of the program."""

    __slots__ = ("error", "first", "last", "name", "number", "odd", "ops", "raw", "start", "texts", "values")

    def __init__(self, number: int, name: str, code: CodeType, texts: dict[str, str | None], values: dict[str, Any]):
        self.number, self.name, self.ops = number, name, code.co_code
        self.first, self.start = 0, -1  # statement under way, and the offset at which it began
        self.raw, self.last = 0, -1  # in a loop on one line: line and offset of the last event
        self.odd = (0, 0)  # a line that is none, and the statement under way then
        self.texts, self.values = texts, values
        self.error: Any = None  # the last exception seen here


def own_codes(code: CodeType) -> dict[int, CodeType]:
    """Every code object of the program, by id; the caller keeps them alive."""
    found = {id(code): code}
    stack = [code]
    while stack:
        for const in stack.pop().co_consts:
            if type(const) is CodeType and id(const) not in found:
                found[id(const)] = const
                stack.append(const)
    return found


def make_trace(
    source: str,
    codes: dict[int, CodeType],
    namespace: dict[str, Any],
    render: Callable[[Any], str],
    put: Callable[[list[Any]], None],
    max_chars: int,
    give_up: Callable[[str], None],
    notice: Callable[[OSError, Any], None],
) -> tuple[Callable[..., Any], Callable[[BaseException | None], None], Callable[[], None]]:
    """(trace function for sys.settrace, flush(final exception), begin the entry call)."""
    firsts, shared, idle = first_lines(source)
    frames: dict[int, Frame] = {}  # by id of the frame object; generators stay while suspended
    module_texts: dict[str, str | None] = {}
    module_values: dict[str, Any] = {}
    numbers = 0
    depth = -1
    waiting: list[Any] | None = None  # an exception event not yet written
    waiting_frame = waiting_at = -1
    guessed = False  # the waiting exception's value is what the frame saw last: the next event knows better

    def diff(now: Any, texts: dict[str, str | None], values: dict[str, Any]) -> tuple[Any, Any]:
        changed: dict[str, str] | int = 0
        for name, value in now.items():
            if values.get(name, _NONE) is value:
                continue
            if type(value) in STEADY:
                values[name] = value
            elif name in values:
                del values[name]
            if name[:2] == "__" == name[-2:] or name[:1] == ".":
                texts[name] = None
                continue
            text = render(value)
            if texts.get(name) != text:
                texts[name] = text
                if changed:
                    changed[name] = text  # type: ignore[index]
                else:
                    changed = {name: text}
        if len(texts) == len(now):
            return changed, 0
        gone = [name for name in texts if name not in now]
        for name in gone:
            texts.pop(name)
            values.pop(name, None)
        return changed, gone

    def record(kind: int, line: int, state: Frame, frame: Any, value: Any, unwound: int) -> list[Any]:
        if state.number:
            outer, lost = diff(namespace, module_texts, module_values)
            if lost:
                outer = {**(outer or {}), **dict.fromkeys(lost, "")}
        else:
            outer = 0
        changed, gone = diff(frame.f_locals, state.texts, state.values)
        return [kind, line, state.name, depth, state.number, changed, gone, outer, value, unwound]

    def flush() -> None:
        nonlocal waiting
        if waiting is not None:
            ready, waiting = waiting, None
            put(ready)

    def lose(error: BaseException) -> None:
        """The trace cannot go on: Python would drop it in silence."""
        sys.setrecursionlimit(10**5)  # room to say so
        give_up("memory" if isinstance(error, MemoryError) else "trace_lost")

    def local(frame: Any, event: str, arg: Any) -> Any:
        nonlocal waiting, waiting_frame, waiting_at, guessed, depth
        try:
            state = frames[id(frame)]
            raw = frame.f_lineno
            line = firsts.get(raw, raw)
            if event == "line":
                at = frame.f_lasti
                if line == state.first and at > state.start >= 0:
                    if line not in shared:
                        return local  # still the same statement
                    again, state.raw, state.last = raw == state.raw or at <= state.last, raw, at
                    if not again:
                        return local  # another line of it, not another round
                op = state.ops[at]
                if (op == AGAIN and raw not in idle) or (op == CLEANUP and state.ops[at + 2] == THEN):
                    state.odd = raw, state.start
                    return local
                state.first, state.start, state.raw, state.last = line, at, raw, at
                if waiting is not None:
                    flush()
                put(record(1, line, state, frame, 0, 0))
            elif event == "return":
                at = frame.f_lasti
                op = state.ops[at]
                if arg is not None:
                    ends = op not in YIELDS
                    raised = False
                elif op in RETURNS:
                    ends, raised = True, False
                elif op in YIELDS and not (waiting is not None and waiting_frame == state.number and waiting_at == at):
                    ends, raised = False, False
                else:
                    ends, raised = True, True
                if not raised:
                    if waiting is not None:
                        flush()
                    put(record(2 if ends else 3, line, state, frame, render(arg), 0))
                elif waiting is not None and waiting_frame == state.number:
                    waiting[9] = 1  # written with the next event
                else:  # a finally clause or a failed handler raises again, without an exception event
                    if state.odd == (raw, state.start):
                        line = state.first
                    if waiting is not None:
                        flush()
                    waiting, guessed = record(4, line, state, frame, state.error, 1), True
                depth -= 1
                if ends:
                    del frames[id(frame)]
            elif event == "exception":
                if arg[0] is StopIteration and state.ops[frame.f_lasti] in DRAINS:
                    return local
                error = exception_text(arg[1], render, max_chars)
                if issubclass(arg[0], OSError):
                    notice(arg[1], arg[2])
                if overflowed(arg[1]):  # then the callback of the innermost frame had no room either
                    raise arg[1]
                if waiting is not None:
                    if guessed:
                        waiting[8] = error  # what left the inner frame is what arrives here
                    flush()
                state.error = error
                waiting_frame, waiting_at = state.number, frame.f_lasti
                waiting, guessed = record(4, line, state, frame, error, 0), False
            return local
        except BaseException as error:
            lose(error)
            raise

    def enter(frame: Any, event: str, arg: Any) -> Any:
        nonlocal numbers, depth
        code = frame.f_code
        if id(code) not in codes or code.co_name in FOLDED:
            return None
        try:
            depth += 1
            state = frames.get(id(frame)) if frame.f_trace is not None else None
            if state is None:
                if numbers == 0 and frame.f_locals is namespace:
                    if not firsts:
                        return None  # no statement: Python would report a line 0
                    frames[id(frame)] = Frame(0, code.co_name, code, module_texts, module_values)
                    return local
                numbers += 1
                state = frames[id(frame)] = Frame(numbers, code.co_name, code, {}, {})
            if waiting is not None:
                flush()
            raw = frame.f_lineno
            put(record(0, firsts.get(raw, raw), state, frame, 0, 0))
            return local
        except BaseException as error:
            lose(error)
            raise

    def finish(error: BaseException | None) -> None:
        if waiting is not None and guessed and error is not None:
            waiting[8] = exception_text(error, render, max_chars)
        flush()

    def begin_entry() -> None:
        nonlocal depth
        depth = 0
        diff(namespace, module_texts, module_values)  # what the body left is known, traced or not

    return enter, finish, begin_entry


def overflowed(error: BaseException | None) -> bool:
    """The stack was used up, not just said to be: such a run always misses events."""
    text = error.args[0] if type(error) is RecursionError and error.args else None
    return type(text) is str and text.startswith("maximum recursion depth exceeded")


def lost(trace: Callable[..., Any]) -> bool:
    """Python dropped the trace function: it raised (RecursionError, MemoryError) or the program removed it."""
    return sys.gettrace() is not trace
