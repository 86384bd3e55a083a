import pytest

from ewm import formats
from ewm.rewards import terms
from tests.scoring.made import ANSWER, LOOP, RAISES, RAISING_TRACE, STRAIGHT, TRACE


def value(term, answer, truth, **settings):
    return term(formats.parse(answer, truth.task, truth.format), truth, **settings)


# Path: seven steps after the two given ones, and the end: eight lines. State after the given steps: s=0, i=0, i=1, s=1
# and `return 1`, five things.
@pytest.mark.parametrize(
    "answer, path, state, result",
    [
        (TRACE, 1, 1, 1),
        (TRACE.replace("s=1", "s=5"), 1, 4 / 5, 1),
        (TRACE.replace("s=1", "s=1; t=0"), 1, 5 / 6, 1),
        (TRACE.replace("L3 i=1", "L3 j=1"), 1, 4 / 6, 1),
        (TRACE.replace("return 1", "return 2"), 1, 4 / 5, 0),
        (TRACE.replace("L4 s=1", "L5 s=1"), 4 / 8, 3 / 3, 1),
        (TRACE.replace("L3 i=1\nL4 s=1\nL3", "L3"), 4 / 8, 2 / 3, 1),  # the next L3 writes no i
        (TRACE.replace("\nend", ""), 7 / 8, 1, 0),
        (TRACE.replace("\nend", "\nL9\nend"), 7 / 9, 1, 0),
        (TRACE.replace("\nend", "\nout 'q'\nend"), 7 / 8, 1, 0),
        (TRACE.replace("n=2", "n=9"), 0, 1, 1),  # what is given is written as it is, or nothing counts
        (TRACE.replace("n=2", "n=2; q=7"), 0, 1, 1),
        (TRACE.replace("L1\n", "L1 q=1\n"), 0, 1, 1),
        (TRACE.replace(" n=2", ""), 0, 1, 1),
        ("L1\nL1 call n=2\nend", 0, 0, 0),
        ("L1\nL1 call n=2\nL2\nend", 1 / 8, 0, 0),
        ("L7\nend", 0, 0, 0),
        ("", 0, 0, 0),
    ],
)
def test_path_state_result(answer, path, state, result):
    assert value(terms.path, answer, LOOP) == pytest.approx(path)
    assert value(terms.state, answer, LOOP) == pytest.approx(state)
    assert value(terms.result, answer, LOOP) == result


@pytest.mark.parametrize(
    "term, truth, expected",
    [
        (terms.exception, LOOP, None),
        (terms.exception, RAISES, 1.0),
        (terms.output, RAISES, None),
        (terms.result, RAISES, 1.0),
        (terms.output, STRAIGHT, 1.0),
        (terms.path, ANSWER, None),
        (terms.state, ANSWER, None),
        (terms.final_state, ANSWER, None),
        (terms.result, ANSWER, 1.0),
        (terms.prefix, ANSWER, 1.0),
    ],
)
def test_a_term_that_the_truth_lacks_is_none(term, truth, expected):
    assert term(truth.prediction, truth) == expected


def test_printed_text_counts_in_the_path_where_the_truth_has_none():
    assert value(terms.path, RAISING_TRACE.replace("\nend", "\nout 'q'\nend"), RAISES) == 4 / 5
    assert value(terms.result, RAISING_TRACE.replace("\nend", "\nout 'q'\nend"), RAISES) == 1


def test_exception_is_compared_by_type():
    assert value(terms.result, RAISING_TRACE.replace("IndexError", "KeyError"), RAISES) == 0.0


@pytest.mark.parametrize("times, expected", [(0.5, 0.0), (1, 0.0), (1.5, 0.0), (2.25, 0.5), (9, 1.0)])
def test_length(times, expected):
    long = "x" * int(times * len(TRACE))
    assert value(terms.length, long, LOOP) == pytest.approx(expected, abs=0.02)


def test_length_takes_its_slack_from_the_config():
    assert value(terms.length, "x" * 3 * len(TRACE), LOOP, slack=3.0) == 0.0
