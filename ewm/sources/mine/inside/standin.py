"""What stands in for pytest where tests run: fixture, mark.parametrize, raises, approx, param, skip and their like.

It says what tests mean, and leaves running them to `harness`. Plugins, the fixtures that pytest brings along (tmp_path,
monkeypatch ...) and reports are not there: a test that asks for them is not run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any


class Skipped(BaseException):
    """The test does not apply."""


class Failed(BaseException):
    """The test says that it fails."""


class Param:
    def __init__(self, values: tuple[Any, ...], marks: Any = ()) -> None:
        self.values = values
        self.marks = marks if isinstance(marks, list | tuple) else (marks,)


class Mark:
    """`@mark.name(...)` and `@mark.name`; notes itself on what it decorates."""

    def __init__(self, name: str, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> None:
        self.name, self.args, self.kwargs = name, args, kwargs or {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and callable(args[0]) and (self.args or self.name != "parametrize"):
            args[0].pytestmark = [*getattr(args[0], "pytestmark", ()), self]
            return args[0]
        return Mark(self.name, args, kwargs)


class Marks:
    def __getattr__(self, name: str) -> Mark:
        return Mark(name)


class Fixture:
    def __init__(self, function: Callable[..., Any], params: Any, autouse: bool, name: str | None) -> None:
        self.function, self.autouse, self.name = function, autouse, name or function.__name__
        self.params = list(params) if params is not None else [None]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self


class Raised:
    """What `with raises(...) as info` gives."""

    value: Any = None
    type: Any = None

    def match(self, pattern: str) -> bool:
        return re.search(pattern, str(self.value)) is not None


class Raises:
    def __init__(self, kinds: Any, match: str | None) -> None:
        self.kinds, self.pattern, self.info = kinds, match, Raised()

    def __enter__(self) -> Raised:
        return self.info

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        if kind is None:
            raise Failed(f"did not raise {self.kinds}")
        if not issubclass(kind, self.kinds):
            return False
        self.info.value, self.info.type = error, kind
        if self.pattern is not None and not self.info.match(self.pattern):
            raise Failed(f"{error} does not match {self.pattern}")
        return True


class Warned:
    def __enter__(self) -> list[Any]:
        return []

    def __exit__(self, *error: Any) -> None:
        pass


class Approx:
    def __init__(self, expected: Any, rel: float | None, abs: float | None) -> None:
        self.expected, self.rel, self.abs = expected, rel, abs

    def __eq__(self, other: Any) -> bool:
        return self.near(self.expected, other)

    def near(self, expected: Any, found: Any) -> bool:
        if isinstance(expected, dict):
            return expected.keys() == found.keys() and all(self.near(v, found[k]) for k, v in expected.items())
        if isinstance(expected, list | tuple):
            return len(expected) == len(found) and all(map(self.near, expected, found))
        if not isinstance(expected, int | float | complex):
            return bool(expected == found)
        relative = (1e-6 if self.abs is None else 0.0) if self.rel is None else self.rel
        return bool(expected == found or abs(expected - found) <= max(relative * abs(expected), self.abs or 1e-12))


mark = Marks()


def fixture(function: Any = None, *, params: Any = None, autouse: bool = False, name: Any = None, **rest: Any) -> Any:
    if function is None:
        return lambda given: Fixture(given, params, autouse, name)
    return Fixture(function, params, autouse, name)


def raises(kinds: Any, *call: Any, match: str | None = None, **kwargs: Any) -> Any:
    if not call:
        return Raises(kinds, match)
    with Raises(kinds, match) as info:
        call[0](*call[1:], **kwargs)
    return info


def warns(*kinds: Any, **kwargs: Any) -> Warned:
    return Warned()


deprecated_call = warns


def approx(expected: Any, rel: float | None = None, abs: float | None = None, **kwargs: Any) -> Approx:
    return Approx(expected, rel, abs)


def param(*values: Any, marks: Any = (), id: Any = None) -> Param:
    return Param(values, marks)


def skip(reason: str = "", **kwargs: Any) -> None:
    raise Skipped(reason)


xfail = exit = skip


def fail(reason: str = "", **kwargs: Any) -> None:
    raise Failed(reason)


def importorskip(name: str, *args: Any, **kwargs: Any) -> Any:
    try:
        __import__(name)
    except ImportError as error:
        raise Skipped(str(error)) from None
    import sys

    return sys.modules[name]


def main(*args: Any, **kwargs: Any) -> int:
    return 0
