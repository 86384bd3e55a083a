"""What a worker does: a block of candidates in, for each its example's row or why there is none, in their order.

Runs in a process of its own or in the caller's; a result depends on the candidate and the Setup alone, never on who
made it or what else was asked. What needs to know the other examples (duplicates, shares) is decided by who asks.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ewm import formats
from ewm.config.schema import TaskConfig, TraceConfig
from ewm.data.example import Example, make, task_of
from ewm.data.shards import row_of
from ewm.formats.prediction import Truth
from ewm.programs import Program, Split
from ewm.sources.dedup import Fingerprint, fingerprint
from ewm.tracing import Runner, Trace

Draft = Program | Callable[[], Program]  # a candidate, or what gives it: then it is made by the worker
ANSWER = "output"  # among `shorter`: the task, instead of a format


@dataclass(frozen=True)
class Setup:
    """Picklable. A limit of None: tokens are not counted against it. `shorter`: formats (or `output`) to try where the
    trace does not fit; `also`: formats whose text goes with the row."""

    trace: TraceConfig
    task: TaskConfig
    format: str
    style: str
    split: Split
    count_tokens: Callable[[str], int] | None = None
    max_prompt_tokens: int | None = None
    max_target_tokens: int | None = None
    shorter: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    blind: Callable[[Truth], float] | None = None
    near: bool = True  # near copies will be looked for


@dataclass(frozen=True)
class Made:
    """`row`, the example as it is kept, or `reason`; neither: a candidate of another split, which is not counted."""

    fingerprint: Fingerprint | None = None
    row: dict[str, Any] | None = None
    reason: str = ""


class Work:
    """One worker's tools. A context manager: its runner's processes end with it."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.runner = Runner(setup.trace)

    def __enter__(self) -> Work:
        return self

    def __exit__(self, *exc: object) -> None:
        self.runner.close()

    def block(self, name: str, drafts: Sequence[Draft]) -> list[Made]:
        """`name`: of the source."""
        programs = [draft if isinstance(draft, Program) else draft() for draft in drafts]
        mine = [program for program in programs if program.split == self.setup.split]
        made = zip(mine, list(self.runner.trace_all(mine)), strict=True)
        found = {id(program): self._made(name, program, trace) for program, trace in made}
        return [found.get(id(program), Made()) for program in programs]

    def _made(self, name: str, program: Program, trace: Trace) -> Made:
        found = self._example(name, program, trace)
        if isinstance(found, str):
            return Made(reason=found)
        texts = {other: formats.get(other).render(trace) for other in self.setup.also}
        return Made(fingerprint(program, self.setup.near), row_of(found, texts))

    def _example(self, name: str, program: Program, trace: Trace) -> Example | str:
        """In the format asked for, else in the first of the shorter ones that fits."""
        task, reason = task_of(self.setup.task, program), ""
        for tried, format in self._ways(task):
            made = make(program, trace, tried, format, self.setup.style, name)
            if isinstance(made, str):
                reason = reason or made
                continue
            if not made.truth.complete:
                return "not all values are literals"
            made, fault = self._measured(made)
            if not fault:
                return self._guessed(made)
            reason = reason or fault
        return reason

    def _ways(self, task: str) -> Iterator[tuple[str, str]]:
        yield task, self.setup.format
        for shorter in self.setup.shorter if task != ANSWER else ():
            yield (task, shorter) if shorter != ANSWER else (ANSWER, self.setup.format)

    def _measured(self, example: Example) -> tuple[Example, str]:
        """With its tokens, and why it does not fit."""
        setup = self.setup
        if setup.count_tokens is None:
            return example, ""
        prompt = setup.count_tokens(example.messages[-1]["content"])
        if setup.max_prompt_tokens is not None and prompt > setup.max_prompt_tokens:
            return example, "prompt too long"
        target = setup.count_tokens(example.target)
        if setup.max_target_tokens is not None and target > setup.max_target_tokens:
            return example, "target too long"
        return replace(example, prompt_tokens=prompt, target_tokens=target), ""

    def _guessed(self, example: Example) -> Example | str:
        """With the score of a blind guess, where such scores are asked for."""
        if self.setup.blind is None:
            return example
        score = round(self.setup.blind(example.truth), 6)
        return "a blind guess is right" if score >= 1 else replace(example, truth=replace(example.truth, blind=score))


_work: Work | None = None


def start(setup: Setup) -> None:
    """In a worker process, before its first block."""
    global _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all of them: who asked decides
    _work = Work(setup)


def block(name: str, drafts: Sequence[Draft]) -> list[Made]:
    """In a worker process."""
    assert _work is not None
    return _work.block(name, drafts)
