"""The study's one table: every arm against its base, seeds pooled, and three arms against each other."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ewm.evaluation import answers
from ewm.evaluation.groups import level_kind
from ewm.evaluation.items import Item
from ewm.reporting import plot, words
from ewm.run import write_atomic
from ewm.scoring import stats
from ewm.scoring.passes import pass_at_k

K = 8  # samples an item
ENDPOINTS = ("known", "reserved", "longer", "known pass@1", "reserved pass@1", "known pass@8", "reserved pass@8")
PAIRS = [("gated", "sft"), ("gated", "rejection"), ("rejection", "sft")]  # on the reserved constructs
FORGETTING = -0.05
HEAD = ("comparison", "endpoint", "seeds", "n", "difference", "p", "p (Holm)")

Values = dict[str, tuple[float, str]]  # item -> (value, family)
Runs = dict[int, dict[str, Values]]  # seed -> endpoint -> values


@dataclass(frozen=True)
class Row:
    comparison: str
    endpoint: str
    seeds: int
    n: int
    difference: stats.Interval
    p: float | None  # None: watched, not tested


def write(done: Sequence[tuple[str, int, Path]], sampled: Path, into: Path) -> None:
    rows, watched = compared(done, sampled)
    adjusted = iter(stats.holm([row.p for row in rows if row.p is not None]))
    cells = [_cells(row, next(adjusted)) for row in rows] + [_cells(row, None) for row in watched]
    into.mkdir(parents=True, exist_ok=True)
    lines = [
        "Adapter minus base (or arm minus arm) in points, 95 % interval: two-level bootstrap, seeds, then families. "
        "Levels at the end are watched for forgetting: the lower bound is to be above -5.",
        "", words.markdown(HEAD, cells),
    ]  # fmt: skip
    fell = [f"{row.comparison} at {row.endpoint}" for row in watched if row.difference.low < FORGETTING]
    lines += ["", f"A fall of 5 points cannot be ruled out: {', '.join(fell) or 'nowhere'}."]
    write_atomic(into / "table.md", "\n".join(lines) + "\n")
    with (into / "table.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("comparison", "endpoint", "seeds", "n", "difference", "low", "high", "p"))
        for row in (*rows, *watched):
            d = row.difference
            out.writerow((row.comparison, row.endpoint, row.seeds, row.n, d.mean, d.low, d.high, row.p))
    points = [plot.Point(f"{r.comparison}: {r.endpoint}", r.difference.mean, r.difference.low, r.difference.high)
              for r in rows]  # fmt: skip
    plot.differences(points, "exact", into / "plot.png")
    print("\n".join(lines))


def compared(done: Sequence[tuple[str, int, Path]], sampled: Path) -> tuple[list[Row], list[Row]]:
    """The tests of the study, and the known levels of each arm."""
    arms: dict[str, Runs] = {}
    against: dict[str, Runs] = {}
    for arm, seed, folder in done:
        own, base = _greedy(folder)
        format_ = json.loads((folder / "run.json").read_text())["config"]["format"]["name"]
        arms.setdefault(arm, {})[seed] = own | _sampled(sampled / f"{arm}-{seed}.json")
        against.setdefault(arm, {})[seed] = base | _sampled(sampled / f"base_{format_}-{seed}.json")
    rows = [_row(f"{arm} - base", end, runs, against[arm]) for arm, runs in arms.items() for end in ENDPOINTS]
    rows += [_row(f"{a} - {b}", "reserved", arms[a], arms[b]) for a, b in PAIRS]
    watched = [
        _row(f"{arm} - base", end, runs, against[arm], tested=False)
        for arm, runs in arms.items()
        for end in next(iter(runs.values()))
        if end.startswith("level ")
    ]
    return rows, watched


def _greedy(folder: Path) -> tuple[dict[str, Values], dict[str, Values]]:
    """(adapter's, base's) exact of every item, under the endpoints that it belongs to."""
    own: dict[str, Values] = {}
    base: dict[str, Values] = {}
    for benchmark in ("heldout", "longer"):
        for row in list(answers.read_rows(folder / "evaluation" / f"{benchmark}.jsonl"))[1:]:
            item = Item.from_json(row)
            kind = level_kind(item.level)
            ends = ["longer"] if benchmark == "longer" else [kind] + [f"level {item.level}"] * (kind == "known")
            for values, answer in ((own, item.adapter), (base, item.base)):
                exact = answer.scores.get("exact") if answer else None
                for end in ends if exact is not None else ():
                    values.setdefault(end, {})[item.id] = (exact, item.family)
    return own, base


def _sampled(path: Path) -> dict[str, Values]:
    """pass@1 and pass@K of every item, from its K samples."""
    found: dict[str, Values] = {}
    for row in json.loads(path.read_text()):
        kind = "longer" if row["benchmark"] == "longer" else level_kind(row["level"])
        for name, value in ((f"pass@{k}", pass_at_k(K, row["right"], k)) for k in (1, K)):
            found.setdefault(f"{kind} {name}", {})[row["id"]] = (value, row["family"])
    return found


def _row(name: str, end: str, own: Runs, other: Runs, tested: bool = True) -> Row:
    runs = [paired(own[seed][end], other[seed][end]) for seed in own if seed in other]
    return Row(name, end, len(runs), len(runs[0][0]), stats.two_level(runs), p_value(runs) if tested else None)


def paired(own: Mapping[str, tuple[float, str]], other: Values) -> tuple[list[float], list[str]]:
    """Differences on the items that both have, with their families."""
    both = [key for key in own if key in other]
    return [own[key][0] - other[key][0] for key in both], [own[key][1] for key in both]


def p_value(runs: Sequence[tuple[Sequence[float], Sequence[str]]]) -> float:
    """Two-sided, by the bootstrap: one minus the widest level whose interval leaves zero out; not below 0.001."""
    low, high = 0.0, 0.999
    if _leaves_zero_out(runs, high):
        return 1 - high
    for _ in range(10):
        middle = (low + high) / 2
        low, high = (middle, high) if _leaves_zero_out(runs, middle) else (low, middle)
    return 1 - low


def _leaves_zero_out(runs: Sequence[tuple[Sequence[float], Sequence[str]]], level: float) -> bool:
    found = stats.two_level(runs, level=level)
    return found.low > 0 or found.high < 0


def _cells(row: Row, adjusted: float | None) -> tuple[str, ...]:
    d = row.difference
    said = f"{100 * d.mean:+.1f} [{100 * d.low:+.1f}, {100 * d.high:+.1f}]"
    tests = ("", "") if row.p is None or adjusted is None else (f"{row.p:.3f}", f"{adjusted:.3f}")
    return row.comparison, row.endpoint, str(row.seeds), str(row.n), said, *tests
