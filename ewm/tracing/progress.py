"""What a long run says on stderr: how far it is while it goes, and counts by status at its end. Never on stdout."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

EVERY = 10.0  # seconds between lines where there is no terminal to draw on
REDRAW = 0.2
_BAR = 20  # columns


class Progress:
    """Counts programs. Draws on a terminal, writes a line now and then elsewhere, or says nothing until the end."""

    def __init__(self, shown: bool, share: Callable[[], float | None]):
        self.statuses: Counter[str] = Counter()
        self.skipped = 0
        self._share, self._shown = share, shown
        self._began = self._said = time.monotonic()
        self._bar: Any = None
        if shown and sys.stderr.isatty():
            self._bar = _bar()
            self._task = self._bar.add_task("", total=None)

    @property
    def begun(self) -> bool:
        """There is something to report."""
        return bool(self.statuses or self.skipped)

    def add(self, status: str) -> None:
        self.statuses[status] += 1
        now = time.monotonic()
        if not self._shown or now - self._said < (REDRAW if self._bar else EVERY):
            return
        self._said = now
        share = self._share()
        if self._bar is None:
            self.say(f"{'' if share is None else f'{share:.0%}, '}{self.line()}")
            return
        self._bar.start()  # a run that is over in a moment draws nothing
        text, room = self.line(), max(20, self._bar.console.width - _BAR - 8)
        text = text if len(text) <= room else f"{text[: room - 3]}..."
        self._bar.update(self._task, description=text, completed=share or 0, total=None if share is None else 1)

    def say(self, text: str) -> None:
        """A line on stderr, above the bar if there is one."""
        if self._bar is not None and self._bar.live.is_started:
            self._bar.console.print(f"ewm.tracing: {text}", markup=False, highlight=False, soft_wrap=True)
        else:
            print(f"ewm.tracing: {text}", file=sys.stderr, flush=True)

    def line(self) -> str:
        """`1,200 programs in 2.0 s (600/s): ok 1,100, exception 100`"""
        count, seconds = self.statuses.total(), time.monotonic() - self._began
        rate = f" ({count / seconds:,.0f}/s)" if seconds > 0.1 else ""
        parts = ", ".join(f"{status} {n:,}" for status, n in self.statuses.most_common())
        text = f"{count:,} program{'s' * (count != 1)} in {seconds:,.1f} s{rate}"
        skipped = f"; {self.skipped:,} wrong line{'s' * (self.skipped != 1)} left out" if self.skipped else ""
        return f"{text}{': ' if parts else ''}{parts}{skipped}"

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = TextColumn("{task.description}", markup=False), BarColumn(_BAR), TimeRemainingColumn(compact=True)
    console = Console(stderr=True)
    return Bar(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
