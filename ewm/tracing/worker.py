"""One zygote at the other end of two pipes: what it is told, what it is asked, what it answers."""

from __future__ import annotations

import json
import os
import struct
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing.decode import decode
from ewm.tracing.edits import Edit
from ewm.tracing.events import Trace

ZYGOTE = Path(__file__).with_name("zygote.py")
# sent along with a request: few runs need them
ORACLE = ("ewm.programs.lines", "ewm.tracing.copying", "ewm.tracing.recorder", "ewm.tracing.instrument")
_ROOT = Path(__file__).parents[2]
_HEAD = struct.Struct("<IBidd")
_PIPE = 32_000  # bytes of waiting requests that surely fit into a pipe: a write never blocks
_ENVIRONMENT = {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
_ENVIRONMENT["LD_BIND_NOW"] = "1"  # else every child looks up the same symbols again


class Worker:
    """One zygote and the requests it holds."""

    def __init__(self, python: str, setup: bytes, ahead: int):
        self.ahead = ahead  # requests it may hold, so that it never waits for us
        command = [python, "-s", "-S", "-P", "-W", "ignore", str(ZYGOTE)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_ENVIRONMENT, cwd="/", start_new_session=True
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin.fileno(), self.process.stdout.fileno()
        self.waiting: deque[tuple[int, Program, bytes]] = deque()  # ticket, program, request
        self.bytes = 0
        self.buffer = bytearray()
        write(self.stdin, setup)
        size = read(self.stdout, 4)
        if not size:
            raise RuntimeError(f"the tracing process did not start: {' '.join(command)}")
        self.greeting: dict[str, Any] = json.loads(read(self.stdout, int.from_bytes(size, "little")))

    def read(self) -> bool:
        """What is there; false at the end."""
        chunk = os.read(self.stdout, 1 << 16)  # what a pipe holds; more would be mapped anew each time
        self.buffer += chunk
        return bool(chunk)

    def answers(self) -> Iterator[bytes]:
        """Those that are whole: head and record."""
        start = 0
        while len(self.buffer) - start >= _HEAD.size:
            end = start + _HEAD.size + _HEAD.unpack_from(self.buffer, start)[0]
            if end > len(self.buffer):
                break
            yield bytes(self.buffer[start:end])
            start = end
        del self.buffer[:start]

    def takes(self, size: int) -> bool:
        return not self.waiting or (len(self.waiting) < self.ahead and self.bytes + size < _PIPE)

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()  # the zygote kills its child and ends
        self.process.stdout.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def paths(cfg: TraceConfig) -> list[str]:
    """What the profile opens for reading, also under the names that lie behind symbolic links."""
    given = [os.path.normpath(path) for path in (*cfg.read_paths, *cfg.sys_path)]
    return sorted({*given, *map(os.path.realpath, given)})


def setup_of(cfg: TraceConfig) -> dict[str, Any]:
    """What a zygote is told, once; no path of the cache in there."""
    return {
        "limits": {**{k: v for k, v in asdict(cfg).items() if not k.startswith("cache")}, "paths": paths(cfg)},
        "isolation": cfg.isolation,
    }


def trace_of(program: Program, answer: bytes, greeting: Mapping[str, Any]) -> Trace:
    """What a zygote answered: a head, then the record."""
    _, how, code, wall_s, cpu_s = _HEAD.unpack_from(answer)
    return decode(program, answer[_HEAD.size :], how, code, wall_s, cpu_s, greeting)


def request_of(program: Program, plain: bool, edits: tuple[Edit, ...], oracle: bool = False) -> bytes:
    about: dict[str, Any] = {"source": program.source, "entry": program.entry, "stdin": program.stdin}
    about |= {"plain": plain, "edits": edits}
    if oracle:
        about["oracle"] = {name: _text_of(name) for name in ORACLE}
    return framed(about)


def _text_of(module: str) -> str:
    return _ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8")


def framed(value: dict[str, Any]) -> bytes:
    data = json.dumps(value).encode()
    return len(data).to_bytes(4, "little") + data


def write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def read(fd: int, size: int) -> bytes:
    """`size` bytes, fewer at the end of the pipe."""
    chunks = []
    while size:
        chunk = os.read(fd, min(size, 1 << 20))
        if not chunk:
            break
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
