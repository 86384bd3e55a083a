"""task=reason: the trace is the thought, the result of the call the answer after it."""

from __future__ import annotations

import pytest

from ewm import config, formats, rewards
from ewm.evaluation.answers import Answer
from ewm.evaluation.items import scored
from ewm.formats import thinking
from ewm.generation.completion import Completion
from ewm.scoring.metrics import score
from ewm.training.judge import Judge
from tests.formats.tables import LOOP, LOOP_TRACE

TRUE = formats.target(LOOP_TRACE, "reason", "delta")
TRUTH = formats.truth(LOOP_TRACE, LOOP, "reason", "delta")
THOUGHT = formats.target(LOOP_TRACE, "trace", "delta")
ANSWERED = "[ANSWER]1[/ANSWER]"
OPENED = TRUE.removeprefix("<think>\n")  # where the prompt has opened the thought


@pytest.mark.parametrize("format", formats.NAMES)
def test_the_target_is_read_as_it_was_written(format):
    text = formats.target(LOOP_TRACE, "reason", format)
    assert text == f"<think>\n{formats.target(LOOP_TRACE, 'trace', format)}\n</think>\n\n{ANSWERED}"
    truth = formats.truth(LOOP_TRACE, LOOP, "reason", format)
    assert (truth.prediction.value, truth.prediction.answer, truth.complete) == ("1", "1", True)
    assert truth.prediction.steps == formats.truth(LOOP_TRACE, LOOP, "trace", format).prediction.steps
    assert score(formats.parse(text, "reason", format), truth)["exact"] == 1.0


@pytest.mark.parametrize(
    "text, exact, output, prefix_is",
    [
        (TRUE, 1.0, 1.0, "one"),
        (OPENED, 1.0, 1.0, "one"),
        (TRUE.replace("[ANSWER]1", "[ANSWER]2"), 0.0, 0.0, "some"),  # thought well, answered wrong
        (TRUE.replace("s=1", "s=7"), 0.0, 1.0, "some"),  # the other way round
        (THOUGHT, 0.0, 0.0, "none"),  # never stopped thinking
        (f"<think>\n{THOUGHT}", 0.0, 0.0, "none"),
        (f"<think>\n{THOUGHT}\n</think>\n\n", 0.0, 0.0, "none"),  # said nothing
        (f"<think>\nhm\n</think>\n\n{ANSWERED}", 0.0, 0.0, "none"),  # no trace: no end either
        (ANSWERED, 0.0, 0.0, "none"),
    ],
)
def test_trace_from_the_thought_answer_from_after_it(text, exact, output, prefix_is):
    found = score(formats.parse(text, "reason", "delta"), TRUTH)
    assert (found["exact"], found["output"]) == (exact, output)
    share = found["prefix"]
    assert {"one": share == 1, "some": 0 < share < 1, "none": share == 0}[prefix_is]


@pytest.mark.parametrize("reward", ["strict", "gated", "prefix"])
def test_training_reads_what_an_evaluation_reads(reward):
    composed = rewards.compose(config.compose([f"reward={reward}", "reward.chance_correct=false"]).reward)
    judge = Judge(composed, [TRUTH], decode=lambda ids: "".join(map(chr, ids)), ends=frozenset({0}), thinks=True)
    for text, whole in ((TRUE, True), (OPENED, True), (f"<think>\n{THOUGHT}", False)):
        assert (judge([[*map(ord, text), 0]], [0]) == [1.0]) is whole
        assert judge([[*map(ord, text)]], [0])[0] < 1.0  # cut by the limit
        said = Completion.of(text, 9, False, thinks=True)
        item = scored(Answer(said.text, 9, False, said.thinking), TRUTH)
        assert (item.scores["exact"] == 1.0) is whole
        assert item.scores["faithful"] == 1.0


def test_what_was_split_is_joined_again():
    for text in (TRUE, f"<think>\n{THOUGHT}", ANSWERED):
        assert thinking.join(*thinking.split(text, thinks=False)) == text


def test_a_blind_guess_is_a_whole_completion():
    from ewm.rewards.blind import attacks

    texts = list(attacks(TRUTH))[1:]
    assert texts
    assert all(text.endswith("[/ANSWER]") and "</think>\n" in text for text in texts)
