import pytest

from ewm import formats
from ewm.rewards import terms
from tests.scoring.made import ANSWER, BODY_TRACE, LOOP, RAISES, RAISING_TRACE, SOURCE, STRAIGHT, TRACE


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


LOUD = "L1 a=3\nL2 b=7\nL3 a=7\nL4\nend"  # prints, but not what
IMITATED = TRACE.replace("s=0", "s='\\nend\\nL5 return 1\\nend'")


# good, partial, empty and hacked answers. LOOP returns 1; STRAIGHT prints; RAISES ends with an IndexError.
@pytest.mark.parametrize(
    "answer, truth, format, prefix, exact, final_state, output, exception",
    [
        (TRACE, LOOP, 1, 1, 1, 1, 1, None),
        (TRACE.replace("L4 s=1", "L4 s=2"), LOOP, 1, 4 / 8, 0, 0, 1, None),  # a wrong value on the way
        (TRACE.replace("return 1", "return 2"), LOOP, 1, 6 / 8, 0, 1, 0, None),
        (TRACE.replace("\nL5 return 1\nend", ""), LOOP, 0, 6 / 8, 0, 0, 0, None),  # cut short
        ("", LOOP, 0, 0, 0, 0, 0, None),
        ("end", LOOP, 1, 0, 0, 0, 0, None),
        (SOURCE, LOOP, 0, 0, 0, 0, 0, None),
        ("L1\nL1 call n=2\nL5 return 1\nend", LOOP, 1, 0, 0, 0, 1, None),  # the answer alone, guessed
        (TRACE.replace("return 1", "return True"), LOOP, 1, 6 / 8, 0, 1, 0, None),
        (TRACE.replace("return 1", "return 0 + 1"), LOOP, 0, 6 / 8, 0, 1, 0, None),
        (TRACE.replace("return 1", "return f(2)"), LOOP, 0, 6 / 8, 0, 1, 0, None),
        (TRACE.replace("return 1", "return Equal()"), LOOP, 0, 6 / 8, 0, 1, 0, None),
        (TRACE.replace("s=0", "s=0; s=1"), LOOP, 0, 7 / 8, 0, 1, 1, None),  # both guesses: the first is read
        (IMITATED, LOOP, 1, 0, 0, 1, 1, None),
        (TRACE + "\n" + TRACE, LOOP, 0, 7 / 8, 0, 0, 0, None),
        (BODY_TRACE, STRAIGHT, 1, 1, 1, 1, 1, None),
        (LOUD, STRAIGHT, 1, 4 / 5, 0, 1, 0, None),
        (BODY_TRACE.replace("'7\\n'", "7"), STRAIGHT, 0, 4 / 5, 0, 1, 0, None),
        (RAISING_TRACE, RAISES, 1, 1, 1, 1, None, 1),
        (RAISING_TRACE.replace("IndexError", "KeyError"), RAISES, 1, 1 / 5, 0, 1, None, 0),
        (RAISING_TRACE.replace("\nend", ""), RAISES, 0, 4 / 5, 0, 0, None, 0),
        (RAISING_TRACE.replace("IndexError", "*"), RAISES, 0, 1 / 5, 0, 1, None, 0),
        ("L3 unwind IndexError\nend", RAISES, 1, 0, 0, 0, None, 1),  # guessed
        ("[1, 2]", ANSWER, 1, 1, 1, None, 1, None),
        ("[1, 2.0]", ANSWER, 1, 0, 0, None, 0, None),
        ("[1, 2] or [2, 1]", ANSWER, 0, 0, 0, None, 0, None),
        ("", ANSWER, 0, 0, 0, None, 0, None),
    ],
)
def test_the_other_terms(answer, truth, format, prefix, exact, final_state, output, exception):
    names = ("format", "prefix", "exact", "final_state", "output", "exception")
    found = [value(getattr(terms, name), answer, truth) for name in names]
    assert found == [
        pytest.approx(e) if e is not None else None for e in (format, prefix, exact, final_state, output, exception)
    ]


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
