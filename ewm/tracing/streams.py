"""A program's standard streams: real text streams of Python over objects, with no descriptor behind them.

So `sys.stdin.buffer`, `sys.stdout.buffer`, encoding errors and subclasses of str behave as they do outside. What is
written goes to `put` at once; stderr is dropped. Nothing of the tracer can be reached from them. Runs inside the child.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from ewm.tracing.sealing import opaque


def make_streams() -> Callable[[str, Callable[[str], None]], tuple[Any, Any, Any]]:
    """(stdin text, put) -> (stdin, stdout, stderr): one set for each program, the classes are made once."""
    sink: list[Callable[[str], None]] = []

    def write(self: Any, data: Any) -> int:
        text = str(data, "utf-8", "surrogateescape")
        if text:
            sink[0](text)
        return len(data)

    def drop(self: Any, data: Any) -> int:
        return len(data)

    def numbered(number: int) -> Any:
        return opaque(lambda self: number)

    def made(kind: str, base: type, **methods: Any) -> Any:
        return type(kind, (base,), {**methods, "__module__": "_io"})

    yes = opaque(lambda self: True)
    Input = made("Input", io.BytesIO, fileno=numbered(0))
    Output = made("Output", io.BufferedIOBase, write=opaque(write), writable=yes, fileno=numbered(1), name="<stdout>")
    Quiet = made("Quiet", io.BufferedIOBase, write=opaque(drop), writable=yes, fileno=numbered(2), name="<stderr>")

    def streams(stdin: str, put: Callable[[str], None]) -> tuple[Any, Any, Any]:
        sink[:] = [put]
        return (
            io.TextIOWrapper(Input(stdin.encode("utf-8", "surrogatepass")), "utf-8"),
            io.TextIOWrapper(Output(), "utf-8", "strict", write_through=True),
            io.TextIOWrapper(Quiet(), "utf-8", "backslashreplace", write_through=True),
        )

    return streams
