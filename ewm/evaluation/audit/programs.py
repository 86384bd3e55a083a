"""Real programs to audit on: mined from what is installed here, or from files. Each with its truth, traced once.

By default doctests of the standard library, then, where reasoning-gym is installed, the programs of CodeI/O, until
there are enough; no network. A file is JSONL: {"source" or "code", "entry"} a line, or CRUXEval's {"code", "input"}.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from ewm import formats
from ewm.config.errors import ConfigError
from ewm.config.schema import TraceConfig
from ewm.evaluation.audit.attacks import MARK
from ewm.formats.prediction import Truth
from ewm.programs import Program
from ewm.programs.corpora import of_row
from ewm.sources import CodeIO, Mine
from ewm.tracing import Runner, Trace

MOST_STEPS = 300  # more than any answer is asked for; what aligns answers takes time by their square


@dataclass(frozen=True)
class Real:
    """A program that ran to its end, and its trace."""

    program: Program
    trace: Trace

    def truth(self, task: str, format: str) -> Truth | None:
        """None where the task does not apply, or a value is no literal: `exact` does not count there."""
        try:
            found = formats.truth(self.trace, self.program, task, format)
        except ValueError:
            return None
        return found if found.complete else None


def real(n: int, files: Sequence[str], trace: TraceConfig, seed: int = 0, cache_dir: str | None = None) -> list[Real]:
    """The first n programs that can be told completely, in at most MOST_STEPS steps."""
    candidates = chain.from_iterable(map(read, files)) if files else installed(seed, cache_dir)
    found: list[Real] = []
    for one in _traced(candidates, trace):
        truth = one.truth("trace", "delta")
        if truth is not None and len(truth.prediction.steps) <= MOST_STEPS:
            found.append(one)
        if len(found) == n:
            break
    return found


def installed(seed: int, cache_dir: str | None) -> Iterator[Program]:
    """What this machine has."""
    yield from Mine(["stdlib"], cache_dir=cache_dir).programs(seed)
    try:
        codeio = CodeIO(inputs_per_program=1, cache_dir=cache_dir)
    except (ConfigError, ValueError):
        return
    yield from codeio.programs(seed)


def read(path: str) -> Iterator[Program]:
    """The programs of a file; ConfigError names the line that holds none."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--programs {path}: {error}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if isinstance(row.get("input"), str) and not row.get("entry"):
                row = {**row, "entry": f"f({row['input']})"}
            yield of_row(row)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise ConfigError(
                f'--programs {path}, line {number}: no program ({error}). It wants {{"source", "entry"}}, or '
                '{"code", "input"} with a function f.'
            ) from None


def imitating(found: Sequence[Real], trace: TraceConfig, n: int) -> list[Real]:
    """The same programs, called with a string that looks like the marks of every format, where one is an argument."""
    changed = (replace(one.program, entry=entry) for one in found if (entry := _imitating(one.program.entry)))
    return [one for one in _traced(list(changed)[:n], trace) if one.truth("trace", "delta") is not None]


def _imitating(entry: str | None) -> str | None:
    """The call with its first string argument replaced; None if it has none."""
    made, times = re.subn(r"(?<=[(, \[])'(?:[^'\\]|\\.)*'", lambda _: repr(MARK), entry or "", count=1)
    return made if times else None


def _traced(programs: Iterable[Program], cfg: TraceConfig) -> Iterator[Real]:
    programs = iter(programs)
    taken: list[Program] = []

    def kept() -> Iterator[Program]:
        for program in programs:
            taken.append(program)
            yield program

    with Runner(cfg) as runner:
        for number, trace in enumerate(runner.trace_all(kept())):
            if trace.finished and trace.status in ("ok", "exception"):
                yield Real(taken[number], trace)
