"""The oracle agrees with every event of programs that are hard to trace, and finds every forged one."""

from __future__ import annotations

import pytest

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing.verify import Verdict, verify
from tests.tracing.hard_programs import ENTRIES, HARD

PROGRAMS = [Program(source) for source in HARD.values()] + [Program(*pair) for pair in ENTRIES]


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Verdict]:
    return {v.program.id: v for v in verify(PROGRAMS, TraceConfig(workers=1))}


@pytest.mark.parametrize("program", PROGRAMS, ids=[*HARD, *(call for _, call in ENTRIES)])
def test_agrees(verdicts, program):
    verdict = verdicts[program.id]
    assert (verdict.problems, verdict.compared.wrong, verdict.skipped) == ((), (), "")
    assert verdict.compared.events >= len(verdict.trace.events) - 2  # see `oracle` on what is not compared
    assert verdict.compared.lines > 0
