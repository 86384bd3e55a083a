"""What a doctest or a test says, against what a trace says."""

import ast
import doctest
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewm.sources.mine.expected import Expected, same_literal
from ewm.sources.mine.inside.capture import call_text, literal
from ewm.tracing import Trace

SPACE, DOTS, KIND = doctest.NORMALIZE_WHITESPACE, doctest.ELLIPSIS, doctest.IGNORE_EXCEPTION_DETAIL
ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
KEYS = st.booleans() | st.integers() | st.text(max_size=3)
VALUES = st.recursive(
    ATOMS | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.sets(KEYS, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("text, result, stdout, agrees", [
    ("[1, 2]\n", "[1, 2]", "", True),
    ("[1,2]\n", "[1, 2]", "", True),                        # the same value, written otherwise
    ("{2, 1}\n", "{1, 2}", "", True),
    ("{'b': 1, 'a': 2}\n", "{'a': 2, 'b': 1}", "", True),
    ("True\n", "1", "", False),
    ("1\n", "True", "", False),
    ("1\n", "1.0", "", False),
    ("[1.0]\n", "[1]", "", False),
    ("4\n", "None", "4\n", True),                           # printed
    ("4\n", "None", "4", True),
    ("a\n3\n", "3", "a\n", True),                           # printed, then returned
    ("3\n", "3", "a\n", False),
    ("'4'\n", "'4'", "", True),
    ("4\n", "'4'", "", False),
    ("None\n", "None", "", False),
    ("<Box>\n", "<Box>", "", True),
])  # fmt: skip
def test_values(text, result, stdout, agrees):
    assert Expected(text).agrees(Trace("", "ok", result=result, stdout=stdout)) is agrees


@pytest.mark.parametrize("expected, result, stdout, agrees", [
    (Expected("[1,\n  2]\n", flags=SPACE), "['1']", "", False),
    (Expected("1  2\n", flags=SPACE), "None", "1 2\n", True),
    (Expected("1  2\n"), "None", "1 2\n", False),
    (Expected("[0, 1, ..., 9]\n", flags=DOTS), "[0, 1, 2, 9]", "", True),
    (Expected("[0, 1, ..., 9]\n"), "[0, 1, 2, 9]", "", False),
    (Expected("Box(3)\n", shown=True), "'Box(3)'", "", True),
    (Expected("Box(3)\n", shown=True), "'Box(4)'", "", False),
    (Expected("told\n", shown=True), "'None'", "told\n", True),     # it gave nothing after all
    (Expected("4\n", setup=True), "None", "before\n4\n", True),
    (Expected("4\n"), "None", "before\n4\n", False),
    (Expected("3", value_only=True), "3", "whatever\n", True),
    (Expected("3", value_only=True), "3.0", "", False),
    (Expected("3", value_only=True), "<Box>", "", False),
])  # fmt: skip
def test_options(expected, result, stdout, agrees):
    assert expected.agrees(Trace("", "ok", result=result, stdout=stdout)) is agrees


@pytest.mark.parametrize("said, flags, kind, message, agrees", [
    ("ValueError: no", 0, "ValueError", "no", True),
    ("ValueError: no", 0, "ValueError", "yes", False),
    ("ValueError: no", KIND, "ValueError", "yes", True),
    ("ValueError: no", KIND, "KeyError", "no", False),
    ("ValueError: n...", DOTS, "ValueError", "nothing", True),
    ("pack.errors.Broken", 0, "Broken", "", True),
    ("ValueError", 0, "ValueError", "", True),
    ("", 0, "ValueError", "", False),
])  # fmt: skip
def test_exceptions(said, flags, kind, message, agrees):
    raised = Trace("", "exception", exception={"type": kind, "message": message})
    assert Expected(exception=said, flags=flags).agrees(raised) is agrees
    assert not Expected(exception="ValueError: no").agrees(Trace("", "ok", result="1"))
    assert not Expected("1\n").agrees(Trace("", "timeout"))


@settings(max_examples=40)
@given(VALUES)
def test_a_captured_value_reads_back(value):
    text = literal(value, 10**6)
    assert text is not None and normal(ast.literal_eval(text)) == normal(value)


@given(VALUES, VALUES)
def test_equal_literals_are_those_with_equal_text(a, b):
    assert same_literal(repr(a), repr(b)) == (normal(a) == normal(b))


def normal(value):
    """Text in which order does not count where it means nothing."""
    if isinstance(value, dict):
        return "{" + ", ".join(sorted(f"{normal(k)}: {normal(v)}" for k, v in value.items())) + "}"
    if isinstance(value, set):
        return "set" + ", ".join(sorted(map(normal, value)))
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}[{', '.join(map(normal, value))}]"
    return repr(value)


@pytest.mark.parametrize("value", [
    math.nan, math.inf, [math.inf], object(), set(), frozenset({1}), {1: object()}, int, "x" * 300, [0] * 200, 10**700,
])  # fmt: skip
def test_what_is_no_short_literal_is_not_captured(value):
    assert literal(value, 250) is None
    assert call_text((1, value), {}) is None and call_text((), {"key": value}) is None


def test_what_contains_itself_is_not_captured():
    loop = []
    loop.append(loop)
    assert literal(loop, 250) is None
    assert call_text((1, "a"), {"key": (2,)}) == "(1, 'a', key=(2,))"
