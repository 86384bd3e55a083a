"""Traces on the command line: programs in, one JSON object a program out, or something for a person to read.

`--help` (see options) says what goes in, what comes out, and what the exit codes mean. A stream of any length takes
bounded memory: programs are read a bounded number ahead of the traces that are written.
"""

from __future__ import annotations

import gzip
import json
import os
import stat
import sys
from argparse import Namespace
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing.edits import Edited, EditError
from ewm.tracing.events import Trace
from ewm.tracing.inputs import InputError, Inputs
from ewm.tracing.options import parse
from ewm.tracing.progress import Progress
from ewm.tracing.runner import Runner

_MOST_SAID = 20  # wrong lines that are reported one by one


def run(args: Namespace, cfg: TraceConfig) -> None:
    """Trace everything, in order, as it comes. Wrong input is an error after the traces of what stands before it."""
    kept: deque[tuple[str, Program | Edited]] = deque()
    wrong: list[InputError] = []

    def skip(error: InputError) -> None:
        progress.skipped += 1
        if progress.skipped <= _MOST_SAID:
            progress.say(f"{error}{' (further ones are only counted)' if progress.skipped == _MOST_SAID else ''}")

    def feed() -> Iterator[Program | Edited]:
        try:
            for one in inputs:
                kept.append(one)
                yield one[1]
        except InputError as error:
            wrong.append(error)

    if args.output and any(os.path.exists(name) and _same(name, args.output) for name in args.inputs):
        raise InputError(f"--output {args.output}: that is an input")
    inputs = Inputs(args, skip if args.skip_bad else None)
    progress = Progress(_shown(args), inputs.share)
    with _output(args.output) as out, Runner(cfg) as runner:
        write = _writer(args, out)
        try:
            for trace in _named(runner.trace_all(feed()), kept):
                name, program = kept.popleft()
                write(program.program if isinstance(program, Edited) else program, replace(trace, id=name))
                progress.add(trace.status)
            if wrong:
                raise wrong[0]
        except BrokenPipeError:
            args.quiet = True  # the reader left: not worth a word
            raise
        finally:
            progress.close()
            if progress.begun and not args.quiet and not inputs.single:
                progress.say(progress.line() + _cached(runner))


def _same(name: str, other: str) -> bool:
    return os.path.exists(other) and os.path.samefile(name, other) and stat.S_ISREG(os.stat(other).st_mode)


def _named(traces: Iterator[Trace], kept: deque[tuple[str, Program | Edited]]) -> Iterator[Trace]:
    """An edit that could not be made says in which program."""
    try:
        yield from traces
    except EditError as error:
        raise InputError(f"{kept[0][0]}: {error}") from None


def _shown(args: Namespace) -> bool:
    if args.quiet or args.progress is not None:
        return bool(args.progress) and not args.quiet
    return sys.stderr.isatty() and (args.output is not None or not sys.stdout.isatty())


def _cached(runner: Runner) -> str:
    if (cache := runner.cache) is None:
        return ""
    return f"; {cache.hits:,} from the cache{f' (not used on disk: {cache.problem})' if cache.problem else ''}"


def _writer(args: Namespace, out: TextIO) -> Callable[[Program, Trace], None]:
    if args.format == "pretty":
        from ewm.tracing import pretty  # here: rich takes longer to import than all the rest

        screen = pretty.console(out)
        return lambda program, trace: pretty.show(program, trace, screen, args.max_rows)
    line = {"summary": _summary, "compact": _compact}.get(args.format, _full)
    return lambda program, trace: print(line(trace), file=out, flush=True)


def _full(trace: Trace) -> str:
    return json.dumps(trace.to_json())


def _compact(trace: Trace) -> str:
    return json.dumps(trace.to_compact(), separators=(",", ":"))


def _summary(trace: Trace) -> str:
    """Plain text in columns; what could move a terminal's cursor is escaped."""
    error = f"{trace.exception['type']}: {trace.exception['message']}" if trace.exception else ""
    end = "" if trace.signal is None else f"signal {trace.signal}"
    cut = "(cut) " if trace.truncated or trace.partial else ""
    last = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut + (error or end or trace.result or ""))
    name = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in trace.id)
    row = f"{trace.status:<13} {len(trace.events):>5} events {1000 * trace.cpu_s:>8.1f} ms  {name}  {last}"
    return row.rstrip().encode("utf-8", "backslashreplace").decode()


@contextmanager
def _output(path: str | None) -> Iterator[TextIO]:
    """Standard output, or a file that is written aside and renamed once it is whole."""
    if path in (None, "-"):
        yield sys.stdout
        return
    device = os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode)
    aside = path if device else f"{path}.part"
    try:
        file: Any = gzip.open(aside, "wt") if path.endswith(".gz") else open(aside, "w", encoding="utf-8")
    except OSError as error:
        raise InputError(f"--output {path}: {error.strerror}") from None
    try:
        with file:
            yield file
    except BaseException:
        if not device and os.path.getsize(aside):
            print(f"ewm.tracing: what was done stands in {aside}", file=sys.stderr)
        elif not device:
            os.unlink(aside)
        raise
    if not device:
        Path(aside).replace(path)


def prove(args: Namespace, cfg: TraceConfig) -> int:
    """Run the whole proof: JSON lines, or with --pretty the sums as a table. 3 if a program disagrees."""
    from ewm.tracing.report import show, write_json  # here: rich takes longer to import than all the rest
    from ewm.tracing.verify import verify

    names: deque[str] = deque()

    def feed() -> Iterator[Program]:
        for name, program in Inputs(args, None):
            if isinstance(program, Edited):
                raise InputError(f"{name}: --verify takes no edits")
            names.append(name)
            yield program

    verdicts = ((names.popleft(), verdict) for verdict in verify(feed(), cfg))
    report = show(verdicts) if args.format == "pretty" else write_json(verdicts)
    return 3 if report.disagree else 0


def main(argv: list[str] | None = None) -> int:
    args, cfg = parse(argv)
    try:
        if args.verify:
            return prove(args, cfg)
        run(args, cfg)
        sys.stdout.flush()
    except (InputError, ValueError) as error:
        print(f"ewm.tracing: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"ewm.tracing: {error}", file=sys.stderr)
        return 2
    except RuntimeError as error:  # the machine: IsolationError, or tracing processes that die
        print(f"ewm.tracing: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ewm.tracing: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
