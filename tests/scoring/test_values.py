import ast
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewm.scoring.values import MAX_CHARS, NotALiteral, equal, read


@pytest.mark.parametrize(
    "a, b, same",
    [
        ("1", "1", True),
        ("1", " 1 ", True),
        ("[1,2]", "[1, 2]", True),
        ("'a'", '"a"', True),
        ("'it\\'s'", '"it\'s"', True),
        ("{1, 2}", "{2, 1}", True),
        ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", True),
        ("set()", "set( )", True),
        ("frozenset({1, 2})", "frozenset([2, 1])", True),
        ("nan", "nan", True),
        ("[nan, 1]", "[nan,1]", True),
        ("(1,)", "(1, )", True),
        ("1.50", "1.5", True),
        ("1e400", "inf", True),
        ("-3", "- 3", True),
        ("(1+2j)", "1+2j", True),
        ("(1e-07-2e-07j)", "1e-07-2e-07j", True),
        ("1e-07", "1E-7", True),
        ("range(0, 3)", "range(0,3)", True),
        ("deque([1, 2])", "deque([1,2])", True),
        ("<Stack object>", "<Stack object>", True),
        ("True", "1", False),
        ("1", "1.0", False),
        ("0", "False", False),
        ("[1]", "(1,)", False),
        ("range(0, 3)", "range(3)", False),
        ("[0, 1, 2]", "range(0, 3)", False),
        ("[1]", "list([1])", False),
        ("{1}", "frozenset({1})", False),
        ("{}", "set()", False),
        ("{1: True}", "{1: 1}", False),
        ("'1'", "1", False),
        ("'a'", "b'a'", False),
        ("0.0", "-0.0", False),
        ("nan", "inf", False),
        ("None", "", False),
        ("2", "1+1", False),
        ("2", "1 + 1", False),
        ("'aa'", "'a'*2", False),
        ("3", "len('abc')", False),
        ("3", "x", False),
        ("3", "Equal()", False),
        ("3", "__import__('os').getpid()", False),
        ("3", "3 # sure", False),
        ("3", "3 if True else 4", False),
        ("'a'", "f'a'", False),
        ("[1]", "[*(1,)]", False),
        ("{1: 2}", "{**{1: 2}}", False),
        ("-3", "---3", False),
        ("-1", "~0", False),
        ("[1, 2]", "[1, 2", False),
    ],
)
def test_equal(a, b, same):
    assert equal(a, b) is same
    assert equal(b, a) is same


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10_000 + "]" * 10_000,
        "(" * 100_000,
        "-" * 19_999 + "1",
        "1+" * 9_000 + "1j",
        "[" * 60 + "]" * 60 + "[1]" * 3_000,
        "9" * 19_000,
        "'" + "\\" * 19_000,
        "{" * 63 + "}" * 63,
        "not " * 4_000 + "1",
        "lambda:" * 2_000 + "1",
        "1." * 9_999,
        "\x00",
        "\ud800",
        "'\\ud800'",
        "'\\d'",
        "0x1for",
        "(" + "'a'" * 6_000 + ")",
        "1" + " " * (MAX_CHARS + 1) + ",",
        "a" * 1_000_000,
    ],
)
def test_hostile_text_is_answered_fast(text):
    times = []
    for _ in range(3):
        start = time.process_time()
        assert equal(text, "[1, 2]") is False
        assert equal(text, text) is True
        times.append(time.process_time() - start)
    assert min(times) < 0.05


literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: (
        (st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers() | st.booleans(), inner))
        | st.sets(st.integers() | st.text())
    ),
    max_leaves=8,
)


@given(literals)
def test_a_value_equals_its_own_text_in_another_spelling(value):
    text = repr(value)
    assert equal(text, f"({text})")
    assert equal(text, f" {text}\n")


@given(literals, literals)
def test_equal_agrees_with_python_where_python_is_type_strict(a, b):
    if equal(repr(a), repr(b)):
        assert repr(a) == repr(b) or ast.literal_eval(repr(a)) == b


@given(st.text())
def test_never_raises(text):
    equal(text, "1")


WRITTEN = [
    "0",
    "1",
    "-1",
    "00",
    "-0",
    "01",
    "1.0",
    "True",
    "'a'",
    '"a"',
    "'\\x61'",
    "'é'",
    "[1, 2]",
    "[1,2]",
    "[]",
    "(1, 2)",
    "[[1], [2]]",
]
WRITTEN += [
    "[ 1, 2]",
    "[(1, 2), 'a']",
    "((1, 2), 3)",
    "None",
    "[0]",
    "[00]",
    "[True]",
    "(1,)",
    "(1)",
    "[1, 2,]",
    "x",
    "1_0",
    "10",
    "' '",
]


@pytest.mark.parametrize("a", WRITTEN)
def test_the_short_way_says_what_reading_says(a):
    for b in WRITTEN:
        try:
            same = read(a) == read(b)
        except NotALiteral:
            same = a == b
        assert equal(a, b) == same, (a, b)
