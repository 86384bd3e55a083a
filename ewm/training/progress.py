"""How far a stage is: a bar on a terminal, elsewhere a line for the first step and for every tenth of the run.

`shown` gives a log that also feeds the bar and a board. Nothing here reaches into the training itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ewm.config.schema import SftConfig

Log = Callable[[dict[str, float], int], None]


class Board(Protocol):
    """A place for curves and texts: ewm.reporting.tensorboard.Writer, or a test's list."""

    def scalars(self, values: Mapping[str, float], step: int) -> None: ...
    def text(self, tag: str, text: str, step: int) -> None: ...


class Meter:
    """The progress of one stage of `total` steps. It begins with the first `show`, or before that with `start`."""

    def __init__(self, name: str, total: int, console: Console | None = None) -> None:
        self.name, self.total = name, total
        self.console = console or Console(file=sys.stderr)
        self.progress: Progress | None = None
        self.tenth = -1  # of what was shown last

    def start(self, step: int = 0) -> None:
        if self.progress is not None or not self.console.is_terminal:
            return
        columns = [TextColumn(self.name), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}")]
        self.progress = Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=self.console)
        self.task = self.progress.add_task(self.name, total=self.total, completed=step, note="")
        self.progress.start()

    def show(self, step: int, note: str, share: float | None = None) -> None:
        """`share` of the stage that is done, where steps alone do not tell it."""
        self.start(step)
        tenth = int(10 * (step / max(1, self.total) if share is None else share))
        if self.progress is not None:
            self.progress.update(self.task, completed=step, note=note)
        elif tenth > self.tenth:
            self.console.print(f"{self.name} {step}/{self.total}  {note}", highlight=False, soft_wrap=True)
        self.tenth = max(tenth, self.tenth)

    def close(self) -> None:
        """Also after an exception: a bar left running would garble the terminal."""
        if self.progress is not None:
            self.progress.stop()
            self.progress = None


@contextmanager
def shown(
    name: str,
    cfg: SftConfig,
    log: Log,
    board: Board | None = None,
    console: Console | None = None,
    stage: str = "sft",
    share: Callable[[], float] | None = None,
) -> Iterator[Log]:
    """`log` of an SFT stage, whose lines also go to the board and to the terminal.

    `stage`: the prefix of its names. `share` of it that is done, where neither steps nor the clock tell.
    """
    meter = Meter(name, cfg.max_steps, console) if share is None else Meter(f"{name} %", 100, console)

    def tell(values: dict[str, float], step: int) -> None:
        log(values, step)
        if board is not None:
            board.scalars(values, step)
        if f"{stage}/loss" not in values:
            return
        minutes = values[f"{stage}/minutes"]
        clock = minutes / cfg.max_minutes if cfg.max_minutes else 0.0
        loss, speed = values[f"{stage}/loss"], values[f"{stage}/tokens_per_second"]
        note = f"loss {loss:.3f}  {speed:.0f} tokens/s  {minutes:.1f} min"
        if share is not None:
            meter.show(int(100 * share()), note)
        else:
            meter.show(step, note, max(step / cfg.max_steps, clock))

    try:
        yield tell
    finally:
        meter.close()
