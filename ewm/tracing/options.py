"""The flags of `python -m ewm.tracing`: what is run, what is written, and every key of `trace.*` by its own name."""

from __future__ import annotations

import argparse
import sys
from dataclasses import MISSING, Field, fields, replace
from typing import Any

from ewm.config import limits
from ewm.config.keys import comments
from ewm.config.schema import TraceConfig

FORMATS = ("jsonl", "compact", "pretty", "summary")
GROUPS = {
    "isolation": ("isolation", "require", "read_paths", "sys_path", "python"),
    "how it is run": ("workers", "batch", "cache", "cache_mb", "cache_disk_mb"),
}
LIMITS = "limits of one program"
METAVARS = {"cache": "DIR", "python": "PATH"}

DESCRIPTION = """\
Runs Python programs in isolation and writes what each of their lines did. One
JSON object a program, in the order of the input; --pretty is for reading."""

EPILOG = """\
input:
  prog.py        one program; --call gives a call to make after its body
  FILE.jsonl     one JSON object a line, also .ndjson, and .gz of both:
                 {"source": TEXT, "entry": CALL, "stdin": TEXT, "id": NAME}
                 where all but source may be left out; "edits": [[EVENT, NAME,
                 LITERAL]] assigns in the live frame before that event's line
  -, other names JSON lines if the first character that is not space is {, else
                 a program; --program or --call: a program in any case
  Without an INPUT standard input is read. A wrong line ends the run after the
  traces of what stands before it; --skip-bad goes on.

output:
  jsonl    the full state at every event (what a Trace is)
  compact  changes only, a third of the size or less; ewm.tracing.events.load
           reads both
  pretty   source at the left, what each line changed at the right
  summary  one line a program: status, events, CPU time, id, result
  --output FILE is whole or not there: until the end it is FILE.part.
  --verify is the proof instead of traces: control flow, a run without a tracer,
  an oracle that records by deep copy; says how many state lines it compared.

exit code:
  0    every program was run, whatever its status; or the reader left (| head)
  1    this machine does not give what is needed, e.g. --require
  2    wrong option or input, or an output that cannot be written; what stood
       before a wrong line has been written
  3    --verify: a trace is not as the proof has it
  130  interrupted

examples:
  python -m ewm.tracing prog.py --call "f(3)" --pretty
  python -m ewm.tracing programs.jsonl --verify --pretty
  python -m ewm.tracing programs.jsonl.gz --format compact --output t.jsonl.gz
  echo '{"source": "x = 1"}' | python -m ewm.tracing --format summary
  echo 'print(input())' | python -m ewm.tracing - --stdin hello --pretty
"""


def parse(argv: list[str] | None = None) -> tuple[argparse.Namespace, TraceConfig]:
    """(what to do, limits). Ends the process, with code 2, on a flag that does not exist."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog="python -m ewm.tracing",
        usage="python -m ewm.tracing [INPUT ...] [--call EXPRESSION] [--pretty] [...]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=28, width=80),
    )
    _run(parser)
    _written(parser)
    _keys(parser, told=bool({"-h", "--help"} & set(argv)))
    args = parser.parse_args(argv)
    args.format = args.format or "jsonl"
    if not args.inputs:
        if sys.stdin is not None and sys.stdin.isatty():
            parser.error("give a prog.py, a FILE.jsonl, or - for standard input; --help says more")
        args.inputs = ["-"]
    given = {f.name: v for f in fields(TraceConfig) if (v := getattr(args, f.name)) is not None}
    return args, replace(TraceConfig(), **given)


def _run(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is run")
    group.add_argument("inputs", metavar="INPUT", nargs="*", help="prog.py, FILE.jsonl, FILE.jsonl.gz, - ; see below")
    group.add_argument("--call", metavar="EXPRESSION", help="a call to make after the program's body")
    group.add_argument("--program", action="store_true", help="every INPUT is a program, whatever it is called")
    stdin = group.add_mutually_exclusive_group()
    stdin.add_argument("--stdin", metavar="TEXT", help='what the program reads; a row\'s own "stdin" wins')
    stdin.add_argument("--stdin-file", metavar="FILE", help="the same, from a file")
    group.add_argument("--skip-bad", action="store_true", help="report wrong lines and leave them out")


def _written(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is written")
    form = group.add_mutually_exclusive_group()
    form.add_argument("--format", choices=FORMATS, metavar="FORMAT", help=f"{', '.join(FORMATS)} (default jsonl)")
    form.add_argument("--pretty", dest="format", action="store_const", const="pretty", help="--format pretty")
    text = "prove every trace instead of writing it; with --pretty a table"
    group.add_argument("--verify", action="store_true", help=text)
    group.add_argument("--output", metavar="FILE", help="instead of standard output; FILE.gz is compressed")
    text = "rows of one trace in pretty, before rounds of loops are folded (default %(default)s; 0: all)"
    group.add_argument("--max-rows", type=_count, default=200, metavar="N", help=text)
    text = "on stderr; by default if that is a terminal and the traces go elsewhere"
    group.add_argument("--progress", action=argparse.BooleanOptionalAction, help=text)
    group.add_argument("--quiet", action="store_true", help="no progress, and no counts at the end")


def _keys(parser: argparse.ArgumentParser, told: bool) -> None:
    """A flag for every key; the help comes from the schema's comments, which are only read to be shown."""
    said = comments(TraceConfig) if told else {}
    by_name = {name: parser.add_argument_group(title) for title, names in GROUPS.items() for name in names[:1]}
    groups = {name: by_name[names[0]] for names in GROUPS.values() for name in names}
    rest = parser.add_argument_group(LIMITS)
    for field in fields(TraceConfig):
        if field.default is MISSING:  # a list: given once for each of its items
            text = f"{said.get(field.name, '').replace('%', '%%')}; once for each"
            groups.get(field.name, rest).add_argument(_flag(field), action="append", metavar="PATH", help=text)
            continue
        default = "none" if field.default is None else str(field.default).lower()
        text = f"{said.get(field.name, '').replace('%', '%%')} (default {default})".strip()
        groups.get(field.name, rest).add_argument(_flag(field), type=_kind(field), metavar=_metavar(field), help=text)


def _flag(field: Field[Any]) -> str:
    return f"--{field.name.replace('_', '-')}"


def _kind(field: Field[Any]) -> Any:
    return _boolean if isinstance(field.default, bool) else str if field.default is None else type(field.default)


def _metavar(field: Field[Any]) -> str:
    if allowed := limits.CHOICES.get(f"trace.{field.name}"):
        return "|".join(allowed)
    if isinstance(field.default, bool):
        return "true|false"
    return METAVARS.get(field.name, {int: "N", float: "SECONDS"}.get(type(field.default), "TEXT"))


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 on")
    return int(text)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"
