"""What a person reads after a run: report.md, report.html, the terminal's table, the table over a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ewm.evaluation.results import Results
from ewm.reporting import report, terminal, words

__all__ = ["rewrite", "write"]


def write(results: Results, record: Any) -> None:
    """Headline figures into run.json, report.md and report.html beside it; table and verdict on the terminal."""
    folder = Path(record.folder)
    figures = results.scalars(("all", "known", "reserved"))
    main = {name: value for name, value in figures.items() if name.split("/")[-1].startswith(words.SHOWN)}
    record.note(metrics=main, headline=results.headline())
    write_files(results, folder)
    terminal.show(results, folder)


def rewrite(folder: Path) -> Results:
    """Make the report of a run again from evaluation/results.json."""
    results = Results.load(folder / "evaluation" / "results.json")
    write_files(results, folder)
    return results


def write_files(results: Results, folder: Path) -> None:
    """Both reports."""
    origin = report.Origin.of(folder)
    (folder / "report.md").write_text(report.markdown(results, origin), encoding="utf-8")
    (folder / "report.html").write_text(report.html(results, origin), encoding="utf-8")
