"""Traces that no run made: what share of single changes to true traces the proof finds, and what each part finds."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.programs.paths import impossible
from ewm.tracing import Event, Runner, Trace
from ewm.tracing.oracle import compare
from tests.tracing.hard_programs import ENTRIES, HARD

PROGRAMS = [Program(source) for source in HARD.values()] + [Program(*pair) for pair in ENTRIES]


def swap(rng: random.Random, events: list[Event]) -> list[Event]:
    i = rng.randrange(len(events) - 1)
    return [*events[:i], events[i + 1], events[i], *events[i + 2 :]]


def drop(rng: random.Random, events: list[Event]) -> list[Event]:
    i = rng.randrange(len(events))
    return events[:i] + events[i + 1 :]


def insert(rng: random.Random, events: list[Event]) -> list[Event]:
    i, j = rng.randrange(len(events)), rng.randrange(len(events) + 1)
    return events[:j] + [events[i]] + events[j:]


def line(rng: random.Random, events: list[Event]) -> list[Event]:
    i, other = rng.randrange(len(events)), rng.choice(events).line
    return [*events[:i], replace(events[i], line=other), *events[i + 1 :]]


def name(rng: random.Random, events: list[Event]) -> list[Event]:
    i, other = rng.randrange(len(events)), rng.choice(events).function
    return [*events[:i], replace(events[i], function=other), *events[i + 1 :]]


def value(rng: random.Random, events: list[Event]) -> list[Event]:
    """A value of the state, a global or the event's own becomes another one."""
    i = rng.choice([i for i, e in enumerate(events) if e.locals] or [0])
    held = dict(events[i].locals)
    if held:
        held[rng.choice(sorted(held))] = rng.choice(["0", "'x'", "[1]", "<C>", "None", "7"])
    return [*events[:i], replace(events[i], locals=held), *events[i + 1 :]]


def forget(rng: random.Random, events: list[Event]) -> list[Event]:
    i = rng.choice([i for i, e in enumerate(events) if e.locals] or [0])
    held = dict(events[i].locals)
    if held:
        held.pop(rng.choice(sorted(held)))
    return [*events[:i], replace(events[i], locals=held), *events[i + 1 :]]


CHANGES = (swap, drop, insert, line, name, value, forget)


@pytest.fixture(scope="module")
def runs() -> list[tuple[Program, Trace, Trace]]:
    with Runner(TraceConfig(workers=1)) as runner, Runner(TraceConfig(workers=1, cpu_s=20, memory_mb=1024)) as oracle:
        return [
            (p, runner.trace(p), oracle.oracle(p))
            for p in PROGRAMS
            if len(p.source) < 700 and p.source != HARD["a short while"]
        ]


def test_every_change_is_found(runs):
    """Each is another trace than the true one, so all of them must be found; most by the control flow alone."""
    rng = random.Random(1)
    made, by_flow, missed = Counter(), Counter(), []
    for program, trace, told in runs:
        for change in CHANGES:
            events = tuple(change(rng, list(trace.events)))
            if events == trace.events:
                continue
            made[change.__name__] += 1
            forged = replace(trace, events=events)
            if impossible(program.source, events):
                by_flow[change.__name__] += 1
            elif not compare(program.source, forged, told).wrong:
                missed.append((change.__name__, program.source))
    assert missed == []
    assert sum(made.values()) > 180
    for change in ("swap", "drop", "insert", "line", "name"):
        assert by_flow[change] / made[change] > 0.7, (change, by_flow[change], made[change])


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.__name__)
def test_the_oracle_alone_finds_nearly_all(runs, change):
    rng, found, made = random.Random(2), 0, 0
    for program, trace, told in runs:
        events = tuple(change(rng, list(trace.events)))
        if events != trace.events:
            made += 1
            found += bool(compare(program.source, replace(trace, events=events), told).wrong)
    assert made > 15
    assert found / made > 0.95, f"{found} of {made}"
