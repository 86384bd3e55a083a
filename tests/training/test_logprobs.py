"""Shared prompts and sliced rows give what the plain forward gives, gradients included."""

from __future__ import annotations

import pytest
import torch

from ewm.training import logprobs
from tests.training.conftest import build_tiny_model


def batch(rows: int = 20, prompts: int = 3) -> logprobs.Batch:
    random = torch.Generator().manual_seed(5)
    which = torch.randint(0, prompts, (rows,), generator=random)
    ids = torch.randint(10, 200, (prompts, 9), generator=random)
    mask = torch.ones_like(ids)
    for row, pad in enumerate((0, 3, 5)):
        ids[row, :pad], mask[row, :pad] = 0, 0
    completions = torch.randint(10, 200, (rows, 7), generator=random)
    lengths = torch.randint(1, 8, (rows,), generator=random)
    completion_mask = (torch.arange(7) < lengths[:, None]).long()
    return logprobs.Batch(ids[which], mask[which], completions * completion_mask, completion_mask)


def plain(model, b: logprobs.Batch, temperature: float):
    ids, mask = torch.cat([b.prompts, b.completions], 1), torch.cat([b.prompt_mask, b.completion_mask], 1)
    logits = model(input_ids=ids, attention_mask=mask, position_ids=(mask.cumsum(1) - 1).clamp(min=0)).logits
    logs = (logits[:, b.prompts.shape[1] - 1 : -1] / temperature).log_softmax(-1)
    picked = logs.gather(-1, b.completions[..., None])[..., 0]
    return picked * b.completion_mask, -(logs.exp() * logs).sum(-1) * b.completion_mask


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


@pytest.fixture
def causal():
    model = build_tiny_model().model
    with torch.no_grad():  # a fresh adapter is zero: half of its gradients would be too
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1, generator=torch.Generator().manual_seed(1))
    return model.get_base_model()


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_equals_the_plain_forward(causal, temperature):
    b = batch()
    expected, entropy = plain(causal, b, temperature)
    got, got_entropy = logprobs.per_token(causal, b, temperature)
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(got_entropy, entropy, atol=1e-4, rtol=1e-4)
    weights = torch.linspace(-1, 1, len(b.prompts))[:, None]
    wanted = gradients(causal, (plain(causal, b, temperature)[0] * weights).sum())
    found = gradients(causal, (logprobs.per_token(causal, b, temperature)[0] * weights).sum())
    assert wanted.keys() == found.keys()
    for name in wanted:
        torch.testing.assert_close(found[name], wanted[name], atol=1e-4, rtol=1e-3)


def test_rows_without_advantage_cost_no_graph_and_change_nothing(causal):
    b = batch()
    advantages = torch.linspace(-1, 1, len(b.prompts))
    advantages[::3] = 0.0
    full, entropy = logprobs.per_token(causal, b, 1.0)
    wanted = gradients(causal, (full * advantages[:, None]).sum())
    part, part_entropy = logprobs.per_token(causal, b, 1.0, live=advantages != 0)
    found = gradients(causal, (part * advantages[:, None]).sum())
    torch.testing.assert_close(part, full, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(part_entropy, entropy, atol=1e-5, rtol=1e-4)
    for name in wanted:
        torch.testing.assert_close(found[name], wanted[name], atol=1e-4, rtol=1e-3)


def test_no_live_row_still_gives_a_graph(causal):
    b = batch(4)
    logps, _ = logprobs.per_token(causal, b, 1.0, live=torch.zeros(4, dtype=torch.bool))
    assert logps.requires_grad


@pytest.mark.parametrize("masked", [slice(0, 20), slice(0, 10)], ids=["all", "half"])
def test_completions_that_do_not_count_are_zero(causal, masked):
    b = batch()
    b.completion_mask[masked] = 0  # as mask_truncated_completions does
    expected, _ = plain(causal, b, 1.0)
    got, _ = logprobs.per_token(causal, b, 1.0)
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-4)
    gradients(causal, got.sum())
