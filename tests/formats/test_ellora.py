import pytest

from ewm.formats import answer, ellora, parse, truth
from tests.formats.tables import LOOP, LOOP_ELLORA, LOOP_TRACE


def test_the_recipes_text_by_eye():
    assert ellora.render(LOOP_TRACE) == LOOP_ELLORA
    said = ellora.parse(LOOP_ELLORA)
    assert said.parsed
    assert said.ended
    assert said.steps == ellora.steps(LOOP_TRACE)
    assert said.steps[2].writes == (("s", "0"),)


def test_every_truth_carries_it():
    assert truth(LOOP_TRACE, LOOP, "output", "delta").actual_trace == LOOP_ELLORA


@pytest.mark.parametrize(
    "text, steps, ended",
    [
        ("", 0, False),
        (LOOP_ELLORA + "\nmore", 8, False),
        ("so:\n" + LOOP_ELLORA, 8, True),  # read, but not well-formed
        (LOOP_ELLORA.replace("s=0, i=0", "s=0 i=0"), 3, False),
        (LOOP_ELLORA.replace("n=2", "n=n"), 1, False),
    ],
)
def test_ill_formed(text, steps, ended):
    said = ellora.parse(text)
    assert (len(said.steps), said.ended, said.parsed) == (steps, ended, False)


@pytest.mark.parametrize(
    "text, value, exception, parsed",
    [
        ("[1, 2]", "[1, 2]", None, True),
        ("It adds.\n[ANSWER]'a'[/ANSWER]", "'a'", None, True),
        ("[ANSWER]'[ANSWER]'[/ANSWER]", "'[ANSWER]'", None, True),  # tags inside a string are the string's
        ("[ANSWER]['[ANSWER]1[/ANSWER]'][/ANSWER]", "['[ANSWER]1[/ANSWER]']", None, True),
        ("Between [ANSWER] tags: [ANSWER]'a'[/ANSWER], no: [ANSWER]'b'[/ANSWER]", "'b'", None, True),
        ("[ANSWER]'a'[/ANSWER]\n[ANSWER]b[/ANSWER]", "b", None, False),
        ("[ANSWER]" * 30 + "3[/ANSWER]", "3", None, True),
        ("[ANSWER]raise KeyError[/ANSWER]", None, "KeyError", True),
        ("It adds.\n7", "7", None, True),
        ("raise ValueError", None, "ValueError", True),
        ("f(2)", "f(2)", None, False),
        ("", None, None, False),
    ],
)
def test_answers(text, value, exception, parsed):
    said = answer.parse(text)
    assert (said.value, said.exception, said.parsed) == (value, exception, parsed)
    assert parse(text, "output", "delta") == said
