"""Runs one program under sys.settrace and hands every event to `put`. Inside the child only.

A record is a list: [kind, line, function, depth, frame number, changed locals, gone names, changed globals, value,
unwound], with what changed since the last record of that frame; `decode` gives the full state back. Frames count as the
program's by their code object, so code made by exec, dataclasses or namedtuple is not traced. Comprehensions,
generator expressions and the scopes of type parameters are folded into the line that holds them. An exception that
leaves its frame at once is one event. A record waits until the next event if what follows decides about it (did the
exception unwind the frame?). What differs between versions of Python is in `versions`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from ewm.tracing.folding import first_lines
from ewm.tracing.sealing import opaque
from ewm.tracing.snapshot import ATOMS, exception_text
from ewm.tracing.versions import BACK, GENERATORS, OPTIMIZED, RERAISE, RETURNS, UNBEGUN, YIELDS, Code

STEADY = ATOMS | {BuiltinFunctionType}  # the same object has the same text, always
UNNAMED = STEADY | {FunctionType, ModuleType}  # if nobody can give them another name
PROXY = type((lambda: sys._getframe().f_locals)())  # from 3.13 on no dict
FOLDED = frozenset(("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "__annotate__"))  # the last: 3.14
_MRO = type.__dict__["__mro__"].__get__
_NONE = object()
_gettrace, _set_limit = sys.gettrace, sys.setrecursionlimit  # the program may put others there


class Frame:
    """What is known of one running frame of the program."""

    __slots__ = (
        "code",
        "error",
        "error_at",
        "first",
        "name",
        "number",
        "resting",
        "seen",
        "space",
        "start",
        "texts",
        "values",
    )

    def __init__(self, number: int, name: str, code: Code, texts: dict[str, str | None], values: dict[str, Any]):
        self.number, self.name, self.code = number, name, code
        self.first, self.start = 0, -1  # statement under way, and the offset at which it began
        self.texts, self.values = texts, values
        self.error: Any = None  # the last exception seen here,
        self.error_at = -1  # and where, until the next line
        self.seen = -1, -1  # line and offset of the last event where a loop and its body share a line
        self.resting = False  # has yielded
        self.space: Any = None  # the namespace of a module or class body: 3.13 hides it inside a comprehension


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


class Tracer(NamedTuple):
    """The tools of one child, used for one program after the other."""

    start: Callable[..., None]  # the next program: source, codes, namespace, edit(frame) before an event
    enter: Callable[..., Any]  # for sys.settrace
    begin_entry: Callable[[], None]
    finish: Callable[[BaseException | None], None]  # with the exception that ended the program


def make_trace(
    render: Callable[[Any], str],
    put: Callable[[list[Any]], None],
    max_chars: int,
    give_up: Callable[[str], None],
    notice: Callable[[OSError, Any], None],
) -> Tracer:
    """The functions share their state by closure: a lookup there is the cheapest there is."""
    firsts: dict[int, int] = {}
    shared: frozenset[int] = frozenset()
    withs: frozenset[int] = frozenset()
    idle: frozenset[int] = frozenset()
    known: dict[int, Code] = {}  # by id of the code object
    steady = STEADY
    codes: dict[int, CodeType] = {}
    namespace: dict[str, Any] = {}
    edit: Callable[[Any], Any] | None = None
    frames: dict[int, Frame] = {}  # by id of the frame object; generators stay while suspended
    module_texts: dict[str, str | None] = {}
    module_values: dict[str, Any] = {}
    numbers = 0
    depth = -1
    waiting: list[Any] | None = None  # an exception event not yet written
    waiting_frame = -1
    guessed = False  # the waiting exception's value is what the frame saw last: the next event knows better

    def start(
        source: str, own: dict[int, CodeType], names: dict[str, Any], change: Any = None, pure: bool = False
    ) -> None:
        nonlocal steady, edit, firsts, shared, withs, idle, known, codes, namespace, frames, module_texts, module_values
        nonlocal numbers, depth, waiting, waiting_frame, guessed
        firsts, shared, withs, idle = first_lines(source)
        known, codes, namespace, edit = {}, own, names, change
        steady = UNNAMED if pure else STEADY
        frames, module_texts, module_values = {}, {}, {}
        numbers, depth, waiting, waiting_frame, guessed = 0, -1, None, -1, False

    def diff(now: Any, texts: dict[str, str | None], values: dict[str, Any]) -> tuple[Any, Any]:
        changed: dict[str, str] | int = 0
        if type(now) is not dict and type(now) is not PROXY:  # a class body's namespace may be anything
            now = dict(dict.items(now)) if any(base is dict for base in _MRO(type(now))) else {}
        for name, value in now.items():
            if type(name) is not str:  # globals()[x] = 1: its __hash__ and __eq__ are the program's
                now = {n: v for n, v in now.items() if type(n) is str}
                return diff(now, texts, values)
            seen = values.get(name, _NONE)
            if seen is value:
                continue
            kind = type(value)
            if type(kind) is type and kind in steady:
                values[name] = value
            elif kind is FunctionType:  # the same as long as it has the same name
                if type(seen) is tuple and seen[0] is value and seen[1] is value.__name__:
                    continue
                values[name] = value, value.__name__
            elif seen is not _NONE:
                del values[name]
            if name[:2] == "__" == name[-2:] or name[:1] == ".":
                texts[name] = None
                if kind is ModuleType:
                    values[name] = value
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

    def record(
        kind: int, line: int, state: Frame, frame: Any, value: Any, unwound: int, edited: Any = None
    ) -> list[Any]:
        if state.number:
            outer, lost = diff(namespace, module_texts, module_values)
            if lost:
                outer = {**(outer or {}), **dict.fromkeys(lost, "")}
        else:
            outer = 0
        if state.space is not None:
            changed, gone = diff(state.space, state.texts, state.values)
        elif edited is not None:
            changed, gone = diff(edited, state.texts, state.values)
        elif kind != 1 and state.code.inlines and (names := state.code.hidden(frame.f_lasti)):
            changed, gone = beside(names, dict(frame.f_locals), state)
        else:
            changed, gone = diff(frame.f_locals, state.texts, state.values)
        return [kind, line, state.name, depth, state.number, changed, gone, outer, value, unwound]

    def beside(names: set[str], now: dict[str, Any], state: Frame) -> tuple[Any, Any]:
        """What changed, but for these names: they stand for a comprehension's own variables now."""
        kept = {name: state.texts.pop(name) for name in names if name in state.texts}
        for name in names:
            now.pop(name, None)
            state.values.pop(name, None)
        found = diff(now, state.texts, state.values)
        state.texts.update(kept)
        return found

    def flush() -> None:
        nonlocal waiting
        if waiting is not None:
            ready, waiting = waiting, None
            put(ready)

    def lose(error: BaseException) -> None:
        """The trace cannot go on: Python would drop it in silence."""
        _set_limit(10**5)  # room to say so
        give_up("memory" if issubclass(type(error), MemoryError) else "trace_lost")

    def local(frame: Any, event: str, arg: Any) -> Any:
        nonlocal waiting, waiting_frame, guessed, depth
        try:
            state = frames[id(frame)]
            raw, at = frame.f_lineno, frame.f_lasti
            line = state.first if raw is None else firsts.get(raw, raw)
            if state.resting:  # 3.11 says nothing when what a `yield from` asks ends by a throw
                state.resting, depth = False, depth + 1
                flush()
                put([0, state.first, state.name, depth, state.number, 0, 0, 0, 0, 0])
            if event == "line":
                same = line == state.first and state.start >= 0
                if line in shared:  # only a step back, or to the line itself, is another round
                    ahead = raw != state.seen[0] and at > state.seen[1]
                    same = same and (ahead or state.code.inside(at) or state.code.leaves(at))
                    state.seen = raw, -1 if state.code.ops[at] in BACK else at
                else:
                    same = same and (at > state.start or line in withs)
                if same or at in state.code.silent:
                    return handle  # still the same statement
                state.first, state.start, state.error_at = line, at, -1
                if waiting is not None:
                    flush()
                put(record(1, line, state, frame, 0, 0, edit(frame) if edit is not None else None))
            elif event == "return":
                op = state.code.op(at)
                if arg is not None:
                    ends = op not in YIELDS
                    raised = False
                elif op in RETURNS:
                    ends, raised = True, False
                elif op in YIELDS and state.error_at != at and line == state.first:
                    ends, raised = False, False  # else what was thrown in goes on, from where it came in
                else:
                    ends, raised = True, True
                if not raised:
                    if waiting is not None:
                        flush()
                    put(record(2 if ends else 3, state.first, state, frame, render(arg), 0))
                elif waiting is not None and waiting_frame == state.number:
                    waiting[9] = 1  # written with the next event
                else:  # a finally clause or a failed handler raises again, without an exception event
                    if waiting is not None:
                        flush()
                    if op == RERAISE and not state.code.inside(at):  # no statement of the program
                        line = state.first
                    waiting, guessed = record(4, line, state, frame, state.error, 1), True
                depth -= 1
                state.resting = not ends
                if ends:
                    del frames[id(frame)]
            elif event == "exception":
                if state.code.drained(arg[0], at):
                    return handle
                error = exception_text(arg[1], render, max_chars)
                if issubclass(arg[0], OSError):
                    notice(arg[1], arg[2])
                if overflowed(arg[1]):  # then the callback of the innermost frame had no room either
                    raise arg[1]
                if waiting is not None:
                    if guessed:
                        waiting[8] = error  # what left the inner frame is what arrives here
                    flush()
                state.error, state.error_at = error, at
                waiting_frame = state.number
                waiting, guessed = record(4, line, state, frame, error, 0), False
            return handle
        except BaseException as error:
            lose(error)
            raise

    def enter(frame: Any, event: str, arg: Any) -> Any:
        nonlocal numbers, depth
        code = frame.f_code
        if id(code) not in codes or code.co_name in FOLDED or code.co_name[:9] == "<generic ":
            if code is private[0] or code is private[1]:  # Python calls these without tracing them: the program did
                give_up("tampered")
            return None
        if code.co_flags & GENERATORS and code.co_code[frame.f_lasti] in UNBEGUN:
            return None  # closed, or thrown into, before it began
        try:
            depth += 1
            state = frames.get(id(frame)) if frame.f_trace is not None else None
            if state is None:
                if numbers == 0 and frame.f_locals is namespace:
                    if not firsts:
                        return None  # no statement: Python would report a line 0
                    state = frames[id(frame)] = Frame(
                        0, code.co_name, Code(code, withs, idle), module_texts, module_values
                    )
                    state.space = namespace
                    return handle
                numbers += 1
                if id(code) not in known:
                    known[id(code)] = Code(code, withs, idle)
                state = frames[id(frame)] = Frame(numbers, code.co_name, known[id(code)], {}, {})
                if not code.co_flags & OPTIMIZED:
                    state.space = frame.f_locals
            if waiting is not None:
                flush()
            raw = frame.f_lineno
            line = firsts.get(raw, raw)
            state.first, state.resting = state.first or line, False
            put(record(0, line, state, frame, 0, 0, edit(frame) if edit is not None else None))
            return handle
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

    handle = opaque(local)  # the program can get at both, by sys.gettrace and f_trace
    private = enter.__code__, local.__code__
    return Tracer(start, opaque(enter), begin_entry, finish)


def overflowed(error: BaseException | None) -> bool:
    """The stack was used up, not just said to be: such a run always misses events."""
    text = error.args[0] if type(error) is RecursionError and error.args else None
    return type(text) is str and text.startswith("maximum recursion depth exceeded")


def lost(trace: Callable[..., Any]) -> bool:
    """Python dropped the trace function: it raised (RecursionError, MemoryError) or the program removed it."""
    return _gettrace() is not trace
