from dataclasses import replace

import pytest

from ewm import formats
from ewm.evaluation.audit.attacks import MARK, MEGABYTE, blind
from ewm.evaluation.audit.orders import departing, other_type, with_error, with_wrong_value, worse
from ewm.formats.prediction import Prediction
from tests.evaluation.audit.made import FORMS, truths

NAMED = (  # what an audit must try, whatever is asked
    "empty", "keywords", "echo of the source", "visible literals", "another program's truth", "unparsable nesting",
    "1 MB of a letter", "always equal", "over-long",
)  # fmt: skip
OF_A_TRACE = (
    "constant trace", "every candidate at each step", "lines in order, then", "lines in order, a call for values",
    "lines in order, a name for values", "lines in order, an operator for values", "lines in order, True for 1",
    "lines in order, markers for values", "every candidate returned", "lines in order, always equal for values",
)  # fmt: skip
OF_AN_ANSWER = (
    "every candidate in one answer",
    "the call itself",
    "an operator",
    "a name",
    "echo of the first argument",
)


@pytest.mark.parametrize("task, format", FORMS)
def test_every_attack_is_made_from_the_prompt_alone(task, format):
    for truth in truths(task, format):
        made = blind(truth, "other")
        named = NAMED[:7] + OF_A_TRACE if task == "trace" else NAMED + OF_AN_ANSWER
        assert set(named) <= set(made)
        assert made == blind(replace(truth, prediction=Prediction(""), actual_trace="", blind=0.5, given=0), "other")
        assert max(map(len, made.values())) <= 1.01 * MEGABYTE


@pytest.mark.parametrize("task, format", FORMS)
def test_a_trace_is_attacked_in_its_own_format(task, format):
    """Well-formed guesses, or the format would refuse them for their form alone."""
    for truth in truths(task, format) if task == "trace" else ():
        made = blind(truth)
        for name in ("no step", "constant trace", "every candidate at each step", "lines in order, all", "over-long"):
            assert formats.parse(made[name], task, format).parsed, (name, made[name][:200])


def test_only_a_program_with_marks_in_its_strings_has_them_attacked():
    truth = truths("trace", "delta")[0]
    assert "the program's own markers" not in blind(truth)
    assert "the program's own markers" in blind(replace(truth, entry=f"f({MARK!r})"))


@pytest.mark.parametrize("task, format", FORMS)
def test_a_corruption_says_something_else(task, format):
    """By eye, in every format: none of them is the truth in other words."""
    told = set()
    for truth in truths(task, format):
        true = replace(truth.prediction, text="")
        for how, text in worse(truth).items():
            said = replace(formats.parse(text, task, format), text="")
            assert said != true, how
            told.add(how)
    wanted = {"True for 1", "rubbish after"}
    if task == "trace":
        wanted |= {
            "repeated",
            "a step after",
            "cut in half",
            "an invented variable in the first step that can have one",
        }
        wanted |= {"an invented variable in the last step that can have one"}
    assert wanted <= told


@pytest.mark.parametrize("format", ("delta", "cwm", "ellora"))
def test_an_error_stands_where_it_was_put(format):
    for truth in truths("trace", format):
        true = truth.prediction.steps
        for at in range(len(true)):
            wrong = formats.parse(with_error(truth, at), "trace", format).steps
            assert wrong[:at] == true[:at]
            assert len(wrong) <= at or wrong[at].line == true[at].line + 50
            for made in (with_wrong_value, departing):
                if text := made(truth, at):
                    said = formats.parse(text, "trace", format)
                    assert said.steps[:at] == true[:at]
                    assert said.steps != true


@pytest.mark.parametrize("value, other", [
    ("1", "True"), ("True", "1"), ("0", "False"), ("7", "7.0"), ("-2.0", "-2"), ("'1'", "'1'"), ("[1]", "[1]"),
])  # fmt: skip
def test_an_equal_value_of_another_type(value, other):
    assert other_type(value) == other
