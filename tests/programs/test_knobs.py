"""What the knobs say is what programs have."""

import ast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ewm.programs.grammar import program
from ewm.programs.levels import LEVELS
from ewm.programs.presets import ALL, PRESETS, turned
from ewm.sources.grammar import Grammar

COUNTS = ("loop", "nested", "long", "reserved_break", *PRESETS)  # the other levels' lists have a length of their own
MARKS = {  # what only this construct of `real` writes
    "while": ast.While, "generator": (ast.Yield, ast.YieldFrom), "match": ast.Match, "context": ast.With,
    "closure": (ast.Nonlocal, ast.Global), "branch": ast.NamedExpr,
}  # fmt: skip
WITHOUT = {"while": ("while_if", "loop_break", "generator")}  # write it too
least = st.integers(3, 9)
indexes = st.integers(0, 10**6)


def nodes(made):
    return ast.walk(ast.parse(made.source))


def deepest(source):
    return max((len(line) - len(line.lstrip())) // 4 for line in source.split("\n"))


@settings(max_examples=150, deadline=None)
@given(level=st.sampled_from(COUNTS), index=indexes, n=least)
def test_loops_bounds_ranges_and_literals(level, index, n):
    for node in nodes(program(0, index, level, {"loops": [n, n]})):
        if isinstance(node, ast.List | ast.Set | ast.Tuple) and all(isinstance(e, ast.Constant) for e in node.elts):
            assert len(node.elts) <= n
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
            values = [a.value for a in node.args if isinstance(a, ast.Constant)]
            assert len(values) < len(node.args) or len(range(*values)) <= n


@settings(max_examples=150, deadline=None)
@given(level=st.sampled_from(sorted(PRESETS)), index=indexes, depth=st.integers(1, 5), wrap=st.sampled_from((0.0, 1.0)))
@example(level="classes", index=0, depth=1, wrap=0.0)
def test_depth_bounds_blocks(level, index, depth, wrap):
    made = program(0, index, level, {"depth": depth, "wrap": wrap})
    assert deepest(made.source) <= depth + int(wrap)


def test_depth_is_reached():
    for depth in (1, 2, 5):
        assert max(deepest(program(0, i, "real", {"depth": depth, "wrap": 0}).source) for i in range(200)) == depth


@settings(max_examples=100, deadline=None)
@given(level=st.sampled_from(sorted(PRESETS)), index=indexes, literals=st.integers(1, 500))
def test_literals_bounds_values(level, index, literals):
    found = nodes(program(0, index, level, {"literals": literals}))
    numbers = [node.value for node in found if isinstance(node, ast.Constant) and type(node.value) is int]
    assert max(numbers, default=0) <= max(literals, 100)  # what stands in templates is at most 100


def test_literals_is_reached():
    made = [node for i in range(100) for node in nodes(program(0, i, "numbers", {"literals": 500}))]
    assert max(n.value for n in made if isinstance(n, ast.Constant) and type(n.value) is int) > 400


@settings(max_examples=100, deadline=None)
@given(level=st.sampled_from(("straight", "numbers", "text", "sets")), index=indexes, n=st.integers(1, 9))
def test_statements_and_wrap(level, index, n):
    weights = {"swap": 0} if level == "straight" else {"loop": 0, "branch": 0}
    weights = {name: 0 for name in weights if name in ALL[level].top}
    flat = {"depth": 0} if level in PRESETS else {}
    made = program(0, index, level, {"statements": [n, n], "wrap": 1.0, "weights": weights, **flat})
    body = next(node for node in ast.parse(made.source).body if isinstance(node, ast.FunctionDef)).body
    assert made.entry is not None
    assert n + 1 <= len(body) <= 6 * n + 1  # a template has up to six lines; and the return
    assert program(0, index, level, {"wrap": 0.0}).entry is None


@pytest.mark.parametrize("construct", MARKS)
def test_a_weight_of_zero_takes_a_construct_out(construct):
    def found(weights):
        made = (node for i in range(250) for node in nodes(program(0, i, "real", {"weights": weights})))
        return any(isinstance(node, MARKS[construct]) for node in made)

    others = dict.fromkeys(WITHOUT.get(construct, ()), 0)
    assert found({**others, construct: 5})
    assert not found({**others, construct: 0})


def test_a_weight_of_zero_leaves_bodies_too():
    assert "numbers" not in turned("real", {"weights": {"numbers": 0}}).body
    assert turned("real", {"weights": dict.fromkeys(PRESETS["real"].body, 0)}).body


@settings(max_examples=200, deadline=None)
@given(
    level=st.sampled_from(sorted(ALL)), index=indexes, low=st.integers(2, 8), more=st.integers(0, 9),
    max_abs=st.sampled_from((9, 20, 99, 10**6)), literals=st.sampled_from((1, 9, 99, 10**5)),
)  # fmt: skip
def test_any_knobs_that_are_taken_give_a_program(level, index, low, more, max_abs, literals):
    pair = [low, low + more]
    knobs = {"statements": pair, "loops": pair, "max_abs": max_abs, "literals": literals}
    assert ast.parse(program(0, index, level, knobs).source).body


@pytest.mark.parametrize("level", sorted(LEVELS))
def test_knobs_left_to_the_level_change_nothing(level):
    left = {"statements": None, "max_abs": None, "weights": {}}
    with_them, without = Grammar({level: 1.0}, knobs=left), Grammar({level: 1.0})
    assert next(with_them.programs(0)) == next(without.programs(0))
    assert with_them.fingerprint() == without.fingerprint() != Grammar({level: 1.0}, knobs={"wrap": 1}).fingerprint()


@pytest.mark.parametrize(
    "level, knobs, message",
    [
        ("real", {"dept": 1}, "knobs.dept: no such knob. Did you mean depth"),
        ("real", {"dept": None}, "knobs.dept: no such knob."),
        ("real", {"statements": [3, 1]}, "wants .fewest, most."),
        ("real", {"wrap": 2}, "a share from 0 to 1"),
        ("real", {"max_abs": "x"}, "a whole number of at least 9"),
        ("real", {"weights": {"numbrs": 1}}, "Did you mean numbers"),
        ("control", {"depth": 0}, "knobs.depth=0: level control wants at least 1"),
        ("loop", {"depth": 1}, "level loop has a fixed depth"),
        ("loop", {"loops": [1, 1]}, "level loop wants a most of at least 2"),
    ],
)
def test_wrong_knobs_are_refused(level, knobs, message):
    with pytest.raises(ValueError, match=message):
        Grammar({level: 1.0}, knobs=knobs)
