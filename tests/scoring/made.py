"""Truths made from text, and random ones, for tests of scoring and rewards."""

from hypothesis import strategies as st

from ewm import formats
from ewm.formats.prediction import Truth

SOURCE = "def f(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s"
ENTRY = "f(2)"
TRACE = "L1\nL1 call n=2\nL2 s=0\nL3 i=0\nL4\nL3 i=1\nL4 s=1\nL3\nL5 return 1\nend"
BODY = "a = 3\nb = a + 4\na = b\nprint(a)"
BODY_TRACE = "L1 a=3\nL2 b=7\nL3 a=7\nL4\nout '7\\n'\nend"
RAISING = "def f(n):\n    s = [n]\n    return s[n]"
RAISING_TRACE = "L1\nL1 call n=2\nL2 s=[2]\nL3 raise IndexError\nL3 unwind IndexError\nL3 unwind IndexError\nend"


def truth(text, task="trace", format="delta", **keys):
    """What formats.truth would pack, from a true text."""
    return Truth(formats.parse(text, task, format), task, format, **keys)


LOOP = truth(TRACE, given=2, source=SOURCE, entry=ENTRY)
STRAIGHT = truth(BODY_TRACE, source=BODY)
RAISES = truth(RAISING_TRACE, given=2, source=RAISING, entry="f(2)")
ANSWER = truth("[1, 2]", "output", source="def f(n):\n    return [1, n]", entry="f(2)")

values = st.sampled_from(["0", "1", "-7", "True", "1.5", "'a'", "'L2 x=1'", "'end'", "[1, 2]", "{'k': (1,)}", "None"])
gone = st.just("")
items = st.dictionaries(st.sampled_from(["x", "y", "total", "global t"]), st.one_of(values, gone), max_size=3).map(
    lambda d: "; ".join(f"{name}={value}" if value else f"-{name}" for name, value in d.items())
)
bodies = st.one_of(
    items,
    items.map(lambda body: f"call {body}".strip()),
    values.map(lambda value: f"return {value}"),
    st.sampled_from(["yield 3", "raise ValueError", "unwind KeyError"]),
)
lines = st.builds(lambda n, body: f"L{n} {body}".strip(), st.integers(1, 12), bodies)
traces = st.builds(
    lambda steps, out: "\n".join([*steps, *out, "end"]),
    st.lists(lines, max_size=12),
    st.sampled_from([[], ["out 'a\\n'"]]),
)
