"""What a run's model answered, on the terminal: best, worst and most changed completions beside their truth.

Read from <run>/completions/<mode>-<step>.parquet. Model text is shown as text: no markup of it is obeyed, and what a
terminal would obey is written out. Where a completion departs from the truth, a mark points there.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ewm.config import ConfigError
from ewm.formats import thinking
from ewm.formats.answer import CLOSE, OPEN
from ewm.reporting.answered import Row, changed, read, steps, typical

MODES = ("train", "rejection", "validation")
LINES = 24  # of one answer
PROMPT_LINES = 40
NARROW = 30  # columns that an answer wants to stand beside another


def main(arguments: Sequence[str], console: Console | None = None) -> int:
    """0, or 2 with a sentence that says what would do."""
    parser = argparse.ArgumentParser("python -m ewm.reporting completions", description=__doc__.split(":")[0] + ".")
    parser.add_argument("run", type=Path, help="a run's folder, outputs/train/NAME/RUN")
    parser.add_argument("--step", type=int, help="default: the last")
    parser.add_argument("--mode", choices=MODES, help="default: that of the training, train or rejection (by round)")
    parser.add_argument("-n", type=int, default=3, help="completions of each kind; default: 3")
    given = parser.parse_args(arguments)
    try:
        if given.n < 1:
            raise ConfigError(f"-n {given.n}: must be at least 1.")
        mode = given.mode or ("rejection" if any((given.run / "completions").glob("rejection-*")) else "train")
        show(given.run, mode, given.step, given.n, console or Console())
    except ConfigError as error:
        print(error)
        return 2
    return 0


def show(run: Path, mode: str, step: int | None, n: int, out: Console) -> None:
    """ConfigError if there is nothing to show."""
    found = steps(run, mode)
    at = max(found) if step is None else step
    if at not in found:
        near = sorted(found, key=lambda other: abs(other - at))[:5]
        raise ConfigError(f"--step {at}: no {mode} completions of it. Nearest: {', '.join(map(str, sorted(near)))}.")
    rows = read(found[at])
    out.print(f"{mode} completions of step {at}: {len(rows)}, {len(found)} steps from {min(found)} to {max(found)}")
    for title, sign in (("Best", -1), ("Worst", 1)):
        out.rule(title)
        ranked = sorted(rows, key=lambda row: (sign * row.total, row.example))
        one_each = {row.example: row for row in reversed(ranked)}  # of an example, the first of its kind
        for row in [row for row in ranked if one_each[row.example] is row][:n]:
            _one(out, row)
    out.rule("Most changed")
    pairs = changed(found, n)
    if not pairs:
        out.print("No example earned another reward at a later step.")
        if mode == "train":
            out.print("An evaluation asks the same examples each time: --mode validation.", highlight=False)
    for first, last in pairs:
        before, after = typical(first), typical(last)
        means = [sum(row.total for row in group) / len(group) for group in (first, last)]
        _head(
            out, after, f"example {after.example}: mean reward {means[0]:.3f} at step {before.step}, {means[1]:.3f} at "
            f"step {after.step}", *(f"step {row.step}: {_said(row)}" for row in (before, after)),
        )  # fmt: skip
        beside(out, after.truth, [(f"step {row.step}", _answer(row)) for row in (before, after)])


def _one(out: Console, row: Row) -> None:
    _head(out, row, f"example {row.example}: {_said(row)}")
    beside(out, row.truth, [("completion", _answer(row))])


def _answer(row: Row) -> str:
    """What came after any thought; all of it where nothing did, or where the thought is the trace (task=reason)."""
    if row.truth.startswith(thinking.OPEN):  # a prompt may have opened the thought
        return thinking.join(*thinking.split(row.completion, True))
    return thinking.split(row.completion, False)[1] or row.completion


def _head(out: Console, row: Row, title: str, *more: str) -> None:
    out.print(Text(title, style="bold"))
    for line in more:
        out.print(Text(line))
    lines = [plain(line) for line in row.prompt.splitlines()]
    for line in lines[:PROMPT_LINES]:
        out.print(Text("  " + line, style="dim"))
    if len(lines) > PROMPT_LINES:
        out.print(Text(f"  ... {len(lines) - PROMPT_LINES} more lines", style="dim"))


def _said(row: Row) -> str:
    terms = ", ".join(f"{name} {'-' if value is None else f'{value:.2f}'}" for name, value in row.terms.items())
    cut = ", cut" if row.cut else ""
    return f"reward {row.total:.3f} ({terms}), {row.tokens} tokens{cut}" if terms else f"reward {row.total:.3f}{cut}"


def beside(out: Console, truth: str, answers: Sequence[tuple[str, str]]) -> None:
    """The truth and the answers, side by side where the terminal is wide enough, else one below the other."""
    true = [plain(line) for line in truth.splitlines()]
    parts = [departure(truth, text) for _, text in answers]
    start = max(0, min((at for at in parts if at is not None), default=0) - LINES // 2)
    columns = [("true", true, None), *((title, [plain(x) for x in text.splitlines()], at)
                                       for (title, text), at in zip(answers, parts, strict=True))]  # fmt: skip
    if start:
        out.print(Text(f"  ... {start} lines before", style="dim"))
    if out.width >= NARROW * len(columns):
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for title, _, _ in columns:
            table.add_column(Text(title), overflow="fold", ratio=1)
        whole = [[_marked(lines, at, i) for i in range(start, start + LINES)] for _, lines, at in columns]
        depth = max(min(LINES, len(lines) - start) for _, lines, _ in columns)
        for cells in list(zip_longest(*whole, fillvalue=Text("")))[: max(depth, 1) + 1]:
            if any(cell.plain for cell in cells):
                table.add_row(*cells)
        out.print(table)
    else:
        for title, lines, at in columns:
            out.print(Text(title, style="italic"))
            for i in range(start, min(start + LINES, len(lines) + (at is not None))):
                out.print(Text("  ") + _marked(lines, at, i))
    longest = max(len(lines) for _, lines, _ in columns)
    if longest > start + LINES:
        out.print(Text(f"  ... {longest - start - LINES} more lines", style="dim"))
    out.print()


def departure(truth: str, answer: str) -> int | None:
    """The first line that is not the truth's; None if there is none. Tags round an answer are no part of it."""
    if answer.startswith(OPEN) and answer.endswith(CLOSE):
        answer = answer.removeprefix(OPEN).removesuffix(CLOSE)
    pairs = zip_longest(truth.splitlines(), answer.splitlines())
    return next((i for i, (true, said) in enumerate(pairs) if true != said), None)


def plain(line: str) -> str:
    """What a terminal would obey, written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _marked(lines: Sequence[str], at: int | None, index: int) -> Text:
    text = lines[index] if index < len(lines) else ""
    if index == at:
        return Text(f"{text}  <- departs here" if text else "<- ends too early", style="red")
    return Text(text)
