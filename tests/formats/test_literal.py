from hypothesis import given
from hypothesis import strategies as st

from ewm.formats import literal

PIECES = ["1", "-3", "0.5", "1e5", "2j", "'a'", "''", "'it\\'s'", '"q"', "True", "None", "nan", "<x>", "<+3>", "b", "é"]
PIECES += ["[", "]", "(", ")", "{", "}", ", ", ": ", ",", ";", " ", "set()", "frozenset(", "\n", "-"]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
atoms = st.one_of(
    st.integers(), st.booleans(), st.none(), st.text("ab'\"\\é\n", max_size=4), st.floats(allow_nan=False)
)
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.tuples(inner, inner), st.tuples(inner), st.dictionaries(st.text("ab", max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)  # fmt: skip


@given(texts)
def test_plain_values_end_where_the_scanner_says(text):
    assert literal.end(text) == literal.scanned(text)


@given(values, texts)
def test_every_value_is_read_to_its_end(value, rest):
    text = repr(value)
    assert literal.scanned(text) == literal.end(text) == len(text)
    assert literal.end(text + rest) == literal.scanned(text + rest)
