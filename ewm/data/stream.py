"""Endless pretraining examples: grammar program -> trace -> text -> token ids, made as training goes.

Deterministic: what stands at a position (the index of a grammar program) is a function of (seed, position), so a run
resumes by its last position without replaying anything. Only families of the split, never a reserved construct or a
benchmark's shape, only finished traces that can be written whole. The tokenizer comes in as `encode`; nothing here
knows a model.
"""

from __future__ import annotations

import hashlib
import random
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from itertools import count

from ewm import formats
from ewm.config.schema import TraceConfig
from ewm.data.benchmarks.shapes import banned
from ewm.data.example import wrap_answer
from ewm.programs import Program
from ewm.programs.constructs import is_reserved
from ewm.programs.curriculum import Curriculum
from ewm.programs.grammar import program as grammar_program
from ewm.programs.program import SALT
from ewm.tasks import messages
from ewm.tracing import Runner
from ewm.tracing.events import Trace

Encode = Callable[[list[dict[str, str]], str], tuple[list[int], int]]  # (messages, target) -> (ids, prompt length)
TASKS = {"trace": 0.93, "output": 0.05, "program": 0.02}  # program text is mostly chance: more of it drowns the rest


class Stream:
    """Iterator of (ids, prompt length). `position`: start a new stream here to go on after what was handed out."""

    def __init__(
        self, seed: int, curriculum: Curriculum, split: str, tasks: Mapping[str, float], style: str,
        encode: Encode, start: int, format: str, trace: TraceConfig | None,
    ) -> None:  # fmt: skip
        self.position = start
        self._seed, self._curriculum, self._tasks = seed, curriculum, tasks
        self._split, self._style, self._format, self._encode = split, style, format, encode
        self._config = trace or TraceConfig(max_events=200)
        self._items = self._run()

    def __iter__(self) -> Iterator[tuple[list[int], int]]:
        return self

    def __next__(self) -> tuple[list[int], int]:
        return next(self._items)

    def close(self) -> None:
        """Stops the runner's processes."""
        self._items.close()

    def _run(self) -> Generator[tuple[list[int], int], None, None]:
        waiting: deque[tuple[int, str, Program]] = deque()

        def candidates() -> Iterator[Program]:
            for index, task, program in drawn(self._seed, self._curriculum, self._tasks, self._split, self.position):
                waiting.append((index, task, program))
                yield program

        with Runner(self._config) as runner:
            for traced in runner.trace_all(candidates()):
                index, task, program = waiting.popleft()
                example = self._example(program, task, traced)
                self.position = index + 1
                if example:
                    yield self._encode(*example)

    def _example(self, program: Program, task: str, trace: Trace) -> tuple[list[dict[str, str]], str] | None:
        if not trace.finished:
            return None
        if task == "program":
            return [{"role": "user", "content": f"<|program|>\n{program.level}"}], program_text(program)
        if task == "output" and formats.target(trace, "output", self._format) is None:
            task = "trace"
        text = formats.target(trace, task, self._format)
        if text is None or not formats.truth(trace, program, task, self._format).complete:
            return None
        return messages(program, task, self._format, self._style), wrap_answer(text, task, self._style)


def stream(
    seed: int,
    curriculum: Curriculum,
    split: str = "train",
    tasks: Mapping[str, float] = TASKS,
    style: str = "short",
    *,
    encode: Encode,
    start: int = 0,
    format: str = "delta",
    trace: TraceConfig | None = None,
) -> Stream:
    """Examples from position `start` on. Close it, or let it be collected, to stop its processes."""
    return Stream(seed, curriculum, split, tasks, style, encode, start, format, trace)


def drawn(
    seed: int, curriculum: Curriculum, tasks: Mapping[str, float], split: str, start: int = 0
) -> Iterator[tuple[int, str, Program]]:
    """(position, task, program) of what the stream takes from `start` on, before anything is traced. Endless."""
    for index in count(start):
        rng = random.Random(f"stream:{seed}:{index}")
        level, task = curriculum.level(rng, index), rng.choices(list(tasks), list(tasks.values()))[0]
        program = grammar_program(seed, index, level, curriculum.knobs.get(level, {}))
        if program.split == split and program.family not in banned() and not is_reserved(program.source):
            yield index, task, program


def families(seed: int, curriculum: Curriculum, stop: int, split: str = "train") -> set[str]:
    """What a stream that stood at position `stop` can have trained on. Some of these families were left out after
    tracing (unfinished or too long)."""
    found = set()
    for index, _, program in drawn(seed, curriculum, TASKS, split):
        if index >= stop:
            break
        found.add(program.family)
    return found


def family_digest(found: Iterable[str]) -> dict[str, str | int]:
    """The number of families, and the SHA-256 of their sorted names, one a line."""
    names = sorted(set(found))
    return {"salt": SALT, "families": len(names), "sha256": hashlib.sha256("\n".join(names).encode()).hexdigest()}


def program_text(program: Program) -> str:
    """A program with its call, as a model writes one: the source, then `call f(2)` on a line of its own."""
    return program.source + (f"\ncall {program.entry}" if program.entry else "")
