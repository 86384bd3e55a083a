import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewm import formats
from ewm.scoring.alignment import align
from ewm.scoring.metrics import KEYS, score
from tests.scoring.made import ANSWER, BODY_TRACE, LOOP, RAISES, RAISING_TRACE, STRAIGHT, TRACE, traces, truth


def metrics(text, true):
    return score(formats.parse(text, true.task, true.format), true)


# Seven of the nine steps count (two are given by the prompt), and the end: eight units.
@pytest.mark.parametrize(
    "answer, prefix, divergence",
    [
        (TRACE, 1.0, None),
        (TRACE + "\n", 1.0, None),
        (TRACE.replace("s=1", "s=01"), 4 / 8, (6, "value")),
        (TRACE.replace("s=1", "s=True"), 4 / 8, (6, "value")),
        (TRACE.replace("s=1", "s=1; t=0"), 4 / 8, (6, "value")),
        (TRACE.replace("L5 return 1", "L5 return 2"), 6 / 8, (8, "value")),
        (TRACE.replace("L5 return", "L4 return"), 6 / 8, (8, "line")),
        (TRACE.replace("L3 i=1", "L5 return 0"), 3 / 8, (5, "line")),
        (TRACE.replace("\nend", ""), 7 / 8, (9, "line")),
        (TRACE + "\nL9 x=1", 7 / 8, (9, "line")),
        (TRACE.replace("end", "L9 x=1\nend"), 7 / 8, (9, "line")),
        (TRACE + "\n" + TRACE, 7 / 8, (9, "line")),
        (TRACE.replace("end", "out 'x'\nend"), 7 / 8, (9, "value")),
        (TRACE.replace("n=2", "n=3"), 0.0, (1, "value")),
        ("L1\nL1 call n=2\nend", 0.0, (2, "line")),
        ("end", 0.0, (0, "line")),
        ("", 0.0, (0, "line")),
    ],
)
def test_prefix_and_divergence(answer, prefix, divergence):
    found = metrics(answer, LOOP)
    assert found["prefix"] == pytest.approx(prefix)
    assert found["exact"] == float(prefix == 1)
    assert (found["divergence"], found["divergence_kind"]) == (divergence or (None, None))


@pytest.mark.parametrize(
    "answer, path, state_f1, state_full, final_state, output",
    [
        (BODY_TRACE, 1, 1, 1, 1, 1),
        (BODY_TRACE.replace("b=7", "b=8"), 1, 4 / 6, 1 / 4, 0, 1),  # b stays wrong in every later state
        (BODY_TRACE.replace("L3 a=7", "L3 a=8"), 1, 4 / 6, 2 / 4, 0, 1),
        (BODY_TRACE.replace("L2 b=7\n", ""), 3 / 4, 4 / 5, 1 / 4, 0, 1),
        (BODY_TRACE.replace("L2 b=7", "L2 b=7; b=7"), 1, 1, 1, 1, 1),  # the format keeps the first and says ill-formed
        (BODY_TRACE.replace("L3 a=7", "L3 a=7; c=1"), 1, 6 / 7, 2 / 4, 0, 1),
        (BODY_TRACE.replace("'7\\n'", "'8\\n'"), 1, 1, 1, 1, 0),
        ("L1 a=3\nL2 b=7", 2 / 4, 4 / 5, 2 / 4, 0, 0),
        ("L9 a=3\nL8 b=7\nend", 0, 0, 0, 0, 0),
    ],
)
def test_other_metrics(answer, path, state_f1, state_full, final_state, output):
    found = metrics(answer, STRAIGHT)
    names = ("path", "state_f1", "state_full", "final_state", "output")
    assert [found[n] for n in names] == pytest.approx([path, state_f1, state_full, final_state, output])


def test_a_name_written_twice_needs_a_well_formed_answer_to_count():
    found = metrics(BODY_TRACE.replace("L2 b=7", "L2 b=7; b=8; b=9"), STRAIGHT)
    assert (found["exact"], found["parse"]) == (0.0, 0.0)


def test_exception():
    assert metrics(RAISING_TRACE, RAISES)["exception"] == 1.0
    wrong = metrics(RAISING_TRACE.replace("unwind IndexError\nend", "unwind KeyError\nend"), RAISES)
    assert (wrong["exception"], wrong["exact"], wrong["path"]) == (0.0, 0.0, 1.0)
    assert metrics(TRACE, LOOP)["exception"] is None


def test_an_incomplete_truth_has_no_exact():
    assert metrics(TRACE, replace(LOOP, complete=False))["exact"] is None
    assert metrics("[1, 2]", replace(ANSWER, complete=False))["exact"] is None


@pytest.mark.parametrize(
    "answer, right",
    [
        ("[1, 2]", 1), ("[1,2]", 1), ("[ANSWER][1, 2][/ANSWER]", 1), ("so it is\n[1, 2]", 1),
        ("[1, True]", 0), ("[1, 2] or [1, 3]", 0), ("(1, 2)", 0), ("f(2)", 0), ("[1] + [2]", 0), ("", 0),
        ("[1, 2]\n[1, 3]", 0), ("raise ValueError", 0), ("Equal()", 0), ("[1, 2", 0),
    ],
)  # fmt: skip
def test_output(answer, right):
    found = metrics(answer, ANSWER)
    assert found["exact"] == found["prefix"] == found["output"] == right
    assert found["path"] is None


def test_output_of_a_call_that_raises():
    true = truth("raise KeyError", "output")
    assert metrics("raise KeyError", true)["exception"] == metrics("raise KeyError", true)["exact"] == 1.0
    assert metrics("raise ValueError", true)["exact"] == metrics("None", true)["exact"] == 0.0


@given(traces, st.integers(0, 3))
def test_the_truth_is_right_in_every_metric(text, given_):
    true = truth(text)
    true = replace(true, given=min(given_, len(true.prediction.steps)))
    found = score(true.prediction, true)
    assert tuple(found) == KEYS
    assert found["divergence"] is None
    assert {v for k, v in found.items() if k not in ("divergence", "divergence_kind")} <= {1.0, None}


@given(traces, traces)
def test_metrics_stay_between_0_and_1(text, other):
    true = truth(text)
    found = metrics(other, true)
    assert all(v is None or 0 <= v <= 1 for k, v in found.items() if not k.startswith("divergence"))
    assert (found["exact"] == 1) == (found["divergence"] is None)


@pytest.mark.parametrize(
    "predicted, true, pairs",
    [
        ("abc", "abc", [(0, 0), (1, 1), (2, 2)]),
        ("aa", "a", [(0, 0)]),
        ("a", "aa", [(0, 0)]),
        ("xabc", "abc", [(1, 0), (2, 1), (3, 2)]),
        ("axc", "abc", [(0, 0), (2, 2)]),
        ("abab", "ab", [(0, 0), (1, 1)]),
        ("", "abc", []),
    ],
)
def test_alignment_is_leftmost(predicted, true, pairs):
    assert align(predicted, true) == pairs


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_alignment_costs_what_the_textbook_says(a, b):
    pairs = align(a, b)
    assert all(a[i] == b[j] for i, j in pairs)
    assert pairs == sorted(pairs)
    before, cost = (-1, -1), 0
    for i, j in [*pairs, (len(a), len(b))]:
        cost += max(i - before[0], j - before[1]) - 1
        before = (i, j)
    assert cost == _distance(a, b)


def _distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def test_long_answers_are_scored_in_bounded_time():
    long = "\n".join(f"L{i % 9 + 1} x={i}" for i in range(2_500)) + "\nend"
    true, other = truth(long), formats.parse(long.replace("L3 ", "L2 "), "trace", "delta")
    start = time.process_time()
    score(other, true)
    assert time.process_time() - start < 2
