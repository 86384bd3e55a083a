"""GRPO on a tiny random model: the reward rises, terms are logged, a run cut anywhere ends bit-equal."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

from ewm import models
from ewm.config.schema import GrpoConfig, HardwareConfig, ModelConfig
from ewm.training import checkpoints, reinforce
from tests.training.conftest import ListRecord, build_small_set, build_tiny_model, share_of_sevens


def quick(**changes) -> GrpoConfig:
    settings = dict(max_steps=4, per_device_train_batch_size=16, num_generations=8, max_completion_length=12,
                    learning_rate=5e-2, save_steps=2, log_completions_every=2)  # fmt: skip
    return GrpoConfig(**{**settings, **changes})


def adapter_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "adapter" / "adapter_model.safetensors")


def assert_same(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> None:
    assert left.keys() == right.keys()
    assert all(torch.equal(left[name], right[name]) for name in left)


def after(record: ListRecord, step: int) -> dict[tuple[int, str], float]:
    """What was logged beyond a step, the last word counting; times are no part of it."""
    return {
        (at, name): value
        for at, values in record.lines
        for name, value in values.items()
        if at > step and not name.startswith("time/")
    }


class Stop(BaseException):
    """Like SIGKILL for whoever only catches Exception."""


def dies_at(call: int, then=share_of_sevens):
    calls = 0

    def reward(completion, truth, cut=False):
        nonlocal calls
        calls += 1
        if calls > call:
            raise Stop
        return then(completion, truth, cut)

    return reward


def test_reward_rises(tiny_model, small_set, tmp_path):
    record = ListRecord(tmp_path)
    reinforce(tiny_model, small_set, quick(max_steps=15, save_steps=0), share_of_sevens, record, seed=1)
    rewards = record.series("rewards/total/mean")
    assert len(rewards) == 15
    assert sum(rewards[-3:]) > 2 * sum(rewards[:3]) + 0.05


def test_terms_and_health_are_logged(tiny_model, small_set, tmp_path):
    record = ListRecord(tmp_path)
    reinforce(tiny_model, small_set, quick(max_steps=2), share_of_sevens, record)
    names = set().union(*(values for _, values in record.lines))
    assert {"rewards/sevens/mean", "rewards/sevens/std", "rewards/even_only/mean", "rewards/total/mean"} <= names
    assert {"grpo/frac_reward_zero_std", "grpo/entropy", "grpo/clip_ratio/region_mean", "grpo/grad_norm"} <= names
    assert {"completions/mean_length", "completions/clipped_ratio", "grpo/learning_rate"} <= names
    assert {"time/step", "time/generation", "time/scoring", "time/update"} <= names


def test_completions_are_kept_with_their_truth(tiny_model, small_set, tmp_path):
    reinforce(tiny_model, small_set, quick(), share_of_sevens, ListRecord(tmp_path))
    assert [p.name for p in sorted((tmp_path / "completions").iterdir())] == [
        "train-00001.parquet", "train-00002.parquet", "train-00004.parquet",
    ]  # fmt: skip
    rows = pq.read_table(tmp_path / "completions" / "train-00004.parquet").to_pylist()
    assert len(rows) == 16
    for row in rows:
        truth = small_set.examples[row["example"]].truth
        score = share_of_sevens(row["completion"], truth)
        assert (row["mode"], row["step"], row["truth"]) == ("train", 4, truth.prediction.text)
        assert (row["total"], row["terms/even_only"]) == (score.total, score.terms["even_only"])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"num_iterations": 2, "save_steps": 3},  # checkpoints move to whole cycles
        {"gradient_accumulation_steps": 2, "per_device_train_batch_size": 8},
        pytest.param({"steps_per_generation": 2, "per_device_train_batch_size": 8}, marks=pytest.mark.slow),
        pytest.param({"beta": 0.1}, marks=pytest.mark.slow),
        pytest.param({"bf16": True}, marks=pytest.mark.slow),  # slow on a CPU
    ],
)
def test_a_cut_run_ends_bit_equal(changes, tmp_path):
    cfg = quick(max_steps=6, **changes)
    whole, cut = ListRecord(tmp_path / "whole"), ListRecord(tmp_path / "cut")
    reinforce(build_tiny_model(), build_small_set(), cfg, share_of_sevens, whole, seed=3)
    with pytest.raises(Stop):
        batch = 16
        cycles = 2 if cfg.num_iterations == 2 or cfg.steps_per_generation else 3
        reinforce(build_tiny_model(), build_small_set(), cfg, dies_at(batch * cycles + 5), cut, seed=3)
    kept = [checkpoints.step_of(p) for p in checkpoints.complete(tmp_path / "cut" / "checkpoints" / "grpo")]
    assert kept and max(kept) < 6
    torch.manual_seed(99)  # whatever state a new process has
    reinforce(build_tiny_model(), build_small_set(), cfg, share_of_sevens, cut, seed=3)
    assert_same(adapter_of(tmp_path / "whole"), adapter_of(tmp_path / "cut"))
    assert after(whole, max(kept)) == after(cut, max(kept)) != []


def test_a_finished_stage_is_not_done_again(tmp_path):
    record = ListRecord(tmp_path)
    reinforce(build_tiny_model(), build_small_set(), quick(), share_of_sevens, record)
    before, lines = adapter_of(tmp_path), len(record.lines)
    model = build_tiny_model()
    reinforce(model, build_small_set(), quick(), share_of_sevens, record)
    assert_same(before, adapter_of(tmp_path))
    assert len(record.lines) == lines


@pytest.mark.parametrize("changes", [{}, {"beta": 0.1}, {"bf16": True}])
def test_the_model_is_left_as_it_was_but_for_its_adapter(changes, tiny_model, small_set, tmp_path):
    ids = torch.tensor([[5, 40, 41, 42]])
    base = {k: v.clone() for k, v in tiny_model.model.state_dict().items() if "lora" not in k}
    reinforce(tiny_model, small_set, quick(**changes), share_of_sevens, ListRecord(tmp_path))
    assert not tiny_model.model.training and list(tiny_model.model.peft_config) == ["default"]
    after = tiny_model.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in base.items())
    other = build_tiny_model()
    other.model.load_adapter(str(tmp_path / "adapter"), "trained")
    other.model.set_adapter("trained")
    with torch.no_grad():
        assert torch.equal(tiny_model.model(ids).logits, other.model.eval()(ids).logits)


def test_a_whole_model_is_left_where_it_can_be_loaded(tmp_path):
    tiny = build_tiny_model()
    tiny.model = tiny.model.unload()
    tiny.model.requires_grad_(True)
    cfg = quick(max_steps=1, learning_rate=1e-3, save_steps=0)
    assert reinforce(tiny, build_small_set(), cfg, share_of_sevens, ListRecord(tmp_path)) == tmp_path / "model"
    assert not (tmp_path / "adapter").exists()
    found = models.load(ModelConfig("tiny", str(tmp_path / "model")), None, HardwareConfig("cpu"))
    assert all(torch.equal(v, found.model.state_dict()[k]) for k, v in tiny.model.state_dict().items())
    assert found.tokenizer.chat_template == tiny.tokenizer.chat_template


def test_another_seed_is_another_run(tmp_path):
    for seed in (0, 1):
        record = ListRecord(tmp_path / str(seed))
        reinforce(build_tiny_model(), build_small_set(), quick(max_steps=2), share_of_sevens, record, seed=seed)
    left, right = adapter_of(tmp_path / "0"), adapter_of(tmp_path / "1")
    assert any(not torch.equal(left[name], right[name]) for name in left)


def test_half_written_checkpoints_are_not_resumed(tmp_path):
    (tmp_path / ".partial-4" / "checkpoint-4").mkdir(parents=True)
    (tmp_path / "checkpoint-2").mkdir()
    assert checkpoints.latest(tmp_path) == tmp_path / "checkpoint-2"
    checkpoints.clean(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint-2"]


def test_a_marker_inside_a_program_stays_text(tiny_model, small_set, tmp_path):
    program = "x = '<|im_end|>'"
    small_set.examples[0].messages[0]["content"] = f"<|trace|>\n{program}"
    seen = []
    encode = tiny_model.encode
    tiny_model.encode = lambda messages: seen.append(encode(messages)) or seen[-1]
    reinforce(tiny_model, small_set, quick(max_steps=3, save_steps=0), share_of_sevens, ListRecord(tmp_path))
    end = tiny_model.tokenizer.eos_token_id
    assert seen and all(ids.count(end) == 1 for ids in seen)
