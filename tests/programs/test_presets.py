"""Levels written by templates; and that the levels that figures name stay as they were, byte for byte."""

import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewm.config.schema import TraceConfig
from ewm.formats import truth
from ewm.programs.constructs import is_reserved
from ewm.programs.grammar import program
from ewm.programs.grammar.blocks import STATEMENTS
from ewm.programs.levels import LEVELS
from ewm.programs.presets import MAY_BE_RESERVED, PRESETS, turned
from ewm.tracing import Runner

PINNED = {
    "practice": "336543b34dfa5e6a",
    "lookup": "bbbb533cad9c5bcd",
    "decide": "6a04df122d94068a",
    "sift": "8137e06e4de9b63a",
    "straight": "6d1be35f6f8ef9e9",
    "branch": "cc8450e34a7b11ee",
    "loop": "d37de31b4a74eb79",
    "data": "4ba61b7832e79a88",
    "function": "ab6c5396b3df2646",
    "compose": "c9bc1bacdf49244e",
    "nested": "68ad93d3b9f4370b",
    "long": "10c1879b82f7f5d2",
    "reserved_while_if": "580cbd4471fdf246",
    "reserved_break": "48dcdfbb1c66302d",
}


@pytest.mark.parametrize("level", LEVELS)
def test_levels_that_figures_name_never_change(level):
    parts = [program(0, i, level) for i in range(300)]
    text = "\0".join(f"{p.source}\1{p.entry}\1{p.origin}" for p in parts)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == PINNED[level]


WHOLE = {"classes": 0.05, "generator": 0.2}  # instances and generators have no literal
QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


@pytest.fixture(scope="module")
def runner():
    with Runner(TraceConfig(workers=1)) as runner:
        yield runner


@pytest.mark.parametrize("level", PRESETS)
def test_programs_end_within_their_numbers_and_can_be_written(runner, level):
    programs = [program(1, i, level) for i in range(120)]
    traces = list(runner.trace_all(programs))
    assert {trace.status for trace in traces} <= {"ok", "exception"}
    assert sum(trace.status == "ok" for trace in traces) >= (0.8 if level == "errors" else 0.95) * len(traces)
    assert max(number for trace in traces for number in integers(trace)) <= PRESETS[level].max_abs
    whole = sum(truth(trace, p, "trace", "delta").complete for p, trace in zip(programs, traces, strict=True))
    assert whole >= WHOLE.get(level, 0.7) * len(traces)


def integers(trace):
    """Those in the values of variables."""
    for text in {text for event in trace.events for text in (*event.locals.values(), *event.globals.values())}:
        yield from (abs(int(number)) for number in re.findall(r"(?<![\w.'<])-?\d+(?![\w.'])", QUOTED.sub("''", text)))


@pytest.mark.parametrize("level", PRESETS)
def test_reserved_constructs_stand_only_where_it_says_so(level):
    found = any(is_reserved(program(1, i, level).source) for i in range(300))
    assert found == (level in MAY_BE_RESERVED)


@pytest.mark.parametrize("level", PRESETS)
def test_item_is_a_pure_function_of_seed_index_and_knobs(level):
    knobs = {"statements": [2, 2], "max_abs": 50}
    assert program(3, 5, level, knobs) == program(3, 5, level, knobs)
    assert program(3, 5, level, knobs).origin != program(3, 5, level).origin
    assert len({program(s, i, level).source for s in (0, 1) for i in range(40)}) > 60


@settings(max_examples=60, deadline=None)
@given(construct=st.sampled_from(sorted(STATEMENTS)), index=st.integers(0, 10**6))
def test_weights_choose_constructs(construct, index):
    others = dict.fromkeys(PRESETS["real"].top, 0)
    level = turned("real", {"weights": {**others, construct: 1}})
    assert {name for name, weight in level.top.items() if weight} == {construct}
