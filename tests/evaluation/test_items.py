import pytest

from ewm.evaluation.answers import Answer
from ewm.evaluation.items import Item, item, scored
from tests.evaluation.made import example


def test_truth_scores_one():
    found = scored(Answer(example(3).target, 9, False), example(3).truth)
    assert (found.scores["exact"], found.scores["prefix"], found.divergence) == (1.0, 1.0, None)


def test_cut_answers_are_wrong_but_keep_what_they_got():
    found = scored(Answer(example(3).target, 9, True), example(3).truth)
    assert (found.scores["exact"], found.scores["parse"], found.scores["prefix"]) == (0.0, 0.0, 1.0)
    answer = example(7, task="output")
    assert scored(Answer(answer.target, 1, True), answer.truth).scores["prefix"] == 0.0
    assert scored(Answer(answer.target, 1, False), answer.truth).scores["output"] == 1.0


def test_incomplete_truth_has_no_exact():
    found = example(3, complete=False)
    assert scored(Answer(found.target, 9, False), found.truth).scores["exact"] is None


def test_item_with_baselines_reads_back():
    one = item("heldout", example(2), Answer("", 0, False), None, {"empty": lambda truth: "end"})
    assert one.baselines["empty"]["exact"] == 0.0
    assert one.baselines["empty"]["prefix"] == pytest.approx(0.0)
    assert Item.from_json(one.to_json()) == one
