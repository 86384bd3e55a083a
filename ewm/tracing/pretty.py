"""A trace for a person: source on the left, what each line changed on the right.

A row is a line that ran, with the state it left behind, what it returned, yielded or raised; # counts the trace's
events from 0, which a return on its own line shares. Nothing of a program reaches the terminal as a control character.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ewm.programs import Program
from ewm.tracing.events import Event, Trace
from ewm.tracing.loops import Gap, fold

ENDS = {"return": "return", "yield": "yield", "exception": "raise"}
STYLES = {"call": "magenta", "return": "blue", "yield": "blue", "raise": "bold red", "global": "yellow", "del": "dim"}
_OUTPUT = 40  # lines of stdout that are shown


@dataclass
class Row:
    """One line of the table. `parts`: (what, text), `what` being a key of STYLES or empty for a variable."""

    number: int
    last: int  # the last event that it shows
    line: int
    depth: int
    arrives: bool
    parts: list[tuple[str, str]] = field(default_factory=list)


def console(out: TextIO | None = None) -> Console:
    """Where to show; what the encoding lacks is escaped instead of failing."""
    out = out or sys.stdout
    if hasattr(out, "reconfigure"):
        out.reconfigure(errors="backslashreplace")
    return Console(file=out, highlight=False)


def show(program: Program, trace: Trace, screen: Console | None = None, max_rows: int = 0) -> None:
    """Print the trace; beyond `max_rows` rows, rounds of loops are folded."""
    screen = screen or console()
    table = rows(trace.events)
    title = Text(plain(trace.id), style="bold")
    if program.entry:
        title.append(f"   {plain(program.entry)}", style="bold magenta")
    screen.print(title)
    if table:
        _table(fold(table, program.source, max_rows), program.source, screen)
    _ending(trace, screen)


def rows(events: Sequence[Event]) -> list[Row]:
    """A row for each line; what came of it follows in the same row if nothing ran in between."""
    table: list[Row] = []
    for number, (event, parts) in enumerate(zip(events, changes(events), strict=True)):
        before = table[-1] if table else None
        if event.kind == "return" and event.depth == 0:
            if before is not None:  # the end of the module returns nothing that a person would miss
                before.parts += [part for part in parts if part[0] != "return"]
        elif before is not None and before.last == number - 1 and _follows(before, event):
            before.parts += parts
            before.last = number
        else:
            table.append(Row(number, number, event.line, event.depth, event.kind == "line", parts))
    return table


def _follows(before: Row, event: Event) -> bool:
    """It came of the row before: the end of its line, or the line that a frame begins with."""
    here = (before.line, before.depth) == (event.line, event.depth)
    return here and (
        event.kind in ENDS or (event.kind == "line" and not before.arrives and before.parts[0][0] == "call")
    )


def changes(events: Sequence[Event]) -> list[list[tuple[str, str]]]:
    """For every event, what is known to have come of it: arguments at a call, new values after a line."""
    found: list[list[tuple[str, str]]] = [[] for _ in events]
    last: dict[int, int] = {}  # depth -> index of the frame's last event
    raised: object = None
    for i, event in enumerate(events):
        before = last.get(event.depth)
        if event.kind == "call":
            found[i].append(("call", ", ".join(f"{k}={v}" for k, v in event.locals.items())))
        elif before is not None:
            old = events[before].locals
            found[before] += [("", f"{k}={v}") for k, v in event.locals.items() if old.get(k) != v]
            found[before] += [("del", k) for k in old if k not in event.locals]
        if isinstance(event.value, dict):
            message = "" if event.value == raised else event.value["message"]  # the same, a frame further out
            leaves = f" (leaves {event.function})" if event.unwound else ""
            found[i].append(("raise", f"{event.value['type']}: {message}".rstrip(": ") + leaves))
            raised = event.value
        elif event.value is not None:
            found[i].append((ENDS.get(event.kind, ""), event.value))
        last[event.depth] = i
        if event.globals and i:  # seen here, done by the event before
            found[i - 1] += [("global", f"{k}={v}" if v else f"{k} deleted") for k, v in event.globals.items()]
    return found


def plain(text: str) -> str:
    """Without anything that moves a cursor, changes colours or the direction of writing."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text.expandtabs(4))


def _table(table: list[Row | Gap], source: str, screen: Console) -> None:
    lines = _lines(source, screen)
    shown = [row for row in table if isinstance(row, Row)]
    base = min(row.depth for row in shown)
    left = len(str(max(row.number for row in shown))), max(4, len(str(max(row.line for row in shown))))
    room = max(30, screen.width - sum(left) - 4)
    most = max(10, room * 11 // 20)
    cells = {id(row): _source(row.line, row.depth - base, lines, most) for row in shown}
    wide = min(most, max(cell.cell_len for cell in cells.values()))
    rest = room - wide - 2
    screen.print(
        Text(f"{'#':>{left[0]}} {'line':>{left[1]}}  {'source':<{wide}}  changed", style="dim"),
        no_wrap=True,
        crop=False,
    )
    for row in table:
        if isinstance(row, Gap):
            screen.print(Text(f"{'':{sum(left) + 3}}{_gap(row)}", style="yellow"))
            continue
        head = Text.assemble((f"{row.number:>{left[0]}}", "dim"), " ", (f"{row.line:>{left[1]}}", "cyan"), "  ")
        cell = cells[id(row)]
        cell.truncate(wide, overflow="ellipsis", pad=True)
        changed = _changed(row.parts, rest).wrap(screen, rest, overflow="fold") if row.parts else [Text()]
        for number, text in enumerate(changed):
            text.rstrip()
            first = head + cell + "  " if number == 0 else Text(" " * (sum(left) + wide + 5))
            line = first + text
            line.rstrip()
            screen.print(line, no_wrap=True, crop=False)


def _source(number: int, depth: int, lines: Sequence[Text], wide: int) -> Text:
    """The line behind a bar for each call; what is too deep for that by its number."""
    text = lines[number - 1] if 0 < number <= len(lines) else Text()
    bars = "│ " * depth if 2 * depth <= wide // 3 else f"│ ·{depth}· "
    return Text.assemble((bars, "dim"), text)


def _changed(parts: list[tuple[str, str]], wide: int) -> Text:
    """`x=1  y=2  return 3`; a long value is cut, the whole of it is in the JSON."""
    text = Text()
    most = max(60, 4 * wide)
    for what, said in parts:
        text.append("  " if text else "")
        said = plain(said)
        if cell_len(said) > most:
            cut = Text(said)
            cut.truncate(most, overflow="ellipsis")
            said = cut.plain
        if what:
            text.append(f"{what} ".rstrip() if not said else f"{what} ", style=STYLES[what])
            text.append(said, style="red" if what == "raise" else "dim" if what == "del" else "")
        else:
            name, _, value = said.partition("=")
            text.append(name, style="green").append("=", style="dim").append(value)
    return text


def _lines(source: str, screen: Console) -> list[Text]:
    clean = [plain(line) for line in source.split("\n")]
    if screen.color_system is None:
        return [Text(line) for line in clean]
    from rich.syntax import Syntax

    whole = "\n".join(clean)
    coloured = Syntax(whole, "python", theme="ansi_dark", background_color="default").highlight(whole)
    return list(coloured.split("\n", allow_blank=True))


def _gap(gap: Gap) -> str:
    if gap.rounds:
        where = f"line {gap.first}" if gap.first == gap.last else f"lines {gap.first}-{gap.last}"
        return f"⋮ {gap.rounds:,} more round{'s' * (gap.rounds > 1)} of {where}, {gap.rows:,} rows"
    return f"⋮ {gap.rows:,} rows left out (--max-rows 0 shows all)"


def _ending(trace: Trace, screen: Console) -> None:
    status = Text(trace.status, style="bold green" if trace.status == "ok" else "bold red")
    if trace.signal is not None:
        status.append(f" by signal {trace.signal}")
    if trace.exception:
        status.append(f"  {plain(trace.exception['type'])}: {plain(trace.exception['message'])}".rstrip(": "), "red")
    if trace.truncated or trace.partial:
        status.append(
            "  (something was cut: see the limits in --help)" if trace.truncated else "  (cut short)", "yellow"
        )
    screen.print(status)
    if trace.result is not None:
        screen.print(Text.assemble(("result ", "blue"), plain(trace.result)), soft_wrap=True)
    for line in _printed(trace.stdout):
        screen.print(Text.assemble(("stdout ", "blue"), line), soft_wrap=True)
    about = f"{len(trace.events):,} events, {1000 * trace.cpu_s:.1f} ms CPU, isolation {trace.isolation}, "
    screen.print(Text(f"{about}Python {trace.python}\n", style="dim"))


def _printed(stdout: str) -> Iterator[str]:
    lines = stdout.removesuffix("\n").split("\n") if stdout else []
    yield from (plain(line) for line in lines[:_OUTPUT])
    if len(lines) > _OUTPUT:
        yield f"⋮ {len(lines) - _OUTPUT:,} more lines"
