"""The oracle's second half: what an instrumented program calls to say where it stands and what its names hold.

Every record is a row as the tracer's (see `tracer`), but with the whole state each time, its values copied
at once (see `copying`). Shares no code with the tracer or its rendering. Runs inside the child, sent along with the
request, with its own builtins. Not seen: which lines a statement's parts stand on.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable
from types import CoroutineType, GeneratorType
from typing import Any

from ewm.tracing.copying import copied, said, type_name

CALL, LINE, RETURN, YIELD, EXCEPTION = range(5)
LONG_TEXT = 60
_own_dict = BaseException.__dict__["__dict__"].__get__  # type: ignore[attr-defined]
_traceback = BaseException.__dict__["__traceback__"].__get__
_frame = sys._getframe
_CELL = (lambda x: (lambda: x).__closure__[0])(0)  # type: ignore[index]
MARK = "__ewm__"  # in an exception's own dict: the traceback entry for which an event was written


class Scope:
    """One running frame: its name, line, value to come, and whether it waits at a yield."""

    def __init__(self, name: str, line: int, frame: Any = None) -> None:
        self.name, self.line, self.frame = name, line, frame
        self.value: Any = None
        self.waits = False
        self.through: tuple[BaseException, int] | None = None  # an exception that a `with` let go on, and its line


class Recorder:
    """The object behind the name `__ewm__`; every method is called by the program's own frames."""

    def __init__(self, namespace: dict[str, Any], put: Callable[[list[Any]], None]) -> None:
        self.space, self.put = namespace, put
        self.scopes: dict[int, Scope] = {}
        self.stack: list[Any] = []
        self.count = 0
        self.home, self.nowhere = get_ident(), Scope("", 0)  # frames of other threads are in no trace
        self.texts: dict[str, str] = {}  # long ones, written once

    # frames

    def emit(self, kind: int, frame: Any, scope: Scope, value: Any = 0, unwound: int = 0) -> None:
        if scope is self.nowhere:
            return
        self.count += 1
        state, outer = self.shown(frame.f_locals), self.shown(self.space)
        self.put([kind, scope.line, scope.name, len(self.stack) - 1, self.count, state, 0, outer, value, unwound])

    def shown(self, space: Any) -> dict[str, str]:
        """What a scope's names hold; a long text that was written before is its number, `@7`."""
        state = {}
        for name, value in list(dict(space).items()):
            if name[:1] != "." and not (name[:2] == "__" and name[-2:] == "__"):
                text = copied(value)
                if len(text) > LONG_TEXT:
                    number = f"@{len(self.texts)}"
                    known = self.texts.setdefault(text, number)
                    text = text if known == number else known
                state[name] = text
        return state

    def open(self, frame: Any, line: int, name: str, keep: bool = False) -> Scope:
        if get_ident() != self.home:
            return self.nowhere
        scope = self.scopes[id(frame)] = Scope(name, line, frame if keep else None)
        self.stack.append(scope)
        if line:
            self.emit(CALL, frame, scope)
        else:  # the module: room for the frames that come between the program's own
            sys.setrecursionlimit(5 * sys.getrecursionlimit())
        return scope

    def awake(self, frame: Any, error: BaseException | None = None) -> Scope:
        """The frame's scope, running: its resumption is written now if nothing else said it."""
        scope = self.scopes.get(id(frame), self.nowhere)
        if scope is self.nowhere:
            return scope
        if scope.waits:
            scope.waits = False
            self.stack.append(scope)
            self.emit(CALL, frame, scope)
        while self.stack[-1] is not scope:  # frames that could not say that they were left
            gone = self.stack[-1]
            why = said(error) if error is not None else {"type": "", "message": ""}
            self.emit(EXCEPTION, gone.frame, gone, why, 1)
            self.close(gone.frame)
        return scope

    def close(self, frame: Any) -> None:
        self.stack.pop()
        del self.scopes[id(frame)]

    def ends(self, frame: Any, error: BaseException | None) -> None:
        scope = self.awake(frame, error)
        if scope is self.nowhere:
            return
        if error is None:
            self.emit(RETURN, frame, scope, copied(scope.value))
        else:
            if scope.through is not None and scope.through[0] is error:
                scope.line = scope.through[1]  # Python says where it was raised, not where `with` was left
            self.emit(EXCEPTION, frame, scope, said(error), 1)
        self.close(frame)
        if scope.name == "<module>":
            self.stack.append(None)  # the entry's frames stand one deeper

    def raised(self, frame: Any, error: BaseException | None) -> None:
        """An exception on its way through the frame: an event, unless this passage had one."""
        scope = self.awake(frame, error)
        if error is None or scope is self.nowhere:
            return
        seen, entry = _own_dict(error), id(_traceback(error))
        if seen.get(MARK) != entry:
            seen[MARK] = entry
            self.emit(EXCEPTION, frame, scope, said(error))

    def step(self, frame: Any, line: int) -> None:
        scope = self.awake(frame)
        scope.line, scope.through = line, None
        self.emit(LINE, frame, scope)

    def suspend(self, frame: Any, value: str) -> None:
        scope = self.awake(frame)
        if scope is self.nowhere:
            return
        self.emit(YIELD, frame, scope, value)
        self.stack.pop()
        scope.waits = True

    # what the program calls

    def line(self, line: int) -> None:
        self.step(_frame(1), line)

    def late(self, line: int, *names: str) -> None:
        """A step whose names were bound too early."""
        space = self.space
        kept = {n: space.pop(n) for n in names if n in space}
        self.step(_frame(1), line)
        space.update(kept)

    def frame(self, line: int, name: str) -> Any:
        return _Mark(lambda frame: self.open(frame, line, name), self.ends)

    def region(self) -> Any:
        return _Mark(lambda frame: None, self.raised)

    def leaves(self, line: int) -> Any:
        def done(frame: Any, error: BaseException | None) -> None:
            self.raised(frame, error)
            scope = self.awake(frame)
            if scope is self.nowhere:
                return
            known = scope.through is not None and scope.through[0] is error
            through = scope.through if known else (error, scope.line) if error is not None else None
            if line:
                self.step(frame, line)
            scope.through = through

        return _Mark(lambda frame: None, done)

    def gives(self, value: Any) -> Any:
        self.give(_frame(1), value)
        return value

    def give(self, frame: Any, value: Any) -> None:
        scope = self.awake(frame)
        if scope is not self.nowhere:
            scope.value = value

    def gives_cell(self, value: Any) -> None:
        """A class body that hands out its class's cell."""
        self.give(_frame(1), _CELL)

    def runs(self, line: int, body: Callable[[], Any]) -> Any:
        """A lambda."""
        frame = _frame(1)
        self.emit(LINE, frame, self.open(frame, line, "<lambda>"))
        try:
            value = body()
        except BaseException as error:
            self.ends(frame, error)
            raise
        self.give(frame, value)
        self.ends(frame, None)
        return value

    def entered(self, line: int) -> None:
        """A lambda whose body must stay where it is: it may yield or bind."""
        frame = _frame(1)
        self.emit(LINE, frame, self.open(frame, line, "<lambda>", keep=True))

    def left(self, value: Any) -> Any:
        frame = _frame(1)
        self.give(frame, value)
        self.ends(frame, None)
        return value

    def yields(self, value: Any, wrapped: bool) -> Any:
        self.suspend(_frame(1), "('opaque', '<async_generator_wrapped_value>')" if wrapped else copied(value))
        return value

    def resumed(self, value: Any) -> Any:
        self.awake(_frame(1))
        return value

    def delegates(self, value: Any) -> Any:
        return _Delegate(self, _frame(1), iter(value))

    def awaits(self, value: Any) -> Any:
        return _Awaited(self, _frame(1), value)

    def rounds(self, line: int, value: Any) -> Any:
        return _Rounds(self, line, iter(value))

    def awaited_rounds(self, line: int, value: Any) -> Any:
        return _AwaitedRounds(self, line, value, None)

    def gathers(self, value: Any) -> Any:
        """The first `async for` of a comprehension: its waiting is the waiting of the frame around it."""
        return _AwaitedRounds(self, 0, value, _frame(1))

    def awaited_manager(self, value: Any) -> Any:
        return _AwaitedManager(self, value)


class _Mark:
    """A context manager that tells the recorder; it never swallows an exception."""

    def __init__(self, begin: Callable[[Any], Any], end: Callable[[Any, Any], None]) -> None:
        self.begin, self.end = begin, end

    def __enter__(self) -> None:
        self.begin(_frame(1))

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.end(_frame(1), error)


class _Rounds:
    """An iterator that has the loop's head recorded before every round but the first."""

    def __init__(self, recorder: Recorder, line: int, inner: Any) -> None:
        self.recorder, self.line, self.inner, self.begun = recorder, line, inner, False

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        if self.begun:
            self.recorder.step(_frame(1), self.line)
        self.begun = True
        return next(self.inner)


class _Delegate:
    """The iterator of a `yield from` or `await`: what passes through it suspends and resumes the frame."""

    def __init__(self, recorder: Recorder, frame: Any, inner: Any, loop: bool = False) -> None:
        self.recorder, self.frame, self.inner, self.begun, self.loop = recorder, frame, inner, False, loop

    def __iter__(self) -> Any:
        return self

    __await__ = __iter__

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, sent: Any) -> Any:
        if self.begun:
            self.recorder.awake(self.frame)
        self.begun = True
        try:
            value = next(self.inner) if sent is None else self.inner.send(sent)
        except StopAsyncIteration:
            if self.loop:  # the end of an `async for` is no event, as that of a `for`
                self.recorder.awake(self.frame)
            raise
        self.recorder.suspend(self.frame, copied(value))
        return value

    def throw(self, *error: Any) -> Any:
        """The frame itself stays as it is: Python resumes it only when the inner one ends."""
        if hasattr(self.inner, "throw"):
            return self.inner.throw(*error)
        raise error[-1] if len(error) == 1 or error[1] is None else error[1]

    def close(self) -> None:
        if hasattr(self.inner, "close"):
            self.inner.close()


class _Awaited:
    def __init__(self, recorder: Recorder, frame: Any, value: Any, loop: bool = False) -> None:
        self.recorder, self.frame, self.value, self.loop = recorder, frame, value, loop

    def __await__(self) -> Any:
        value = self.value
        if type(value) is CoroutineType:
            inner = value.__await__()
        elif type(value) is GeneratorType and value.gi_code.co_flags & 0x100:  # types.coroutine
            inner = value
        elif hasattr(type(value), "__await__"):
            inner = type(value).__await__(value)
        else:
            raise TypeError(f"object {type_name(type(value))} can't be used in 'await' expression")
        return _Delegate(self.recorder, self.frame, inner, self.loop)


class _AwaitedRounds:
    def __init__(self, recorder: Recorder, line: int, value: Any, frame: Any) -> None:
        self.recorder, self.line, self.value, self.begun, self.frame = recorder, line, value, False, frame

    def __aiter__(self) -> Any:
        self.inner = type(self.value).__aiter__(self.value)
        return self

    def __anext__(self) -> Any:
        frame = self.frame or _frame(1)
        if self.begun and self.line:
            self.recorder.step(frame, self.line)
        self.begun = True
        return _Awaited(self.recorder, frame, type(self.inner).__anext__(self.inner), bool(self.line))


class _AwaitedManager:
    def __init__(self, recorder: Recorder, value: Any) -> None:
        self.recorder, self.value = recorder, value

    def __aenter__(self) -> Any:
        return _Awaited(self.recorder, _frame(1), type(self.value).__aenter__(self.value))

    def __aexit__(self, *error: Any) -> Any:
        return _Awaited(self.recorder, _frame(1), type(self.value).__aexit__(self.value, *error))


def install(namespace: dict[str, Any], put: Callable[[list[Any]], None]) -> None:
    """Give the name to all code; as a builtin it shows in no scope."""
    setattr(sys.modules["builtins"], MARK, Recorder(namespace, put))
