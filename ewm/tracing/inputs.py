"""Programs out of what a command line names: files of JSON lines, compressed or not, Python files, standard input.

Reads as it goes, so that a stream takes no memory; InputError says where (file:line) and what is wrong.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import tokenize
import zlib
from argparse import Namespace
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, nullcontext
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from ewm.programs import Program
from ewm.tracing.edits import Edited, EditError, parse

LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


class InputError(Exception):
    """Something in the input that a person must mend."""


class Inputs:
    """(id to write, program), over all inputs. A wrong line is raised, or goes to `skip` where that is given."""

    def __init__(self, args: Namespace, skip: Callable[[InputError], None] | None = None):
        self.args, self.skip = args, skip
        for name in args.inputs:
            if name != "-" and not os.path.exists(name):
                raise InputError(f"{name}: no such file")
        self.stdin: str | None = args.stdin if args.stdin_file is None else _text(args.stdin_file)
        self.single = len(args.inputs) == 1  # one program, as far as is known
        self._sizes = {name: os.path.getsize(name) for name in args.inputs if os.path.isfile(name)}
        self._done = 0
        self._tell: Callable[[], int] = lambda: 0
        if args.inputs.count("-") + (args.stdin_file == "-") > 1:
            raise InputError("standard input can be read once: - is named twice")

    def __iter__(self) -> Iterator[tuple[str, Program | Edited]]:
        for name in self.args.inputs:
            yield from self._one(name)
            self._done += self._sizes.get(name, 0)

    def share(self) -> float | None:
        """How much has been read, in [0, 1]; None if nobody knows."""
        if len(self._sizes) < len(self.args.inputs):
            return None
        return (self._done + self._tell()) / max(1, sum(self._sizes.values()))

    def _one(self, name: str) -> Iterator[tuple[str, Program | Edited]]:
        if name.endswith(LINES) and self.args.call is not None and not self.args.program:
            raise InputError("--call goes with a prog.py; JSON lines carry their own `entry`")
        if name.endswith(".py"):
            yield name, self._program(_source(name))
            return
        with closing(self._lines(name)) as lines:
            before: list[tuple[int, str]] = []
            for number, line in (numbered := enumerate(lines, 1)):
                before.append((number, line))
                if line.strip():
                    break
            if self._rows_follow(name, before[-1][1] if before else ""):
                yield from self._rows(name, chain(before[-1:], numbered))
            else:
                program = self._program(_checked("".join(line for _, line in chain(before, numbered)), name))
                yield program.id if name == "-" else name, program

    def _rows_follow(self, name: str, first: str) -> bool:
        """JSON lines, by the name or by the first line that is not empty; of an empty stream none."""
        if self.args.program or self.args.call is not None:
            return False
        return name.endswith(LINES) or first.lstrip()[:1] in ("{", "")

    def _program(self, source: str) -> Program:
        return Program(source, self.args.call, self.stdin or "", origin="user")

    def _rows(self, name: str, lines: Iterable[tuple[int, str]]) -> Iterator[tuple[str, Program | Edited]]:
        self.single = False
        for number, line in lines:
            if not line.strip():
                continue
            try:
                yield self._row(line, f"{name}:{number}")
            except InputError as error:
                if self.skip is None:
                    raise
                self.skip(error)

    def _row(self, line: str, where: str) -> tuple[str, Program | Edited]:
        try:
            row: Any = json.loads(_checked(line, where))
        except RecursionError:
            raise InputError(f"{where}: nested too deeply") from None
        except ValueError as error:
            raise InputError(f"{where}: not JSON: {error}") from None
        if not isinstance(row, dict) or not isinstance(row.get("source"), str):
            raise InputError(f'{where}: a program is an object with "source" (text), "entry" (text or null), "stdin"')
        if self.stdin is not None:
            row.setdefault("stdin", self.stdin)
        program = Program.from_json(row)
        for name, value in (("entry", program.entry or ""), ("stdin", program.stdin)):
            if not isinstance(value, str):
                raise InputError(f"{where}: {name} must be text")
        try:
            edits = parse(row.get("edits") or ())
        except EditError as error:
            raise InputError(f"{where}: {error}") from None
        return str(row.get("id", program.id)), Edited(program, edits) if edits else program

    def _lines(self, name: str) -> Generator[str, None, None]:
        """Bytes that are not UTF-8 come as surrogates: they are found where they stand, not where a block is read."""
        try:
            with nullcontext(_standard_input()) if name == "-" else Path(name).open("rb") as file:
                if isinstance(file, io.BufferedIOBase):
                    self._tell = file.tell
                    unpacked: Any = gzip.GzipFile(fileobj=file) if name.endswith(".gz") else file
                    file = io.TextIOWrapper(unpacked, encoding="utf-8-sig", errors="surrogateescape")
                yield from file  # type: ignore[misc]
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{name}: {getattr(error, 'strerror', None) or error}") from None
        finally:
            self._tell = lambda: 0


def _standard_input() -> TextIO:
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="surrogateescape")
    return sys.stdin


def _checked(text: str, where: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{where}: not UTF-8 text") from None
    return text


def _source(path: str) -> str:
    """A Python file, in the encoding that it declares."""
    try:
        with tokenize.open(path) as file:
            return file.read()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, SyntaxError) as error:
        raise InputError(f"{path}: not text in the encoding that it declares: {error}") from None


def _text(path: str) -> str:
    """What a program is to read: all of a file, as it stands."""
    try:
        if path == "-":
            return _checked(_standard_input().read(), path)
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text: {error}") from None
