"""Programs -> benchmark examples, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator

from ewm.config.schema import FormatConfig, TaskConfig, TraceConfig
from ewm.data.example import Example, make, task_of
from ewm.programs import Program
from ewm.tracing import Runner


def examples(
    programs: Iterable[tuple[str, Program]], trace: TraceConfig, task: TaskConfig, format: FormatConfig, style: str,
    fits: Callable[[Example], bool] = lambda example: True,
) -> Generator[Example, None, None]:  # fmt: skip
    """Of (part's name, program), those that finish and to which the task applies."""
    waiting: deque[tuple[str, Program]] = deque()

    def fresh() -> Iterator[Program]:
        for part, program in programs:
            waiting.append((part, program))
            yield program

    with Runner(trace) as runner:
        for traced in runner.trace_all(fresh()):
            part, program = waiting.popleft()
            made = make(program, traced, task_of(task, program), format.name, style, part)
            if isinstance(made, Example) and fits(made):
                yield made
