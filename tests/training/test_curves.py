"""Held-out curves on a tiny model: names, no hand in the training."""

from __future__ import annotations

from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest
import torch

from ewm.config import ConfigError
from ewm.formats.prediction import Prediction, Truth
from ewm.programs import Program
from ewm.training import reinforce, rollout
from ewm.training.judge import Scored
from ewm.training.validation import Asked, HeldOut
from tests.training.conftest import ListRecord, build_small_set, build_tiny_model, share_of_sevens
from tests.training.test_grpo import adapter_of, assert_same, quick

EVALUATED = dict(eval_steps=2, num_generations_eval=3, max_eval_samples=4)


def train(folder, validation=True, reward=share_of_sevens, lora=None, **changes):
    record, model = ListRecord(folder), build_tiny_model(**(lora or {}))
    cfg = quick(**{**EVALUATED, **changes})
    held_out = build_small_set() if validation else None
    reinforce(model, build_small_set(), cfg, reward, record, seed=3, validation=held_out)
    return record


@pytest.mark.parametrize(
    "lora", [*(pytest.param(each, marks=pytest.mark.slow) for each in ({}, {"use_dora": True})), {"lora_dropout": 0.1}]
)
def test_the_curves_have_no_hand_in_the_training(tmp_path, lora):
    twice = dict(lora=lora, num_iterations=2)  # an evaluation falls between two steps that share their completions
    watched = train(tmp_path / "watched", eval_steps=1, **twice)
    alone = train(tmp_path / "alone", validation=False, eval_steps=0, **twice)
    assert_same(adapter_of(tmp_path / "watched"), adapter_of(tmp_path / "alone"))
    assert len(watched.series("validation/reward")) == 5 and not alone.series("validation/reward")


def test_it_measures_the_base_and_the_last_step_too(tmp_path):
    record = train(tmp_path, max_steps=5)
    steps = [step for step, values in record.lines if "validation/reward" in values]
    assert steps == [0, 2, 4, 5]
    values = next(values for _, values in record.lines if "validation/reward" in values)
    assert {"validation/pass@1", "validation/pass@3", "validation/reward", "time/validation"} == values.keys()
    assert record.facts["validation"]["kept_step"] == 5
    assert "Held-out, step 0 to 5: pass@1 " in record.facts["validation"]["change"]
    rows = pq.read_table(tmp_path / "completions" / "validation-00005.parquet").to_pylist()
    assert len(rows) == 4 * 3 and {row["mode"] for row in rows} == {"validation"}
    assert sum(row["total"] for row in rows) / 12 == pytest.approx(record.series("validation/reward")[-1])


def example(level, complete=True):
    truth = Truth(Prediction(text="x"), "trace", "delta", complete=complete)
    return SimpleNamespace(messages=[{"content": ""}], truth=truth, program=Program("x", level=level))


def answered(index, totals, right):
    return Asked(index, tuple(Scored(index, "", 1, False, total, {}) for total in totals), right)


def test_figures_by_hand(monkeypatch):
    examples = [example("loop"), example("loop"), example("reserved_break"), example("", complete=False)]
    held_out = HeldOut(examples, lambda: None, share_of_sevens, n=2, k=2, limit=8, seed=0)
    found = [answered(0, [1, 0], 1), answered(1, [0, 0], 0), answered(2, [1, 1], 2), answered(3, [1, 0], None)]
    monkeypatch.setattr(held_out, "_ask", lambda indices: [found[i] for i in reversed(indices)])
    measured = held_out.measure()
    assert measured.values == pytest.approx({
        "validation/pass@1": 3 / 6, "validation/pass@2": 2 / 3, "validation/reward": 4 / 8,
        "validation/known/exact": 1 / 4, "validation/level/loop/exact": 1 / 4,
        "validation/level/reserved_break/exact": 1.0,
    })  # fmt: skip
    assert measured.right == (1, 0, 2, None)
    assert held_out.names == list(measured.values)


def test_ranks_share_the_examples(monkeypatch):
    examples = [example("loop")] * 3
    taken = []

    def two(rows):
        taken.append([row.example for row in rows])
        return [answered(i, [0.5], i % 2) for i in (0, 2, 1)]

    held_out = HeldOut(examples, lambda: None, share_of_sevens, n=1, k=1, limit=8, seed=0, rank=1, ranks=2, gather=two)
    monkeypatch.setattr(held_out, "_ask", lambda indices: [answered(i, [0.5], i % 2) for i in indices])
    assert held_out.measure().right == (0, 1, 0) and taken == [[1]]


@pytest.mark.parametrize("lora", [{}, {"use_dora": True}])
def test_what_is_asked_is_what_is_trained(lora):
    tiny = build_tiny_model(**lora)
    policy, ids = rollout.asked(tiny, rollout.choose(tiny, quick(), None)), torch.tensor([[5, 40, 41, 42]])
    found = []
    for _ in range(2):
        with torch.no_grad():
            for name, weights in tiny.model.named_parameters():
                if "lora_B" in name:
                    weights.add_(0.1)
            with policy().active() as module:
                found.append(module(ids).logits)
            torch.testing.assert_close(found[-1], tiny.model.eval()(ids).logits, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(found[0], found[1], atol=1e-2)


def test_a_figure_that_the_split_cannot_have_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"metric_for_best_model=validation/known/exact: never logged .* Possible"):
        train(tmp_path, early_stopping_patience=2, metric_for_best_model="validation/known/exact")
