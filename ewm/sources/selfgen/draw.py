"""Numbered batches of a model's texts -> programs, with a journal that a kill cannot spoil.

`generate(batch)` gives the texts of that batch and must depend on its number only (its seed is of (seed, batch)).
The journal has a line of settings, then a line a batch: what it accepted and its counts. A line that a kill cut short
is dropped and its batch drawn again, so that a resumed journal is the unbroken one, byte for byte.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from ewm.config import ConfigError
from ewm.programs import Program
from ewm.sources.selfgen.filters import Filters, reason
from ewm.tracing.events import Trace
from ewm.tracing.runner import Runner

Generate = Callable[[int], Sequence[str]]
Read = Callable[[str], tuple[str, str | None] | None]  # a text -> source and entry call


def draw(
    generate: Generate, read: Read, filters: Filters, runner: Runner, journal: Path, settings: dict[str, object], n: int
) -> tuple[list[Program], Counter[str]]:
    """The first n accepted programs and the funnel of the batches that they took; goes on from the journal."""
    kept, counts, batch = _opened(journal, settings)
    seen = {key for program in kept for key in (program.id, program.family)}
    with journal.open("a", encoding="utf-8") as file:
        while len(kept) < n:
            new, funnel = _batch(generate(batch), read, filters, runner, seen, str(settings["origin"]), batch)
            line = {"batch": batch, "counts": dict(funnel), "programs": [program.to_json() for program in new]}
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
            kept, counts, batch = kept + new, counts + funnel, batch + 1
    return kept[:n], counts


def _opened(journal: Path, settings: dict[str, object]) -> tuple[list[Program], Counter[str], int]:
    head = json.dumps(settings, sort_keys=True) + "\n"
    lines = journal.read_text("utf-8").splitlines(keepends=True) if journal.exists() else []
    whole = [line for line in lines if line.endswith("\n")]
    if not whole:
        journal.write_text(head, "utf-8")
        return [], Counter(), 0
    if whole[0] != head:
        raise ConfigError(f"{journal}: begun with other settings ({whole[0].strip()}). Name another file or remove it.")
    if len(whole) < len(lines):
        os.truncate(journal, sum(len(line.encode("utf-8")) for line in whole))
    rows = [json.loads(line) for line in whole[1:]]
    programs = [Program.from_json(row) for line in rows for row in line["programs"]]
    return programs, sum((Counter(line["counts"]) for line in rows), Counter()), len(rows)


def _batch(
    texts: Sequence[str], read: Read, filters: Filters, runner: Runner, seen: set[str], origin: str, batch: int
) -> tuple[list[Program], Counter[str]]:
    counts: Counter[str] = Counter({"sampled": len(texts)})
    waiting: list[Program] = []
    for number, text in enumerate(texts):
        found = read(text)
        why = "no program in the text" if found is None else reason(found[0], filters)
        if found is None or why is not None:
            counts[str(why)] += 1
            continue
        program = Program(*found, origin=f"{origin}:{batch}:{number}")
        if {program.id, program.family} & seen:
            counts["twin of an earlier one"] += 1
            continue
        seen |= {program.id, program.family}
        waiting.append(program)
    once, again = list(runner.trace_all(waiting)), list(runner.trace_all(waiting))
    kept = []
    for program, first, second in zip(waiting, once, again, strict=True):
        why = _run_reason(first, second)
        counts[why or f"kept, {first.status}"] += 1
        if why is None:
            kept.append(program)
    return kept, counts


def _run_reason(first: Trace, second: Trace) -> str | None:
    if first.status not in ("ok", "exception"):
        return f"run: {first.status}"
    if first.truncated:
        return "run: too long for the limits"
    same = (first.events, first.stdout, first.exception) == (second.events, second.stdout, second.exception)
    return None if same else "run: two runs differ"
