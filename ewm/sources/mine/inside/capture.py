"""Notes calls of a folder's own functions and methods, with arguments and results that are plain literals.

Of a function only calls that are not inside a call of the same one; of an object those that a test makes, with how it
was made and what was called before. `emit` gets {"file", "name", "setup", "entry", "result", "exception"}.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

MOST, DEPTH, ARGUMENTS, RESULT = 40, 8, 250, 1500  # calls of one function, nesting, characters
ATOMS = (type(None), bool, int, float, str, bytes)
CACHED = type(functools.lru_cache(lambda: None))


def literal(value: Any, most: int, depth: int = 0) -> str | None:
    """Text that reads back as an equal value of the same types; None if there is none that short."""
    kind = type(value)
    if kind in ATOMS:
        text = repr(value) if kind is not int or value.bit_length() < 2000 else ""
        return text if 0 < len(text) <= most and text.lstrip("-") not in ("nan", "inf") else None
    if kind not in (list, tuple, dict, set) or depth > DEPTH or len(value) > most or kind is set and not value:
        return None
    if kind is dict:
        pairs = [(literal(k, most, depth + 1), literal(v, most, depth + 1)) for k, v in value.items()]
        parts = [f"{k}: {v}" if k is not None and v is not None else None for k, v in pairs]
    else:
        parts = [literal(each, most, depth + 1) for each in value]
    if any(part is None for part in parts):
        return None
    inner = ", ".join(map(str, parts if kind is not set else sorted(map(str, parts))))
    written: dict[Any, str] = {list: f"[{inner}]", tuple: f"({inner}{',' * (len(parts) == 1)})"}
    text = written.get(kind, f"{{{inner}}}")
    return text if len(text) <= most else None


def call_text(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """`(1, 'a', key=2)`"""
    parts = [literal(value, ARGUMENTS) for value in args]
    named = [(key, literal(value, ARGUMENTS)) for key, value in kwargs.items()]
    if any(part is None for part in parts) or any(part is None for _, part in named):
        return None
    text = ", ".join([*map(str, parts), *(f"{key}={part}" for key, part in named)])
    return f"({text})" if len(text) <= ARGUMENTS else None


class Capture:
    """`inside(file)`: a file of the folder that is no test."""

    def __init__(self, inside: Callable[[str], bool], emit: Callable[[dict[str, Any]], None]) -> None:
        self.inside, self.emit = inside, emit
        self.wrapped: dict[int, tuple[Any, Any]] = {}  # by id: the function and what stands in its place
        self.classes: dict[int, Any] = {}
        self.seen: dict[str, set[str]] = {}
        self.depth = 0  # calls of the folder's functions that are under way
        self.made: dict[int, tuple[Any, list[str] | None]] = {}  # objects, and what was done to them

    def install(self) -> None:
        """Wrap what has been imported by now, wherever it is known by a name."""
        modules = [(m, str(m.__file__)) for m in list(sys.modules.values()) if getattr(m, "__file__", None)]
        for module, file in modules:
            for name, value in list(vars(module).items()) if self.inside(file) else ():
                if getattr(value, "__module__", None) != module.__name__ or id(value) in self.wrapped:
                    continue
                if type(value) in (FunctionType, CACHED):
                    self.wrapped[id(value)] = value, self.function(value, file, name)
                elif type(value) is type and id(value) not in self.classes:
                    self.classes[id(value)] = value
                    self.methods(value, file)
        for module, _ in modules:
            for name, value in list(vars(module).items()):
                if id(value) in self.wrapped and self.wrapped[id(value)][0] is value:
                    setattr(module, name, self.wrapped[id(value)][1])

    def note(self, file: str, name: str, setup: list[str], entry: str, value: Any, error: Exception | None) -> None:
        seen = self.seen.setdefault(f"{file}:{name}", set())
        text = literal(value, RESULT) if error is None else None
        key = "\n".join([*setup, entry])
        if (text is None and error is None) or key in seen:
            return
        seen.add(key)
        raised = f"{type(error).__name__}: {error}"[:300] if error is not None else ""
        call = {"file": file, "name": name, "setup": setup, "entry": entry, "result": text, "exception": raised}
        self.emit(call)

    def function(self, function: Any, file: str, name: str) -> Any:
        running = False

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            nonlocal running
            if running or len(self.seen.get(f"{file}:{name}", ())) >= MOST:
                return function(*args, **kwargs)
            given = call_text(args, kwargs)
            running, self.depth = True, self.depth + 1
            value = error = None
            try:
                value = function(*args, **kwargs)
                return value
            except Exception as raised:
                error = raised
                raise
            finally:
                running, self.depth = False, self.depth - 1
                if given is not None:
                    self.note(file, name, [], f"{name}{given}", value, error)

        for extra in ("cache_clear", "cache_info"):
            if hasattr(function, extra):
                setattr(wrapper, extra, getattr(function, extra))
        return wrapper

    def methods(self, kind: type, file: str) -> None:
        for name, value in list(vars(kind).items()):
            if type(value) is FunctionType and (name == "__init__" or not name.startswith("_")):
                setattr(kind, name, self.method(kind, value, file, name))

    def method(self, kind: type, function: Any, file: str, name: str) -> Any:
        @functools.wraps(function)
        def wrapper(this: Any, *args: Any, **kwargs: Any) -> Any:
            if self.depth or id(this) not in self.made and type(this) is not kind:
                return function(this, *args, **kwargs)
            given = call_text(args, kwargs)
            history = self.history(this, kind, name, given)
            self.depth += 1
            value = error = None
            try:
                value = function(this, *args, **kwargs)
                return value
            except Exception as raised:
                error = raised
                raise
            finally:
                self.depth -= 1
                if history is not None:
                    entry = f"{kind.__name__}{given}" if name == "__init__" else f"it.{name}{given}"
                    if name != "__init__" or error is not None:
                        self.note(file, f"{kind.__name__}.{name}", history[:], entry, value, error)
                    history.append(f"it = {entry}" if name == "__init__" else entry)
                    if error is not None or len(history) > MOST:
                        self.made[id(this)] = this, None

        return wrapper

    def history(self, this: Any, kind: type, name: str, given: str | None) -> list[str] | None:
        """What was done to the object; None once that cannot be told."""
        if name == "__init__":
            self.made[id(this)] = this, []
        elif id(this) not in self.made:
            plain = kind.__init__ is object.__init__ and kind.__new__ is object.__new__  # type: ignore[misc]
            self.made[id(this)] = this, [f"it = {kind.__name__}()"] if plain else None
        if given is None:
            self.made[id(this)] = this, None
        return self.made[id(this)][1]
