"""Figures as words: one cell, one row, one sentence. No files, no screens.

All figures are per cent with a 95 % interval. A difference is in points.
"""

from __future__ import annotations

from ewm.evaluation.results import Comparison, Estimate, Group, Results, split_headline

FALL = 0.05  # a known level must not fall by more than this, by the lower bound of its difference
SHOWN = ("exact", "prefix", "state_f1")
REPORTED = (*SHOWN, "state_full")  # of whole benchmarks, in the report
ALONE = "The base model was asked alone: there is no adapter to compare"
NARROW = ("group", "metric", "base", "adapter", "difference", "p", "blind", "n")
HEAD = ("group", "metric", "base", "adapter", "difference", "p", "best baseline", "n")


def cell(estimate: Estimate | None, signed: bool = False) -> str:
    """`14.5 [10.1, 20.2]`"""
    if estimate is None:
        return "-"
    sign = "+" if signed else ""
    low, high = f"{100 * estimate.low:{sign}.1f}", f"{100 * estimate.high:{sign}.1f}"
    return f"{100 * estimate.mean:{sign}.1f} [{low}, {high}]"


def markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table, with the newline that ends it."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def p_text(p: float | None) -> str:
    if p is None:
        return "-"
    return "<0.0001" if p < 0.0001 else f"{p:.4f}"


def row(group: Group, metric: str) -> tuple[str, ...]:
    """One line of a table, in the order of HEAD."""
    found = group.metrics[metric]
    best = found.best_baseline
    return (
        group.name,
        metric,
        cell(found.base),
        cell(found.adapter),
        cell(found.difference, signed=True),
        p_text(found.p),
        f"{100 * best[1]:.1f} {best[0]}" if best else "-",
        str(found.base.n),
    )


def change(comparison: Comparison) -> str:
    """`2.0 -> 14.0, +12.0 [+8.0, +16.0]`, or the base's cell when it stands alone."""
    if comparison.adapter is None:
        return cell(comparison.base)
    before, after = 100 * comparison.base.mean, 100 * comparison.adapter.mean
    return f"{before:.1f} -> {after:.1f}, {cell(comparison.difference, signed=True)}"


def narrow(row: tuple[str, ...]) -> tuple[str, ...]:
    """A row of HEAD for 80 columns: intervals stay with the difference only."""
    group, metric, base, adapter, difference, p, baseline, n = row
    return group, metric, base.split(" ")[0], adapter.split(" ")[0], difference, p, baseline.split(" ")[0], n


def benchmark_rows(results: Results) -> dict[str, list[tuple[str, ...]]]:
    """For the terminal, a table a benchmark: the headline rows, then `exact` of each level; no benchmark's name."""
    rows = headline_rows(results) + level_rows(results, ("exact",))
    names = [group.name for group in results.groups.values() if group.kind == "all"]
    return {
        name: [(row[0].removeprefix(f"{name}/"), *row[1:]) for row in rows if f"{row[0]}/".startswith(f"{name}/")]
        for name in names
    }


def headline_rows(results: Results, metrics: tuple[str, ...] = SHOWN) -> list[tuple[str, ...]]:
    """Whole benchmarks, known and reserved."""
    return _rows(results, ("all", "known", "reserved"), metrics)


def level_rows(results: Results, metrics: tuple[str, ...] = SHOWN) -> list[tuple[str, ...]]:
    """Every level and source."""
    return _rows(results, ("level", "source"), metrics)


def verdict(results: Results) -> str:
    """Whether the adapter beats the base on the reserved constructs, and whether a known level fell."""
    alone = results.adapter is None
    parts = [ALONE] if alone else [_won(results), _fell(results)]
    if not alone and results.items and results.identical == results.items:
        parts.append("Base and adapter wrote the same text on every item: the adapter changes nothing")
    overlap = sum(results.overlap.values())
    if overlap:
        parts.append(f"CAUTION: {overlap} items share a program family with the training data")
    return ". ".join(part for part in parts if part) + "."


def notes(results: Results) -> list[str]:
    """What a reader must know beside the figures."""
    found = []
    for group in results.groups.values():
        if group.kind != "all":
            continue
        found.append(
            f"{group.name}: {group.n} items of {group.families} families; answers cut by the token limit (wrong): "
            f"base {group.base_cut}, adapter {group.adapter_cut}; "
            f"incomplete truths (left out of exact): {group.incomplete}"
        )
        if group.families < group.n:
            found.append(f"{group.name}: several items share a family; the intervals follow families, p does not")
    if results.adapter is not None:
        found.append(f"same text from base and adapter: {results.identical} of {results.items}")
    return [*found, f"overlap with the training data: {_overlap(results)}"]


def _overlap(results: Results) -> str:
    if results.trained_on == "split":
        return (
            "none; nano was pretrained on families of the train split only, and on no benchmark's: the split sees to it"
        )
    if results.trained_on == "shapes" or any(results.overlap.values()):
        return f"{sum(results.overlap.values())} of {results.items} items share a program family with it"
    return "not known"


def _rows(results: Results, kinds: tuple[str, ...], metrics: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Without any of these metrics (a task that asks for a result only) the output stands in."""
    rows = []
    for group in results.groups.values():
        if group.kind in kinds:
            shown = [m for m in metrics if m in group.metrics] or [m for m in ("output",) if m in group.metrics]
            rows += [row(group, metric) for metric in shown]
    return rows


def _won(results: Results) -> str:
    """By the endpoint if it is about reserved constructs; otherwise by `exact` of the first such group."""
    name, metric, _ = split_headline(results.endpoint)
    if not name.endswith("/reserved"):
        name, metric = next((g.name for g in results.groups.values() if g.kind == "reserved"), name), "exact"
    found = results.groups[name].metrics.get(metric) if name in results.groups else None
    if found is None or found.difference is None or found.adapter is None:
        return "No reserved constructs were asked"
    what = "On the reserved constructs" if name.endswith("/reserved") else f"On {name}"
    says = "beats" if found.difference.low > 0 else "is worse than" if found.difference.high < 0 else "does not beat"
    base, adapter, gain = found.base, found.adapter, found.difference
    p = f", p {p_text(found.p)}" if found.p is not None else ""
    fell = [
        f"{g.name.rpartition('/')[2]} {cell(d, signed=True)}"
        for g in results.groups.values()
        if g.level_kind == "reserved" and metric in g.metrics and (d := g.metrics[metric].difference) and d.high < 0
    ]
    but = f"; but one fell: {', '.join(fell)}" if fell else ""
    return (
        f"{what} the adapter {says} the base: {metric} {100 * base.mean:.1f} % -> {100 * adapter.mean:.1f} %, "
        f"{100 * gain.mean:+.1f} points (95 % interval {100 * gain.low:+.1f} to {100 * gain.high:+.1f}, n {base.n}{p})"
        f"{but}"
    )


def _fell(results: Results) -> str:
    levels = [
        (g.name.rpartition("/")[2], d)
        for g in results.groups.values()
        if g.level_kind == "known" and "exact" in g.metrics and (d := g.metrics["exact"].difference) is not None
    ]
    if not levels:
        return "No known level was asked"
    fell = [f"{name} {cell(d, signed=True)}" for name, d in levels if d.high < 0]
    unsure = [f"{name} {100 * d.low:+.1f}" for name, d in levels if d.low < -FALL and d.high >= 0]
    if not fell and not unsure:
        name, lowest = min(levels, key=lambda pair: pair[1].low)
        return f"No known level fell by more than 5 points (lowest lower bound {100 * lowest.low:+.1f}, {name})"
    said = [f"Known levels that fell: {', '.join(fell)}" if fell else "No known level fell for certain"]
    if unsure:
        said.append(f"more than 5 points cannot be ruled out (lower bounds: {', '.join(unsure)})")
    return "; ".join(said)
