"""The merged copy says what the adapted model says, follows it, and leaves it alone."""

from __future__ import annotations

import pytest
import torch

from ewm.config.schema import EngineConfig, GrpoConfig
from ewm.training import rollout
from tests.training.conftest import build_tiny_model

PROMPTS = [[5, 40, 41, 42]] * 3 + [[50, 51]]


def moved(model, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.3, generator=random)


def test_follows_the_adapter_and_leaves_it_alone():
    model = build_tiny_model()
    before = {k: v.clone() for k, v in model.model.state_dict().items()}
    policy = rollout.choose(model, GrpoConfig(max_completion_length=10), None)
    first = policy(PROMPTS, 1)
    assert all(torch.equal(v, before[k]) for k, v in model.model.state_dict().items())
    assert all(p.requires_grad == ("lora_" in n) for n, p in model.model.named_parameters())
    moved(model, 0)
    policy(PROMPTS, 1)
    ids = torch.tensor([[5, 40, 41, 42]])
    torch.testing.assert_close(policy.merged(ids).logits, model.model(ids).logits, atol=1e-4, rtol=1e-4)
    assert policy(PROMPTS, 1) != first


def test_depends_on_the_seed_and_nothing_else():
    model = build_tiny_model()
    policy = rollout.choose(model, GrpoConfig(max_completion_length=10), EngineConfig())
    torch.manual_seed(1)
    first = policy(PROMPTS, 7)
    torch.manual_seed(2)
    assert policy(PROMPTS, 7) == first != policy(PROMPTS, 8)
    assert len({tuple(ids) for ids in first[:3]}) > 1  # completions of one prompt differ


@pytest.mark.parametrize(
    "lora, engine, extra",
    [({"use_dora": True}, "hf", {}), ({}, "vllm_colocate", {}), ({}, "hf", {"min_p": 0.1})],
)
def test_leaves_to_trl_what_it_does_not_know(lora, engine, extra):
    cfg = GrpoConfig(extra=extra)
    assert rollout.choose(build_tiny_model(**lora), cfg, EngineConfig(name=engine)) is None
