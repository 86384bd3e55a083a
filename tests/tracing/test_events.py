"""The two written forms of a trace: what is read back is what was written."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewm.tracing.events import Event, Trace, load

NAMES = st.sampled_from(["a", "b", "c", "changed", "gone", "locals"])
STATES = st.dictionaries(NAMES, st.sampled_from(["1", "[2]", "'é\ud800'", ""]), max_size=4)
VALUES = st.none() | st.text(max_size=3) | st.just({"type": "ValueError", "message": "no"})
EVENTS = st.builds(
    Event,
    st.sampled_from(["call", "line", "return", "yield", "exception"]),
    st.integers(0, 5),
    st.sampled_from(["f", "<module>"]),
    st.integers(0, 3),
    STATES,
    STATES,
    VALUES,
    st.booleans(),
)
TRACES = st.builds(Trace, st.text(max_size=3), st.just("ok"), st.lists(EVENTS, max_size=12).map(tuple))


@given(TRACES)
@settings(max_examples=300, deadline=None)
def test_a_compact_trace_reads_back_whole(trace):
    back = Trace.from_json(json.loads(json.dumps(trace.to_compact())))
    assert back == trace
    assert json.dumps(back.to_json()) == json.dumps(trace.to_json())  # the order of names, too


SOURCE = """
def gen(n):
    for i in range(n):
        x = [i] * 3
        yield x
        del x
def f(n):
    total = []
    for x in gen(n):
        total += x
    try:
        total[99]
    except IndexError:
        return total
y = f(4)
"""


def test_changes_only_of_a_real_trace(trace):
    done = trace(SOURCE, "f(20)")
    full, compact = (json.dumps(row) for row in (done.to_json(), done.to_compact()))
    assert json.dumps(Trace.from_json(json.loads(compact)).to_json()) == full
    assert len(compact) < len(full) / 3
    rows = json.loads(compact)["events"]
    assert not any("locals" in row for row in rows)
    assert any("gone" in row for row in rows)


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz"])
def test_files(trace, tmp_path, name):
    done = trace(SOURCE)
    text = json.dumps(done.to_json()) + "\n\n" + json.dumps(done.to_compact()) + "\n"
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    assert list(load(tmp_path / name)) == [done, done]


@pytest.mark.parametrize("line", ["{", "[]", '{"id": "a", "status": "ok", "events": [{"line": 3}]}', '{"schema": 99}'])
def test_a_line_that_is_no_trace_is_named(tmp_path, line):
    (tmp_path / "t.jsonl").write_text('{"id": "a", "status": "ok"}\n' + line)
    with pytest.raises(ValueError, match="t.jsonl:2: not a trace"):
        list(load(tmp_path / "t.jsonl"))
