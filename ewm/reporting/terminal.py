"""The comparison on the terminal, at the end of a run: table, verdict, findings, the TensorBoard command."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from ewm.evaluation.results import METRICS, Results
from ewm.reporting import diagnosis, words

NUMBERS = ("base", "adapter", "difference", "p", "blind", "n")
WIDE = 120  # columns that the full table wants


def show(results: Results, folder: Path, console: Console | None = None) -> None:
    """Print the headline and the levels' exact, then what they mean in a sentence, then where the rest lies."""
    out = console or Console()
    wide = out.width >= WIDE
    head = words.HEAD if wide else words.NARROW
    who = f"{results.model}, base and adapter on the same items" if results.adapter else f"{results.model}, alone"
    for name, rows in words.benchmark_rows(results).items():
        title = f"{name}: {who} (per cent)"
        out.print(grid(title, head, rows if wide else [words.narrow(row) for row in rows]))
    out.print(words.verdict(results), style="bold", highlight=False)
    for sentence in diagnosis.read(folder):
        out.print(f"doctor       {sentence}", highlight=False, markup=False, soft_wrap=True)
    out.print(f"report       {folder / 'report.md'}", highlight=False, soft_wrap=True)
    out.print(f"tensorboard  tensorboard --logdir {tensorboard_root(folder)}", highlight=False, soft_wrap=True)


def grid(title: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    """A plain rich table; numbers stand right."""
    table = Table(title=title, title_justify="left", title_style="", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in head:
        table.add_column(
            name,
            justify="right" if name in NUMBERS else "left",
            overflow="fold",
            no_wrap=name in NUMBERS or name.endswith(METRICS),
        )
    for row in rows:
        table.add_row(*row)
    return table


def tensorboard_root(folder: Path) -> Path:
    """The folder that holds all runs (outputs, usually); the folder itself where it does not look like a run's."""
    return next((p.parent for p in folder.parents if p.name in ("train", "evaluate", "sweeps")), folder)
