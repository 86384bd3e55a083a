"""The grammar: pure, parsable, bounded, without reserved constructs where they must not be. Nothing is run here
but programs the grammar wrote itself, which touch nothing outside themselves."""

import ast

import pytest

from ewm.programs.constructs import constructs, is_reserved
from ewm.programs.grammar import program
from ewm.programs.levels import LEVELS, RESERVED, TRAINED

COUNT = 150
ALLOWED_ERRORS = {"compose": (TypeError, KeyError, RuntimeError, ZeroDivisionError, IndexError, ValueError)}


@pytest.mark.parametrize("level", LEVELS)
def test_item_is_a_pure_function_of_seed_and_index(level):
    assert [program(3, i, level) for i in (5, 2)] == [program(3, i, level) for i in (5, 2)]
    assert len({program(s, i, level).source for s in (0, 1) for i in range(40)}) > 60


@pytest.mark.parametrize("level", LEVELS)
def test_programs_parse_and_end_with_small_numbers(level):
    limit = LEVELS[level].max_abs * 2
    for i in range(COUNT):
        item = program(0, i, level)
        state: dict[str, object] = {"print": lambda *_: None}
        try:
            exec(compile(item.source, "<grammar>", "exec"), state)
            value = eval(item.entry, state) if item.entry else 0
        except ALLOWED_ERRORS.get(level, ()):
            continue
        assert not isinstance(value, int) or abs(value) <= limit, item.source
        assert all(abs(v) <= limit for v in state.values() if isinstance(v, int)), item.source


@pytest.mark.parametrize("level", LEVELS)
def test_reserved_constructs_stand_only_in_their_levels(level):
    assert {is_reserved(program(1, i, level).source) for i in range(COUNT)} == {level in RESERVED}


def test_every_statement_of_a_level_appears():
    for level in TRAINED:
        found = set().union(*(constructs(program(2, i, level).source) for i in range(COUNT)))
        wanted = {
            "loop": "for",
            "branch": "if",
            "function": "def",
            "compose": "try",
            "nested": "nested_loop",
            "data": "dict",
        }
        assert wanted.get(level, "def") in found


def test_levels_share_one_table_of_names():
    assert set(RESERVED).isdisjoint(TRAINED)
    assert all(ast.parse(program(4, i, "nested").source) for i in range(COUNT))


def test_unknown_level_is_refused_with_the_list():
    with pytest.raises(ValueError, match="straight, branch, loop"):
        program(0, 0, "hard")


@pytest.mark.parametrize(
    "source, expected",
    [
        ("while x:\n  if x: x = 0", True),
        ("for i in y:\n  if i: break", True),
        ("while x:\n  for i in y:\n    if i: x = 0", True),
        ("while x:\n  x = 0 if x else 1", False),
        ("if x:\n  while x: x -= 1", False),
    ],
)
def test_is_reserved(source, expected):
    assert is_reserved(source) is expected
