"""What an algorithm cannot do is said before a model loads; what it does not read is no mistake."""

import pytest

from ewm.config import check, compose, library
from ewm.config.load import compose_dict, to_dataclass


def problems(*overrides):
    return check(to_dataclass(compose_dict(overrides, "train"), overrides))


@pytest.mark.parametrize("name", ["grpo", "sft", "rejection"])
def test_each_is_a_preset_and_takes_a_budget(name):
    cfg = compose([f"algo={name}", "algo.flops=1e12"])
    assert (cfg.learns_by, cfg.algo.flops, cfg.samples) == (name, 1e12, name != "sft")


def test_grpo_is_the_default_and_can_be_left_out():
    assert compose().learns_by == "grpo"
    assert compose(["grpo.enabled=false", "sft=short"]).learns_by is None


@pytest.mark.parametrize(
    "overrides, said",
    [
        (["algo=rejection", "engine=vllm_colocate"], "engine=vllm_colocate with algo=rejection: it samples in this"),
        (["algo=rejection", "engine=vllm"], "engine=vllm with algo=rejection: it samples in this process."),
        (["algo=rejection", "+grpo.extra.min_p=0.1"], "grpo.extra.min_p with algo=rejection: it samples by"),
        (["algo.flops=1e9", "grpo.enabled=false", "sft=short"], "algo.flops=1e+09 with grpo.enabled=false: nothing"),
        (["algo.flops=0"], "algo.flops=0.0: must be above 0."),
        (["algo=rejection", "algo.accept=1.5"], "algo.accept=1.5: must be above 0 and at most 1."),
        (["algo=rejection", "algo.prompts=0"], "algo.prompts=0: must be at least 1."),
        (
            [
                "algo.flops=1e9",
                "grpo.lr_scheduler_type=warmup_stable_decay",
                "+grpo.extra.lr_scheduler_kwargs.num_decay_steps=10",
            ],
            "grpo.lr_scheduler_type=warmup_stable_decay with algo.flops: it counts",
        ),
        (["algo=rejection", "grpo.max_completion_length=4000"], "data.max_prompt_tokens="),
    ],
)
def test_what_cannot_be(overrides, said, monkeypatch):
    monkeypatch.setattr(library, "cuda_devices", lambda: 1)
    monkeypatch.setattr(library, "installed", lambda package: True)
    (found,) = problems(*overrides)
    assert found.startswith(said)


@pytest.mark.parametrize(
    "overrides",
    [["grpo.max_completion_length=4000"], ["grpo.num_generations=7"], ["lora=none"], ["lora=none", "grpo.beta=0.1"]],
)
def test_sft_reads_no_key_of_grpo(overrides):
    assert problems("algo=sft", *overrides) == []


def test_rejection_has_no_generation_batch_to_divide():
    assert problems("algo=rejection", "grpo.num_generations=7") == []


@pytest.mark.parametrize("name, wrong", [("sft", 1), ("rejection", 1), ("grpo", 0)])
def test_ranks(name, wrong, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    found = problems(f"algo={name}")
    assert len(found) == wrong and all(line.startswith(f"algo={name} on 2 ranks") for line in found)
