"""The best weights, patience, and runs with held-out curves that are cut anywhere."""

from __future__ import annotations

import pytest
from safetensors.torch import load_file

from ewm.training import checkpoints, curves, reinforce
from ewm.training.validation import HeldOut, Measured
from tests.training.conftest import ListRecord, build_small_set, build_tiny_model, share_of_sevens
from tests.training.test_curves import EVALUATED, train
from tests.training.test_grpo import Stop, adapter_of, after, assert_same, dies_at, quick


def scripted(monkeypatch, rewards):
    """Evaluations that say what the test wants, in turn."""
    said = iter(rewards)

    def measure(self):
        return Measured({"validation/pass@1": 0.0, "validation/reward": next(said)}, (0,) * len(self.examples), ())

    monkeypatch.setattr(HeldOut, "measure", measure)
    monkeypatch.setattr(curves.samples, "write", lambda *args: None)


@pytest.mark.parametrize(
    "metric, step", [("validation/reward", 2), ("validation/pass@1", 0)]
)  # of equal ones the first
def test_the_best_weights_are_kept(monkeypatch, tmp_path, metric, step):
    changes = dict(load_best_model_at_end=True, metric_for_best_model=metric, max_steps=6, save_total_limit=9)
    scripted(monkeypatch, [0.1, 0.5, 0.5, 0.2])
    record = train(tmp_path, **changes, log_completions_every=0)
    assert record.facts["validation"]["kept_step"] == step == record.facts["validation"]["best"]["step"]
    kept, folder = adapter_of(tmp_path), tmp_path / "checkpoints" / "grpo"
    assert_same(kept, load_file(folder / "best" / "adapter_model.safetensors"))
    if step:
        assert_same(kept, load_file(folder / f"checkpoint-{step}" / "adapter_model.safetensors"))
    else:
        assert not any(weights.any() for name, weights in kept.items() if "lora_B" in name)


def test_unless_they_are_asked_for_the_last_are_kept(monkeypatch, tmp_path):
    scripted(monkeypatch, [0.5, 0.1, 0.1])
    record = train(tmp_path, metric_for_best_model="validation/reward", log_completions_every=0)
    assert (record.facts["validation"]["kept_step"], record.facts["validation"]["best"]["step"]) == (4, 0)
    last = load_file(tmp_path / "checkpoints" / "grpo" / "checkpoint-4" / "adapter_model.safetensors")
    assert_same(adapter_of(tmp_path), last)


def test_a_whole_model_has_its_best_too(monkeypatch, tmp_path):
    tiny = build_tiny_model()
    tiny.model = tiny.model.unload()
    tiny.model.requires_grad_(True)
    before = {name: value.clone() for name, value in tiny.model.state_dict().items()}
    scripted(monkeypatch, [0.5, 0.1])
    best = dict(load_best_model_at_end=True, metric_for_best_model="validation/reward", log_completions_every=0)
    cfg = quick(**EVALUATED, max_steps=1, learning_rate=1e-3, save_steps=0, **best)
    reinforce(tiny, build_small_set(), cfg, share_of_sevens, ListRecord(tmp_path), validation=build_small_set())
    assert_same(tiny.model.state_dict(), before)
    assert (tmp_path / "model" / "tokenizer.json").exists()


def test_patience_ends_a_run_and_it_stays_ended(tmp_path):
    changes = dict(max_steps=20, early_stopping_patience=2)  # pass@1 is 0 throughout
    record = train(tmp_path, **changes)
    assert max(step for step, _ in record.lines) == 4 and record.facts["validation"]["ended_early"]
    kept = adapter_of(tmp_path)
    again = train(tmp_path, **changes)
    assert again.lines == [] and again.facts == record.facts
    assert_same(kept, adapter_of(tmp_path))


IN_A_STEP, IN_AN_EVALUATION = 12 + 2 * 16 + 5, 12 + 4 * 16 + 12 + 7  # answers until a reward dies


@pytest.mark.parametrize(
    "changes, call",
    [
        ({"load_best_model_at_end": True, "metric_for_best_model": "validation/reward"}, IN_AN_EVALUATION),
        pytest.param({"early_stopping_patience": 4, "eval_steps": 1}, IN_A_STEP, marks=pytest.mark.slow),
        pytest.param({"eval_steps": 3}, IN_A_STEP, marks=pytest.mark.slow),  # between two checkpoints
    ],
)
def test_a_cut_run_ends_as_an_uncut_one(tmp_path, changes, call):
    whole = train(tmp_path / "whole", max_steps=6, **changes)
    with pytest.raises(Stop):
        train(tmp_path / "cut", reward=dies_at(call), max_steps=6, **changes)
    kept = checkpoints.latest(tmp_path / "cut" / "checkpoints" / "grpo")
    since = checkpoints.step_of(kept) if kept else 0
    cut = train(tmp_path / "cut", max_steps=6, **changes)
    assert_same(adapter_of(tmp_path / "whole"), adapter_of(tmp_path / "cut"))
    assert cut.facts == whole.facts
    assert after(whole, since) == after(cut, since) != {}
    best = [tmp_path / name / "checkpoints" / "grpo" / "best" / "best.json" for name in ("whole", "cut")]
    assert best[0].read_text() == best[1].read_text()
    names = [sorted(p.name for p in (tmp_path / name / "completions").iterdir()) for name in ("whole", "cut")]
    assert names[0] == names[1]


def test_a_kill_between_two_renames_loses_nothing(tmp_path):
    (tmp_path / ".was-best").mkdir()
    (tmp_path / ".partial-best").mkdir()
    checkpoints.clean(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["best"]
    (tmp_path / ".was-best").mkdir()
    checkpoints.clean(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["best"]
