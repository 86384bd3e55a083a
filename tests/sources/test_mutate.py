"""Mutants and twins of grammar programs: what is promised of every one of them."""

from collections import Counter
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewm.config import targets
from ewm.config.schema import TraceConfig
from ewm.programs import Program, split_of
from ewm.programs.family import normal_form
from ewm.sources import Grammar, Mutants, Twins
from ewm.sources.mutate.derive import LEFT, TAKEN
from ewm.sources.mutate.mutants import MUTATIONS
from ewm.sources.mutate.text import matching_lines
from ewm.sources.mutate.twins import KINDS
from ewm.tracing import Runner

LEVELS = ("straight", "branch", "loop", "function", "compose", "nested", "recursive", "control", "listing", "classes")


class Few:
    """The first programs of a level, or those given."""

    def __init__(self, level="loop", n=5, programs=()):
        self.given = programs or tuple(islice(Grammar({level: 1.0}).programs(7), n))

    def programs(self, seed, split=None):
        return (program for program in self.given if split in (None, program.split))

    def fingerprint(self):
        return f"{len(self.given)} programs"


@pytest.fixture(scope="module")
def runner():
    with Runner(TraceConfig(workers=1)) as made:
        yield made


sources = st.builds(
    lambda seed, level: Few(programs=tuple(islice(Grammar({level: 1.0}).programs(seed), 4))),
    st.integers(0, 10**6), st.sampled_from(LEVELS),
)  # fmt: skip


@settings(max_examples=5)
@given(sources, st.integers(0, 99))
def test_every_mutant_behaves_otherwise(runner, source, seed):
    mutants = Mutants(source, per_program=3, workers=1)
    for pair in mutants.pairs(seed):
        buggy, mended = (runner.trace(program) for program in (pair.program, pair.original))
        assert pair.program.entry == pair.original.entry and pair.program.relation == "mutant"
        outcomes = [(t.result, t.stdout, t.exception, _left(t)) for t in (buggy, mended)]
        lines = matching_lines(pair.program.source, pair.original.source)
        steps = [_steps(buggy, lines), _steps(mended, {line: line for line in lines.values()})]
        assert (outcomes[0] != outcomes[1]) if pair.how == "outcome" else steps[0] != steps[1]
        if found := pair.departure():
            assert found.event < len(buggy.events)
            assert 1 <= found.line <= len(pair.program.source.splitlines())


def _left(trace):
    """Variables at the end of the module's body."""
    return next((e.locals for e in reversed(trace.events) if e.depth == 0), {})


def _steps(trace, lines):
    return [(lines.get(e.line), e.kind, e.function, e.locals, e.globals, e.value) for e in trace.events]


@settings(max_examples=5)
@given(sources, st.integers(0, 99))
def test_every_twin_behaves_the_same(runner, source, seed):
    for pair in Twins(source, per_program=3, workers=1).pairs(seed):
        twin, first = (runner.plain(program) for program in (pair.program, pair.original))
        assert pair.program.id != pair.original.id and pair.program.relation == "twin"
        assert (twin.stdout, twin.exception) == (first.stdout, first.exception)
        assert twin.result == first.result or first.result.startswith("<")


@settings(max_examples=5)
@given(sources)
def test_family_split_origin_and_licence_are_the_parents(source):
    for kind in (Mutants, Twins):
        for pair in kind(source, workers=1).pairs(0):
            new, old = pair.program, pair.original
            assert (new.family, new.split, new.licence, new.level) == (old.family, old.split, old.licence, old.level)
            assert new.origin.startswith(f"{old.origin}/{new.relation}:{'+'.join(pair.kinds)}:")
            assert new.parent == old.source
            alone = split_of(Program(new.source, origin=new.origin).family)
            assert old.split == "test" or alone != "test"


@settings(max_examples=5)
@given(sources)
def test_a_renaming_keeps_the_family_by_itself(source):
    for pair in Twins(source, per_program=2, edits=1, kinds=["rename"], workers=1).pairs(0):
        assert pair.program.source != pair.original.source
        assert normal_form(pair.program.source) == normal_form(pair.original.source)


@pytest.mark.parametrize("kind", [Mutants, Twins])
def test_the_order_is_fixed_and_a_program_is_edited_alike_wherever_it_stands(kind):
    source = Few("compose", 8)
    first, second = (list(kind(source, per_program=2, workers=n).programs(3)) for n in (1, 2))
    assert first == second
    assert [p.parent for p in first] == sorted((p.parent for p in first), key=[p.source for p in source.given].index)
    backwards = list(kind(Few(programs=source.given[::-1]), per_program=2, workers=1).programs(3))
    assert set(backwards) == set(first) and backwards != first
    assert list(kind(source, per_program=2, workers=1).programs(4)) != first


@pytest.mark.parametrize("kind, kinds", [(Mutants, MUTATIONS), (Twins, KINDS)])
def test_every_candidate_is_counted(kind, kinds):
    broken = [Program("x ="), Program("while True:\n    pass\nx = 1 + 2"), Program("pass")]
    source = Few(programs=(*Few("loop", 40).given, *broken))
    derived = kind(source, per_program=2, workers=1)
    pairs, counts = list(derived.pairs(0)), derived.counts
    rows = {name: n for name, n in counts.items() if name.startswith((TAKEN, LEFT))}
    assert sum(n for name, n in rows.items() if name.startswith(TAKEN)) == len(pairs) > 40
    assert sum(rows.values()) == counts["candidates"]
    assert counts["programs"] == 43
    assert (counts["without an edit"], counts["the program does not finish"]) == (2, 1)
    assert counts["left out: its own shape is held out"] > 0
    assert set(derived.funnel.kinds) <= set(kinds)
    each = Counter(one for pair in pairs for one in pair.kinds)
    assert {k: sum(n for what, n in c.items() if what.startswith(TAKEN)) for k, c in derived.funnel.kinds.items()} == {
        k: each[k] for k in derived.funnel.kinds
    }


def test_what_is_counted_does_not_hang_on_who_runs_ahead():
    """A build that was broken off reads to the same place and finds the same counts."""
    one, two = (Mutants(Few("loop", 40), workers=n) for n in (1, 2))
    for derived in (one, two):
        list(islice(derived.programs(0), 10))
    assert one.counts == two.counts and one.counts["programs"] < 40


@pytest.mark.parametrize("name", ["Mutants", "Twins"])
@pytest.mark.parametrize(
    "inner, message",
    [
        ({"_target_": "os.system"}, "only names below ewm."),
        ({"_target_": "ewm.sources.Gramar"}, "Did you mean Grammar"),
        ({"_target_": "ewm.sources.Grammar", "levls": {}}, "takes no such key. Did you mean levels"),
        ({"levels": {}}, "wants a _target_"),
        ({"_target_": "ewm.sources.Twins", "source": {"_target_": "shutil.rmtree"}}, "only names below ewm."),
    ],
)
def test_the_inner_source_is_checked(name, inner, message):
    node = {"_target_": f"ewm.sources.{name}", "source": inner}
    assert message in "\n".join(targets.problems("data.sources.own", node, ()))
    assert targets.problems("data.sources.own", node, ())[0].startswith("data.sources.own.source")


def test_an_inner_source_outside_is_not_built():
    node = {"_target_": "ewm.sources.Mutants", "source": {"_target_": "tests.sources.test_mutate.Few"}}
    with pytest.raises(ValueError, match="source.tests.* only names below ewm."):
        targets.build(node)
    assert isinstance(
        targets.build(node, ("tests",)).source, targets.locate("tests.sources.test_mutate.Few", ["tests"])
    )


@pytest.mark.parametrize("kind", [Mutants, Twins])
def test_kinds_are_checked(kind):
    with pytest.raises(ValueError, match="kinds: none is left"):
        kind(Few(), kinds=[])
    node = {
        "_target_": f"ewm.sources.{kind.__name__}",
        "source": {"_target_": "ewm.sources.Grammar"},
        "kinds": ["renam"],
    }
    assert "no such choice" in "\n".join(targets.problems("data.sources.own", node, ()))
