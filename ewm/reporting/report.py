"""report.md and report.html of one evaluation: headline, health, levels, the ten worst, how to get it again.

Both are written from Results and run.json alone, so that a report can be made again later. The page is one file
without scripts. Model text is escaped; nothing in it is run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import jinja2

from ewm.evaluation.results import METRICS, Bad, Results
from ewm.reporting import diagnosis, words

WIDTH = 44  # characters of one column in the side by side view


@dataclass(frozen=True)
class Origin:
    """How the figures came about, read from run.json."""

    command: str
    machine: str
    commit: str
    seed: str
    config_hash: str
    held_out: tuple[str, ...] = ()  # what the curves of the training mean, and which weights were kept
    diagnosis: tuple[str, ...] = ()  # of the training, a sentence a finding

    @classmethod
    def of(cls, folder: Path) -> Origin:
        path = folder / "run.json"
        row: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        dirty = " (with uncommitted changes)" if row.get("git_dirty") else ""
        return cls(
            command=str(row.get("command") or "unknown"),
            machine=" on ".join(str(row[key]) for key in ("device", "machine") if row.get(key)) or "unknown",
            commit=str(row.get("git_commit") or "unknown") + dirty,
            seed=str(row.get("seed", "")),
            config_hash=str(row.get("config_hash", "")),
            held_out=_held_out(row),
            diagnosis=tuple(diagnosis.read(folder)),
        )


def _held_out(row: dict[str, Any]) -> tuple[str, ...]:
    """Sentences of run.json's facts; none where nothing was measured."""
    said = (row.get("facts") or {}).get("validation")
    if not said:
        return ()
    best = said["best"]
    kept = f"The adapter is that of step {said['kept_step']}"
    if best:
        kept += f"; {best['metric']} was best at step {best['step']}: {100 * best['value']:.1f}"
    return (said["change"], kept + ".")


def markdown(results: Results, origin: Origin) -> str:
    """report.md"""
    lines = [f"# {results.model}" + (" with its adapter, against the base" if results.adapter else ", alone"), ""]
    lines += [words.verdict(results), "", "Per cent with 95 % intervals; a difference is in points.", ""]
    lines += _table(words.HEAD, words.headline_rows(results, words.REPORTED))
    lines += [f"- {note}" for note in (*words.notes(results), *origin.held_out)]
    if origin.diagnosis:
        lines += ["", "## What the run doctor found", "", *(f"- {sentence}" for sentence in origin.diagnosis)]
    lines += ["", "## By level and source", "", *_table(words.HEAD, words.level_rows(results))]
    lines += ["## Trivial baselines", "", *_table(*baseline_table(results))]
    if results.worst:
        lines += ["## Worst answers", ""]
        for bad in results.worst:
            lines += [f"### {bad.group} {bad.id}", "", summary(bad), "", "```", program_text(bad), "```", ""]
            lines += ["```", *side_by_side(bad.truth, bad.answer), "```", ""]
    lines += ["## How to get this again", "", "```", origin.command, "```", ""]
    lines += [f"- {key}: {value}" for key, value in provenance(results, origin)]
    return "\n".join(lines) + "\n"


def html(results: Results, origin: Origin) -> str:
    """report.html"""
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    page = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return page.get_template("report.html.j2").render(
        results=results,
        origin=origin,
        verdict=words.verdict(results),
        notes=[*words.notes(results), *origin.held_out],
        tables=[
            ("Headline", words.HEAD, words.headline_rows(results, words.REPORTED)),
            ("By level and source", words.HEAD, words.level_rows(results)),
            ("Trivial baselines", *baseline_table(results)),
        ],
        worst=[(bad, summary(bad), program_text(bad), marked_rows(bad.truth, bad.answer)) for bad in results.worst],
        provenance=provenance(results, origin),
    )


def baseline_table(results: Results) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Every guess that executes nothing, on whole benchmarks."""
    groups = [g for g in results.groups.values() if g.kind in ("all", "reserved")]
    names = list(dict.fromkeys(b for g in groups for c in g.metrics.values() for b in c.baselines))
    rows = [
        (g.name, metric, *(f"{100 * g.metrics[metric].baselines.get(b, 0):.1f}" for b in names))
        for g in groups for metric in METRICS if metric in g.metrics
    ]  # fmt: skip
    return ("group", "metric", *names), rows


def summary(bad: Bad) -> str:
    """One line over an answer: its metrics, where it parts from the truth, whether it was cut."""
    scores = ", ".join(f"{k} {v:.2f}" for k, v in bad.scores.items() if v is not None)
    where = "" if bad.divergence is None else f"; first wrong step {bad.divergence + 1} ({bad.divergence_kind})"
    return scores + where + ("; cut by the token limit" if bad.cut else "")


def program_text(bad: Bad) -> str:
    """The source with line numbers, and the call."""
    numbered = [f"{n:3} {line}" for n, line in enumerate(bad.source.splitlines(), 1)]
    return "\n".join(numbered + ([f"call {bad.entry}"] if bad.entry else []))


def marked_rows(truth: str, answer: str) -> list[tuple[str, str, bool]]:
    """(true line, predicted line, same) down to the longer of both."""
    pairs = zip_longest(truth.splitlines(), answer.splitlines(), fillvalue="")
    return [(t, a, t == a) for t, a in pairs]


def side_by_side(truth: str, answer: str) -> list[str]:
    """Truth left, prediction right, `|` where equal and `X` where not."""
    lines = [f"{'true':{WIDTH}}   predicted"]
    lines += [
        f"{_fit(t):{WIDTH}} {'|' if same else 'X'} {_fit(a)}".rstrip() for t, a, same in marked_rows(truth, answer)
    ]
    return [line.replace("```", "'''") for line in lines]


def provenance(results: Results, origin: Origin) -> list[tuple[str, str]]:
    """What a reader needs to trust or repeat a figure."""
    return [
        ("machine", origin.machine),
        ("commit", origin.commit),
        ("seed", origin.seed or str(results.seed)),
        ("configuration", origin.config_hash),
        ("endpoint", results.endpoint),
        ("adapter", str(results.adapter)),
        ("sampling", ", ".join(f"{k}={v}" for k, v in results.generation.items())),
        ("seconds of evaluation", str(results.seconds)),
    ]


def _fit(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 3] + "..."


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    return [words.markdown(head, rows) if rows else "none\n"]
