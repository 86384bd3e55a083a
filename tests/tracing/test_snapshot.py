"""Values as text: what reads back, what is bounded, and that no user code runs."""

from __future__ import annotations

import ast
import math
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewm.tracing.snapshot import exception_text, make_render

render, was_cut, _ = make_render(max_elements=5, max_chars=60, max_depth=3)
wide, _, _ = make_render(max_elements=10_000, max_chars=100_000, max_depth=50)


class Evil(list):
    def __repr__(self):
        raise SystemExit

    __len__ = __iter__ = __eq__ = __repr__


CYCLE: list = [1]
CYCLE.append(CYCLE)


TEXTS = [
        (None, "None"), (True, "True"), (-3, "-3"), (0.1, "0.1"), ("a'b", '"a\'b"'), (b"x", "b'x'"), (2j, "2j"),
        ((), "()"), ((1,), "(1,)"), ([], "[]"), (set(), "set()"), ({3, 1, 2}, "{1, 2, 3}"), ({"b", "a"}, "{'a', 'b'}"),
        (frozenset(), "frozenset()"), (frozenset([1]), "frozenset({1})"), ({"a": [1, (2,)]}, "{'a': [1, (2,)]}"),
        (range(3), "range(0, 3)"), (math, "<module math>"), (len, "<function len>"), (int, "<class int>"),
        (Evil([1]), "<Evil>"), ([Evil()], "[<Evil>]"), (CYCLE, "[1, <cycle>]"), (iter([]), "<list_iterator>"),
        (list(range(8)), "[0, 1, 2, 3, 4, <+3>]"), ("x" * 70, repr("x" * 60) + "<+10>"),
        ([[[[1]]]], "[[[<deep>]]]"), (10**5000, "<int 16610 bits>"), (float("nan"), "nan"), (..., "Ellipsis"),
]  # fmt: skip


@pytest.mark.parametrize("value, text", TEXTS, ids=map(str, range(len(TEXTS))))
def test_text(value, text):
    assert render(value) == text


atoms = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
)
keys = st.integers() | st.text() | st.tuples(st.integers(), st.text())
values = st.recursive(
    atoms | st.sets(st.integers()) | st.sets(st.text()),
    lambda v: st.lists(v) | st.dictionaries(keys, v) | st.lists(v).map(tuple),
    max_leaves=20,
)


@settings(max_examples=40, deadline=None)
@given(values)
def test_literals_read_back(value):
    assert ast.literal_eval(wide(value)) == value


@settings(max_examples=40, deadline=None)
@given(values)
def test_text_is_bounded(value):
    assert len(render(value)) < 1000


large = st.lists(st.integers(-3, 3) | st.booleans() | st.sampled_from([0.0, -0.0, 1.0, None, "a", 10**40]), min_size=30)
changes = st.lists(
    st.tuples(st.sampled_from(["set", "add", "pop", "turn"]), st.integers(0, 29), large.map(lambda v: v[0]))
)


@settings(max_examples=60, deadline=None)
@given(large, changes, st.sampled_from([list, tuple, dict.fromkeys, set]), st.integers(20, 50))
def test_a_large_value_is_seen_as_it_is_now(value, changes, kind, most):
    used, _, _ = make_render(max_elements=most, max_chars=90, max_depth=3)
    kept = kind(value)
    for what, place, item in [("", 0, None), *changes]:
        if what == "set":
            value[place % len(value)] = item
        elif what == "add":
            value.append(item)
        elif what == "pop" and len(value) > 1:
            value.pop()
        elif what == "turn":
            value.reverse()
        if kind is list:
            kept[:] = value
        else:
            kept = kind(value)
        fresh, _, _ = make_render(max_elements=most, max_chars=90, max_depth=3)
        assert used(kept) == fresh(kept)


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset, dict.fromkeys])
def test_a_value_that_outgrows_the_limit_is_marked(kind):
    used, _, _ = make_render(max_elements=40, max_chars=900, max_depth=3)
    value = list(range(39))
    for size in range(39, 44):
        kept = kind(value[:size]) if kind is not list else value
        fresh, _, _ = make_render(max_elements=40, max_chars=900, max_depth=3)
        assert used(kept) == fresh(kept)
        assert ("<+" in used(kept)) == (size > 40)
        value.append(size)


BIG = [
    ([list(range(1000))] * 10**5, "[[0, 1, 2, 3, 4, <+995>], [0, 1, 2, 3, 4, <+995>], [0, 1, 2, 3, <+996>], <+99997>]"),
    (dict.fromkeys(range(10**6), 1), "{0: 1, 1: 1, 2: 1, 3: 1, 4: 1, <+999995>}"),
    (set(range(10**6)), "{0, 1, 2, 3, 4, <+999995>}"),
    (bytes(10**6), repr(bytes(60)) + "<+999940>"),
]


@pytest.mark.parametrize("value, text", BIG, ids=[type(value).__name__ for value, _ in BIG])
def test_cost_does_not_grow_with_the_value(value, text):
    tracemalloc.start()
    try:
        assert render(value) == text
        assert tracemalloc.get_traced_memory()[1] < 10_000  # bytes at most: no part of the value was copied
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("source", ["x = (", "if x:\npass", "if x:\n\ty\n        z", "return"])
def test_a_syntax_error_says_what_python_says(source):
    with pytest.raises(SyntaxError) as caught:
        compile(source, "/folder/prog.py", "exec")
    said = exception_text(caught.value, render, 200)
    assert said == {"type": caught.type.__name__, "message": str(caught.value)}
    assert "(prog.py, line " in said["message"]


def test_exception_text_runs_no_user_code():
    class Odd(ValueError):
        def __str__(self):
            raise SystemExit

    assert exception_text(Odd("a"), render, 60) == {"type": "Odd", "message": "a"}
    assert exception_text(KeyError("k"), render, 60)["message"] == "'k'"
    assert exception_text(KeyError(Evil()), render, 60)["message"] == "<Evil>"
    assert exception_text(SyntaxError(Evil(), ("f", 1, 2, "x")), render, 60)["message"] == "<Evil>, ('f', 1, 2, 'x')"
    assert exception_text(FileNotFoundError(2, "No such file"), render, 60)["message"] == "[Errno 2] No such file"


class Loud(type):
    """A class whose class answers."""

    def __hash__(cls):
        raise SystemExit

    def __eq__(cls, other):
        raise SystemExit


class Quiet(metaclass=Loud):
    pass


class Name(str):
    def __format__(self, spec):
        raise SystemExit

    __str__ = __format__


def named():
    def f():
        pass

    f.__name__ = Name("x")
    return f


@pytest.mark.parametrize(
    "value, text",
    [(Quiet(), "<Quiet>"), (Quiet, "<class Quiet>"), ([1, Quiet()], "[1, <Quiet>]"), ({"a": Quiet()}, "{'a': <Quiet>}"), (named(), "<function x>"),
     (range(0, 1, 10**5000), "<range>"), ([0.0, -0.0] * 30, "[0.0, -0.0, 0.0, -0.0, 0.0, <+55>]")],
)  # fmt: skip
def test_nobody_is_asked(value, text):
    assert render(value) == text


def test_a_message_is_made_of_what_is_plain():
    error = OSError(1, "x")
    error.strerror = Name("loud")
    assert exception_text(error, render, 60) == {"type": "PermissionError", "message": "(1, 'x')"}
    assert exception_text(ValueError(1, 10**5000), render, 60)["message"] == "(1, <int 16610 bits>)"
    assert exception_text(ValueError(1, "a"), render, 60)["message"] == "(1, 'a')"
