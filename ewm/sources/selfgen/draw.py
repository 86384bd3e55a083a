"""Numbered batches of a model's texts -> programs, until there are enough.

`generate(batch)` gives the texts of that batch and must depend on its number only (its seed is of (seed, batch)); None
stands for one that was cut short. What a batch accepts depends on it and on what was kept before, so that a journal
that is gone on with is the unbroken one, byte for byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ewm.config import ConfigError
from ewm.config.schema import FilterConfig
from ewm.programs import Program
from ewm.sources.dedup import Distinct, fingerprint
from ewm.sources.selfgen.filters import reason, run_reason
from ewm.sources.selfgen.journal import Journal
from ewm.tracing.runner import Runner

Generate = Callable[[int], Sequence[str | None]]
Read = Callable[[str], tuple[str, str | None] | None]  # a text -> source and entry call

NAMES = {"family is full": "twin of an earlier one", "near copy": "near copy of an earlier one"}


def draw(
    generate: Generate,
    read: Read,
    filters: FilterConfig,
    runner: Runner,
    journal: Journal,
    n: int,
    patience: int,
    advance: Callable[[int], None] = lambda kept: None,
) -> tuple[list[Program], Counter[str]]:
    """The first n accepted programs and the funnel of the batches that they took; goes on from the journal.

    ConfigError after `patience` batches in a row without a new program. `advance` hears how many were kept so far.
    """
    kept = [Program.from_json(program) for row in journal.rows for program in row["programs"]]
    counts: Counter[str] = sum((Counter(row["counts"]) for row in journal.rows), Counter())
    distinct = Distinct(1, filters.near)
    for program in kept:
        distinct.reason(fingerprint(program, near=filters.near is not None))
    empty = 0
    while len(kept) < n:
        advance(len(kept))
        batch = len(journal.rows)
        found, funnel = _read_all(generate(batch), read, filters, journal.settings, batch)
        new = _checked(found, filters, runner, distinct, funnel)
        journal.append({"batch": batch, "counts": dict(funnel), "programs": [program.to_json() for program in new]})
        kept, counts, empty = kept + new, counts + funnel, 0 if new else empty + 1
        if empty == patience:
            raise ConfigError(_given_up(journal, len(kept), n, patience, counts))
    return kept[:n], counts


def _read_all(
    texts: Sequence[str | None], read: Read, filters: FilterConfig, settings: dict[str, str], batch: int
) -> tuple[list[Program], Counter[str]]:
    """Programs that the text alone does not speak against, each once."""
    counts: Counter[str] = Counter({"sampled": len(texts)})
    found: dict[str, Program] = {}
    for number, text in enumerate(texts):
        taken = None if text is None else read(text)
        why = reason(taken[0], filters) if taken else "no program in the text" if text is not None else "cut short"
        if taken is not None and why is None:
            origin = f"{settings['origin']}:{batch}:{number}"
            program = Program(*taken, origin=origin, licence=settings["licence"])
            why = "duplicate" if program.id in found else None
            found.setdefault(program.id, program)
        if why is not None:
            counts[why] += 1
    return list(found.values()), counts


def _checked(
    found: Sequence[Program], filters: FilterConfig, runner: Runner, distinct: Distinct, counts: Counter[str]
) -> list[Program]:
    """Those that two runs do not speak against and that are unlike what was kept."""
    once, again = list(runner.trace_all(found)), list(runner.trace_all(found))
    kept = []
    for program, first, second in zip(found, once, again, strict=True):
        why = run_reason(first, second, filters)
        why = why or distinct.reason(fingerprint(program, near=filters.near is not None))
        counts[NAMES.get(why, why) if why else f"kept, {first.status}"] += 1
        if why is None:
            kept.append(program)
    return kept


def _given_up(journal: Journal, kept: int, n: int, patience: int, counts: Counter[str]) -> str:
    left_out = Counter({why: m for why, m in counts.items() if why != "sampled" and not why.startswith("kept")})
    most = ", ".join(f"{why} {m}" for why, m in left_out.most_common(3))
    there = f"n={kept} writes the {kept} programs that there are" if kept else "there is no program yet"
    return (
        f"{patience} batches without a new program, {kept} of n={n} found (left out: {most}). {there}; more may come "
        f"with other selfgen.filter.*, selfgen.mode, generation.max_new_tokens or another model, into another file."
    )
