"""A trace for a person: source on the left, what each step changed on the right."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ewm.programs import Program
from ewm.tracing.events import Event, Trace

_MARKS = {"call": "call", "line": "", "return": "return", "yield": "yield", "exception": "raise"}


def show(program: Program, trace: Trace, console: Console | None = None) -> None:
    """Print the trace as a table, one row an event; a row shows the state its line left behind."""
    console = console or Console()
    source = program.source.splitlines()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title, style, justify in (("step", "dim", "right"), ("line", "cyan", "right"), ("", "magenta", "left")):
        table.add_column(title, style=style, justify=justify)  # type: ignore[arg-type]
    table.add_column("source", overflow="fold", ratio=1)
    table.add_column("changed", style="green", overflow="fold", ratio=1)
    for number, (event, changed) in enumerate(zip(trace.events, changes(trace.events), strict=True), 1):
        text = source[event.line - 1] if 0 < event.line <= len(source) else ""
        mark = "unwind" if event.unwound else _MARKS[event.kind]
        table.add_row(str(number), str(event.line), mark, escape("  " * event.depth + text), escape(changed))
    console.print(table)
    _summary(trace, console)


def changes(events: tuple[Event, ...]) -> list[str]:
    """For every event, what is known to have changed by it: arguments at a call, new values after a line."""
    texts = [""] * len(events)
    last: dict[int, int] = {}  # depth -> index of the frame's last event
    for i, event in enumerate(events):
        before = last.get(event.depth)
        if event.kind == "call":
            texts[i] = "; ".join(f"{k}={v}" for k, v in event.locals.items())
        elif before is not None:
            old = events[before].locals
            parts = [f"{k}={v}" for k, v in event.locals.items() if old.get(k) != v]
            parts += [f"del {k}" for k in old if k not in event.locals]
            texts[before] = "; ".join([texts[before], *parts] if texts[before] else parts)
        if isinstance(event.value, dict):
            texts[i] = f"{event.value['type']}: {event.value['message']}"
        elif event.value is not None:
            texts[i] = event.value
        last[event.depth] = i
        if event.globals and i:  # seen here, done by the event before
            parts = [f"global {k}={v}" for k, v in event.globals.items()]
            texts[i - 1] = "; ".join([texts[i - 1], *parts] if texts[i - 1] else parts)
    return texts


def _summary(trace: Trace, console: Console) -> None:
    colour = "green" if trace.status == "ok" else "red"
    error = f"  {trace.exception['type']}: {trace.exception['message']}" if trace.exception else ""
    cut = "  (cut)" if trace.truncated or trace.partial else ""
    console.print(f"\n[{colour}]{trace.status}[/]{escape(error)}{cut}", highlight=False)
    if trace.result is not None:
        console.print(f"result  {escape(trace.result)}", highlight=False)
    if trace.stdout:
        console.print(f"stdout  {escape(repr(trace.stdout))}", highlight=False)
    console.print(
        f"[dim]{len(trace.events)} events, {1000 * trace.cpu_s:.1f} ms CPU, isolation {trace.isolation}, "
        f"Python {trace.python}[/]",
        highlight=False,
    )
