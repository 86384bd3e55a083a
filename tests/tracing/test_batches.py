"""Programs in any order, one a fork or many: equal traces, apart from times."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.programs.grammar import program
from ewm.programs.levels import LEVELS
from ewm.tracing import Runner
from tests.tracing import attacks, versions
from tests.tracing.hard_programs import HARD

CUT = {"timeout", "memory", "killed"}  # where the clock decides
HAND = (
    "exceptions",
    "control",
    "endings",
    "comprehensions",
    "scopes",
    "objects",
    "managers",
    "match",
    "generators",
    "more",
)


def collected() -> list[Program]:
    hostile = {**attacks.FORGERY, **attacks.OBJECTS}
    sources = [*HARD.values(), *(source for name, (source, _) in hostile.items() if "thread" not in name + source)]
    return [
        *map(Program, sources),
        *versions.constructs(*HAND).values(),
        *(program(3, index, level) for level in LEVELS for index in range(20)),
        *(versions.cruxeval() if versions.CRUXEVAL.exists() else ()),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("level", ["auto", "L0"])
def test_order_and_batch_change_nothing(level, seed):
    programs = collected()
    random.Random(seed).shuffle(programs)
    runs = []
    for batch in (1, 32):
        with Runner(TraceConfig(workers=1, batch=batch, isolation=level)) as runner:
            runs.append([replace(t, wall_s=0, cpu_s=0) for t in runner.trace_all(programs)])
    differ = [
        (one.source, one.entry, alone.status, beside.status)
        for one, alone, beside in zip(programs, *runs, strict=True)
        if json.dumps(alone.to_json()) != json.dumps(beside.to_json()) and not {alone.status, beside.status} & CUT
    ]
    assert differ == []
    assert sum(t.status == "ok" for t in runs[0]) > 600
