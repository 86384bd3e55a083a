"""What a verification found, for a person and as JSON: one line a program, then the sums.

A program disagrees if a state line or event is wrong against the oracle, or if any other part of the proof has a
problem with it. A program whose states could not be compared is counted and said, never taken for right.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ewm.tracing.verify import Verdict

SHOWN = 20  # disagreements in the table


class Report:
    """Sums over verdicts, in bounded memory."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.programs = self.lines = self.events = self.wrong_lines = self.disagree = 0
        self.first: list[tuple[str, Verdict]] = []

    def add(self, name: str, verdict: Verdict) -> None:
        self.programs += 1
        self.statuses[verdict.trace.status] += 1
        self.lines += verdict.compared.lines
        self.events += verdict.compared.events
        self.wrong_lines += verdict.wrong_lines
        if verdict.skipped:
            self.skipped[verdict.skipped] += 1
        if not verdict.agrees:
            self.disagree += 1
            self.first += [(name, verdict)] if len(self.first) < SHOWN else []

    @property
    def sums(self) -> dict[str, Any]:
        """The figures that a note cites."""
        return {
            "programs": self.programs,
            "statuses": dict(self.statuses.most_common()),
            "not_compared": dict(self.skipped.most_common()),
            "lines_compared": self.lines,
            "events_compared": self.events,
            "wrong_lines": self.wrong_lines,
            "programs_that_disagree": self.disagree,
        }


def row(name: str, verdict: Verdict) -> dict[str, Any]:
    """One program's verdict as JSON."""
    return {
        "id": name,
        "status": verdict.trace.status,
        "lines_compared": verdict.compared.lines,
        "wrong_lines": verdict.wrong_lines,
        "not_compared": verdict.skipped or None,
        "problems": list(verdict.problems),
        "wrong": [vars(wrong) for wrong in verdict.compared.wrong],
    }


def write_json(verdicts: Iterable[tuple[str, Verdict]]) -> Report:
    """One line a program on stdout, the sums last."""
    report = Report()
    for name, verdict in verdicts:
        report.add(name, verdict)
        print(json.dumps(row(name, verdict)), flush=True)
    print(json.dumps(report.sums), flush=True)
    return report


def show(verdicts: Iterable[tuple[str, Verdict]], console: Console | None = None) -> Report:
    """The sums as a table, and the first disagreements."""
    console, report = console or Console(), Report()
    for name, verdict in verdicts:
        report.add(name, verdict)
    if report.first:
        console.print(_disagreements(report))
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in report.sums.items():
        text = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else f"{value:,}"
        table.add_row(name.replace("_", " "), escape(text or "0"))
    console.print(table)
    return report


def _disagreements(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("program", "event", "line", "name", "traced", "oracle"):
        table.add_column(title, overflow="fold")
    for name, verdict in report.first:
        for problem in verdict.problems:
            table.add_row(escape(name), "", "", "", escape(problem), "")
        for wrong in verdict.compared.wrong[:SHOWN]:
            cells = (name, str(wrong.event), str(wrong.line), wrong.name, wrong.traced, wrong.oracle)
            table.add_row(*map(escape, cells))
    return table
