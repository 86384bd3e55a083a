"""The run doctor: a run record that also looks at what is written to it, and names diseases with their remedy.

A finding is said once: a warning line in the log, a text on the board, an entry of `doctor` in run.json. It is said
again only after the run was free of it for a whole window. What a resumed run had found before is found again in the
lines that metrics.jsonl keeps. What counts as a disease stands in diseases.py; nothing here steers the training.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ewm.training.diseases import present
from ewm.training.history import WINDOW, Finding, History, Plan
from ewm.training.progress import Board

log = logging.getLogger(__name__)


class Doctor:
    """Stands in for `record` (callbacks.Record). `since`: the step that training goes on from; what was logged up to
    there is read first."""

    def __init__(self, record: Any, plan: Plan, board: Board | None = None, since: int = 0) -> None:
        self.record, self.plan, self.board = record, plan, board
        self.folder = record.folder
        self.history = History()
        self.findings: list[Finding] = []
        self._ill: dict[tuple[str, str], int] = {}  # what was found -> the line at which it was last so
        self._lines = 0
        for step, values in logged(record.folder / "metrics.jsonl", since):
            self._see(values, step)
        self._note()

    def log(self, values: dict[str, Any], step: int) -> None:
        """Pass the line on, then look at it."""
        self.record.log(values, step=step)
        found = self._see(values, step)
        for finding in found:
            log.warning("Doctor at step %d: %s: %s %s", step, finding.disease, finding.message, finding.remedy)
            if self.board is not None:
                self.board.text("doctor", f"**{finding.disease}**: {finding.message} {finding.remedy}", step)
        if found:
            self._note()

    def __getattr__(self, name: str) -> Any:
        """Everything else is the record's."""
        return getattr(self.record, name)

    def _see(self, values: Mapping[str, Any], step: int) -> list[Finding]:
        """What this line shows for the first time."""
        if not self.history.add(values, step):
            return []
        self._lines += 1
        new = []
        for finding in present(self.history, self.plan):
            key = (finding.disease, finding.metric)
            last = self._ill.get(key)
            if last is None or self._lines - last > WINDOW:
                new.append(finding)
            self._ill[key] = self._lines
        self.findings += new
        return new

    def _note(self) -> None:
        self.record.note(doctor=[asdict(finding) for finding in self.findings])


def logged(path: Path, until: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """(step, values) of the GRPO lines up to a step; a line that a kill cut short is left out."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if row.get("stage") != "sft" and row["step"] <= until:
            yield row["step"], row
