"""Traces on the command line: one JSON a line, or a table for a person.

Exit codes: 0 every program was run (whatever its status), 1 the machine does not reach --require, 2 wrong input (what
stood before it has been written), 3 --verify found a trace that is not as the proof has it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing.pretty import show
from ewm.tracing.report import show as report_table
from ewm.tracing.report import write_json
from ewm.tracing.runner import IsolationError, Runner
from ewm.tracing.verify import verify

EXAMPLES = """examples:
  python -m ewm.tracing programs.jsonl > traces.jsonl
  echo '{"source": "x = 1", "entry": null}' | python -m ewm.tracing -
  python -m ewm.tracing prog.py --call "f(3)" --pretty
  python -m ewm.tracing programs.jsonl --verify --pretty
"""


def arguments(argv: list[str] | None) -> tuple[argparse.Namespace, TraceConfig]:
    parser = argparse.ArgumentParser(
        prog="python -m ewm.tracing",
        description="Run programs in isolation and write what they did.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("input", help="FILE.jsonl with programs, prog.py, or - for JSON lines on stdin")
    parser.add_argument("--call", metavar="EXPRESSION", help="a call to make after the body of prog.py")
    parser.add_argument("--pretty", action="store_true", help="a table instead of JSON")
    parser.add_argument("--verify", action="store_true", help="prove the traces and report (see verify.py)")
    limits = parser.add_argument_group("limits, as in conf/trace")
    for field in fields(TraceConfig):
        default = field.default
        kind = _boolean if isinstance(default, bool) else str if default is None else type(default)
        limits.add_argument(f"--{field.name.replace('_', '-')}", type=kind, metavar=str(default))
    args = parser.parse_args(argv)
    given = {f.name: v for f in fields(TraceConfig) if (v := getattr(args, f.name)) is not None}
    return args, replace(TraceConfig(), **given)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


class InputError(Exception):
    """Something in the input that a person must mend."""


def programs(args: argparse.Namespace) -> Iterator[tuple[str, Program]]:
    """(id to write, program)."""
    if args.input != "-" and not args.input.endswith(".jsonl"):
        program = Program(_text(args.input), args.call, origin="user")
        yield program.id, program
        return
    if args.call:
        raise InputError("--call goes with a prog.py; JSON lines carry their own `entry`")
    with _standard_input() if args.input == "-" else _open(args.input, errors="surrogateescape") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _row(line, f"{args.input}:{number}")


def _row(line: str, where: str) -> tuple[str, Program]:
    try:
        row: Any = json.loads(line)
        line.encode()
    except UnicodeEncodeError:
        raise InputError(f"{where}: not UTF-8 text") from None
    except RecursionError:
        raise InputError(f"{where}: nested too deeply") from None
    except ValueError as error:
        raise InputError(f"{where}: not JSON: {error}") from None
    if not isinstance(row, dict) or not isinstance(row.get("source"), str):
        raise InputError(f'{where}: a program is an object with "source" (text), "entry" (text or null), "stdin"')
    program = Program.from_json(row)
    for name, value in (("entry", program.entry or ""), ("stdin", program.stdin)):
        if not isinstance(value, str):
            raise InputError(f"{where}: {name} must be text")
    return str(row.get("id", program.id)), program


def _standard_input() -> TextIO:
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    return sys.stdin


def _open(path: str, errors: str = "strict") -> TextIO:
    """With `surrogateescape` bytes that are not UTF-8 are found where they stand, not where a block is read."""
    try:
        return Path(path).open(encoding="utf-8", errors=errors)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None


def _text(path: str) -> str:
    with _open(path) as file:
        try:
            return file.read()
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not UTF-8 text: {error}") from None


def run(args: argparse.Namespace, cfg: TraceConfig) -> None:
    """Trace everything, in order, as it comes. Wrong input is an error after the traces of what stands before it."""
    names: list[str] = []
    kept: list[Program] = []
    wrong: list[InputError] = []

    def feed() -> Iterator[Program]:
        try:
            for name, program in programs(args):
                names.append(name)
                kept.append(program)
                yield program
        except InputError as error:
            wrong.append(error)

    with Runner(cfg) as runner:
        for trace in runner.trace_all(feed()):
            name, program = names.pop(0), kept.pop(0)
            if args.pretty:
                show(program, trace)
            else:
                print(json.dumps({**trace.to_json(), "id": name}), flush=True)
    if wrong:
        raise wrong[0]


def prove(args: argparse.Namespace, cfg: TraceConfig) -> int:
    """Run the whole proof: JSON lines, or with --pretty the sums as a table. 3 if a program disagrees."""
    names: list[str] = []

    def feed() -> Iterator[Program]:
        for name, program in programs(args):
            names.append(name)
            yield program

    verdicts = ((names.pop(0), verdict) for verdict in verify(feed(), cfg))
    report = report_table(verdicts) if args.pretty else write_json(verdicts)
    return 3 if report.disagree else 0


def main(argv: list[str] | None = None) -> int:
    args, cfg = arguments(argv)
    try:
        if args.verify:
            return prove(args, cfg)
        run(args, cfg)
    except (InputError, ValueError) as error:
        print(f"ewm.tracing: {error}", file=sys.stderr)
        return 2
    except IsolationError as error:
        print(f"ewm.tracing: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
