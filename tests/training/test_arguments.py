"""What TRL is told: the presets against its own defaults, and every algorithm that is a matter of keys."""

from __future__ import annotations

import dataclasses
import math

import pytest
from trl import GRPOConfig

from ewm import config
from ewm.config.schema import GrpoConfig
from ewm.training import reinforce
from ewm.training.grpo import arguments
from tests.training.conftest import ListRecord, build_small_set, build_tiny_model, share_of_sevens
from tests.training.test_grpo import Stop, adapter_of, assert_same, dies_at, quick

OWN = (
    "enabled",
    "extra",
    "log_completions_every",
    "eval_k",
    "max_eval_samples",
    "early_stopping_patience",
)  # not TRL's
HELD_OUT = (
    "eval_steps",
    "num_generations_eval",
    "metric_for_best_model",
)  # TRL evaluates otherwise: callbacks do it here
HOW_LONG = ("max_steps", "logging_steps", "save_steps", "save_total_limit")  # TRL counts epochs, and logs seldom
LENGTH = ("max_completion_length",)  # TRL has 512 tokens, here the data say


def test_the_default_preset_is_trls_own():
    theirs = {f.name: f.default for f in dataclasses.fields(GRPOConfig)}
    ours = dataclasses.asdict(config.compose(["grpo=default"]).grpo)
    assert set(ours) - set(theirs) == set(OWN)
    compared = set(ours) - {*OWN, *HOW_LONG, *LENGTH, *HELD_OUT}
    assert {k: ours[k] for k in compared} == {k: theirs[k] for k in compared}


@pytest.mark.parametrize("device, said", [("cpu", False), ("cuda", True)])
def test_bf16_where_it_helps(device, said, tmp_path, monkeypatch):
    told = {}
    monkeypatch.setattr("ewm.training.grpo.GRPOConfig", lambda **settings: told.update(settings))
    arguments(GrpoConfig(bf16=None), tmp_path, 0, device)
    assert told["bf16"] is said


def test_bf16_on_a_cpu_is_told_of(tmp_path, caplog):
    reinforce(
        build_tiny_model(), build_small_set(), quick(max_steps=1, bf16=True), share_of_sevens, ListRecord(tmp_path)
    )
    assert "grpo.bf16=null" in caplog.text


ALGORITHMS = {
    "gspo": {"importance_sampling_level": "sequence"},
    "luspo": {"loss_type": "luspo", "importance_sampling_level": "sequence"},
    "cispo": {"loss_type": "cispo", "extra": {"epsilon_high": 5.0}},
    "dapo": {"loss_type": "dapo", "extra": {"epsilon_high": 0.28, "mask_truncated_completions": True}},
    "dr_grpo": {"loss_type": "dr_grpo", "scale_rewards": "none"},
    **{name: {"loss_type": name} for name in ("grpo", "bnpo", "sapo", "vespo")},
    "reference": {"beta": 0.1},
    "checkpointing": {"gradient_checkpointing": True},
    "checkpointing_reference": {"gradient_checkpointing": True, "beta": 0.1},
    "entropy": {"extra": {"entropy_coef": 0.01}},
}
ADAPTERS = {"dora": {"use_dora": True}, "rslora": {"use_rslora": True}, "dropout": {"lora_dropout": 0.3}}


def trained(folder, changes, lora, reward=share_of_sevens):
    record = ListRecord(folder)
    reinforce(build_tiny_model(**lora), build_small_set(), quick(**changes), reward, record, seed=5)
    return record


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes, lora",
    [*((c, {}) for c in ALGORITHMS.values()), *(({}, a) for a in ADAPTERS.values())],
    ids=[*ALGORITHMS, *ADAPTERS],
)
def test_trains_and_resumes_equal(changes, lora, tmp_path):
    changes = {"max_steps": 4, "save_steps": 2, "max_completion_length": 24, "log_completions_every": 0, **changes}
    whole = trained(tmp_path / "whole", changes, lora)
    with pytest.raises(Stop):
        trained(tmp_path / "cut", changes, lora, dies_at(16 * 2 + 5))
    trained(tmp_path / "cut", changes, lora)
    found = adapter_of(tmp_path / "whole")
    assert_same(found, adapter_of(tmp_path / "cut"))
    assert any(tensor.abs().sum() > 0 for name, tensor in found.items() if "lora_B" in name)
    assert all(math.isfinite(value) for _, values in whole.lines for value in values.values())
