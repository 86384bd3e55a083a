"""Properties over random programs, larger collections where they are there, and the command line's report."""

from __future__ import annotations

import json
import random
import warnings
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.programs.levels import LEVELS
from ewm.sources.grammar import Grammar
from ewm.tracing.__main__ import main
from ewm.tracing.oracle import Comparison, Wrong
from ewm.tracing.reading import same
from ewm.tracing.report import Report, row
from ewm.tracing.runner import Runner
from ewm.tracing.snapshot import make_render
from ewm.tracing.verify import Verdict, verify
from tests.tracing.random_programs import program

CRUXEVAL = Path(__file__).parents[3] / "shared" / "data" / "cruxeval_dev.jsonl"


def proved(programs: list[Program], **limits: int) -> Report:
    report = Report()
    for verdict in verify(programs, TraceConfig(workers=1, **limits)):
        report.add(verdict.program.source, verdict)
    assert [(name, row(name, verdict)) for name, verdict in report.first] == []
    return report


def compiles(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "", "exec")
    except SyntaxError:
        return False
    return True


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_random_programs_are_traced_as_they_ran(rng):
    sources = [program(rng, 2) for _ in range(3)]
    proved([Program(s) for s in sources if compiles(s)])


def test_many_small_random_programs():
    sources = [program(random.Random(seed), 1) for seed in range(50)]
    report = proved([Program(s) for s in sources if compiles(s)])
    assert report.programs > 45
    assert report.lines > 800


@pytest.mark.slow
def test_many_random_programs():
    sources = [program(random.Random(seed), 2) for seed in range(10**6, 10**6 + 1500)]
    assert proved([Program(s) for s in sources if compiles(s)]).lines > 30_000


@pytest.mark.slow
def test_grammar():
    report = proved(list(islice(Grammar(dict.fromkeys(LEVELS, 1.0)).programs(0), 2000)))
    assert report.statuses["ok"] + report.statuses["exception"] == 2000
    assert not report.skipped


@pytest.mark.slow
@pytest.mark.skipif(not CRUXEVAL.is_file(), reason="the shared data are not here")
def test_cruxeval():
    rows = [json.loads(line) for line in CRUXEVAL.read_text().splitlines()]
    report = proved([Program(r["code"], f"f({r['input']})") for r in rows])
    assert report.statuses["ok"] >= 0.99 * report.programs
    assert not report.skipped


literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner)
    | st.sets(st.integers() | st.text()) | st.frozensets(st.integers()),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(literals, literals)
def test_reading_is_exact(a, b):
    """A text says what the oracle copied of the same value, cut or not; of another value only if the text is the same."""
    from ewm.tracing.copying import copied

    for limits in ((200, 2000, 8), (3, 20, 3)):
        render, _, _ = make_render(*limits)
        assert same(render(a), copied(a))
    whole, _, _ = make_render(10**4, 10**6, 99)
    if whole(a) != whole(b):
        assert not same(whole(a), copied(b))


def test_what_the_command_line_says(tmp_path, capsys, monkeypatch):
    file = tmp_path / "p.py"
    file.write_text("def f(n):\n    return n + 1\n")
    assert main([str(file), "--call", "f(1)", "--verify", "--workers", "1"]) == 0
    first, sums = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["status"], first["lines_compared"], first["wrong"], first["problems"]) == ("ok", 2, [], [])
    assert (sums["programs"], sums["lines_compared"], sums["wrong_lines"]) == (1, 2, 0)
    assert main([str(file), "--call", "f(1)", "--verify", "--pretty"]) == 0
    assert "lines compared          2" in capsys.readouterr().out


def test_a_disagreement_is_shown_and_is_exit_code_3(tmp_path, capsys, monkeypatch):
    """The oracle is told another program: each state line that differs must be named."""
    honest = Runner.oracle
    other = "x = 1\nx = 3\ny = x\n"
    monkeypatch.setattr(Runner, "oracle", lambda self, program: honest(self, Program(other)))
    file = tmp_path / "p.py"
    file.write_text("x = 1\nx = 2\ny = x\n")
    assert main([str(file), "--verify"]) == 3
    first, sums = map(json.loads, capsys.readouterr().out.splitlines())
    wrong = first["wrong"][0]
    assert (wrong["line"], wrong["name"], wrong["traced"], wrong["oracle"]) == (3, "x", "2", "3")
    assert (first["wrong_lines"], sums["programs_that_disagree"], sums["wrong_lines"]) == (1, 1, 1)
    assert main([str(file), "--verify", "--pretty"]) == 3
    assert "disagree  1" in capsys.readouterr().out


def test_skipped_programs_are_said():
    report = Report()
    for verdict in verify([Program("x = ("), Program("while True:\n    x = 1\n")], TraceConfig(workers=1, cpu_s=0.3)):
        report.add(verdict.program.id, verdict)
    assert report.statuses == {"syntax_error": 1, "event_limit": 1}
    assert report.skipped == {"syntax_error": 1}
    assert report.lines > 1000  # the part that was traced is compared
    assert report.disagree == 0


def test_wrong_lines_are_counted_once_a_line():
    with Runner(TraceConfig(workers=1)) as runner:
        done = runner.trace(Program("x = 1\ny = x\n"))
    wrong = (Wrong(1, 2, "x", "1", ""), Wrong(1, 2, "global x", "1", ""), Wrong(2, 2, "y", "1", ""))
    assert Verdict(Program("x = 1\ny = x\n"), done, compared=Comparison(2, 3, wrong)).wrong_lines == 1
