"""An audit as tables: in the terminal the strongest attacks, in markdown every attack with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from ewm.evaluation.audit.measure import Measured, Paid
from ewm.evaluation.audit.verdict import Bound, form_of
from ewm.scoring.stats import Interval

SHOWN = 8  # attacks in the terminal
IN_TERMINAL = ("exact", "prefix", "path", "state_f1", "final_state", "output")  # metrics


def show(measured: Sequence[Measured], bounds: Sequence[Bound], console: Console) -> None:
    """Prints a table for each form of answer, then the verdict."""
    for one in measured:
        console.print(_table(one))
    names = list(dict.fromkeys(bound.name for bound in bounds))
    verdict = Table("form", "must hold", *names, title="Verdict", title_justify="left")
    for (form, what), own in _grouped(bounds).items():
        verdict.add_row(form, what, *(_cell(own[name]) if name in own else "" for name in names))
    console.print(verdict)
    for line in said(bounds):
        console.print(line, markup=False)


def said(bounds: Sequence[Bound]) -> list[str]:
    """What fails, and why."""
    failed = [bound for bound in bounds if not bound.holds]
    lines = [
        " ".join(word for word in (f"FAILS {b.form}", b.name, f"{b.what}: {b.found}", b.why) if word) for b in failed
    ]
    return [*lines, f"{len(failed)} of {len(bounds)} bounds fail" if failed else f"all {len(bounds)} bounds hold"]


def _grouped(bounds: Sequence[Bound]) -> dict[tuple[str, str], dict[str, Bound]]:
    grouped: dict[tuple[str, str], dict[str, Bound]] = {}
    for bound in bounds:
        grouped.setdefault((bound.form, bound.what), {})[bound.name] = bound
    return grouped


def _cell(bound: Bound) -> str:
    return f"[green]{bound.found}[/]" if bound.holds else f"[bold red]{bound.found}[/]"


def _table(one: Measured) -> Table:
    corrected = any(p.corrected for p in one.paid)
    names = list(one.truths) if corrected else [name for name in IN_TERMINAL if name in one.truths]
    title = f"{form_of(one)}: mean of {one.n} programs ({one.families} families), " + (
        "raw > after chance correction" if corrected else "metrics"
    )
    table = Table("attack", *names, title=title, title_justify="left")
    rows = _rows(one)
    strongest = sorted(
        rows, key=lambda attack: max(_strength(p) for name, p in rows[attack].items() if name in names), reverse=True
    )
    for attack in strongest[:SHOWN]:
        table.add_row(attack, *(_short(rows[attack].get(name)) for name in names))
    if len(rows) > SHOWN:
        table.add_row(f"{len(rows) - SHOWN} weaker ones", *("" for _ in names), style="dim")
    table.add_section()
    table.add_row("the truth", *(f"{one.truths[name][1]:.3f}" for name in names))
    for kind in dict.fromkeys(held.kind for held in one.held):
        of = {held.name: held for held in one.held if held.kind == kind}
        table.add_row(kind, *(f"{of[n].passed / of[n].n:.1%}" if n in of else "" for n in names))
    return table


def markdown(measured: Sequence[Measured], bounds: Sequence[Bound], about: Sequence[str]) -> str:
    """The whole audit."""
    lines = ["# Audit of rewards and metrics", "", *about, ""]
    lines += ["| form | of | must hold | found | |", "|---|---|---|---|---|"]
    lines += [f"| {b.form} | {b.name} | {b.what} | {b.found} {b.why} | {_held(b)} |" for b in bounds]
    lines += ["", *said(bounds)]
    for one in measured:
        lines += _section(one)
    return "\n".join(lines) + "\n"


def _section(one: Measured) -> Iterator[str]:
    names, rows = list(one.truths), _rows(one)
    corrected = any(p.corrected for p in one.paid)
    yield f"\n## {form_of(one)}, {'rewards' if corrected else 'metrics'}\n"
    yield f"Mean over {one.n} programs ({one.families} families), 95 % interval by bootstrap over families."
    if corrected:
        yield "First line raw, second after chance correction."
    yield ""
    yield "| attack | " + " | ".join(names) + " |"
    yield "|---|" + "---|" * len(names)
    for attack, paid in rows.items():
        yield f"| {attack} | " + " | ".join(_long(paid.get(name)) for name in names) + " |"
    yield (
        "| the truth: mean (least, n) | "
        + " | ".join("{1:.3f} ({2:.3f}, {0})".format(*one.truths[n]) for n in names)
        + " |"
    )
    for kind in dict.fromkeys(held.kind for held in one.held):
        of = {held.name: held for held in one.held if held.kind == kind}
        cells = (f"{of[n].passed} of {of[n].n}" if n in of else "" for n in names)
        yield f"| {kind} | " + " | ".join(cells) + " |"


def _held(bound: Bound) -> str:
    return "holds" if bound.holds else "**fails**"


def _rows(one: Measured) -> dict[str, dict[str, Paid]]:
    rows: dict[str, dict[str, Paid]] = {}
    for paid in one.paid:
        rows.setdefault(paid.attack, {})[paid.name] = paid
    return rows


def _strength(paid: Paid) -> tuple[float, float]:
    return (paid.corrected.mean if paid.corrected else 0.0), paid.raw.mean


def _short(paid: Paid | None) -> str:
    if paid is None:
        return ""
    return f"{paid.raw.mean:.3f}" + (f" > {paid.corrected.mean:.3f}" if paid.corrected else "")


def _long(paid: Paid | None) -> str:
    if paid is None:
        return ""
    return _interval(paid.raw) + (f"<br>{_interval(paid.corrected)}" if paid.corrected else "")


def _interval(found: Interval) -> str:
    return f"{found.mean:.3f} ({found.low:.3f}-{found.high:.3f})"
