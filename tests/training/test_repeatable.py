"""Two equal runs end equal on several threads too: sums are taken in one order."""

import contextlib

import pytest
import torch

from ewm.training.grpo import repeatable


def gradients(rounds: int) -> set[bytes]:
    """What logprobs.py does: the keys of few prompts, handed to many completions."""
    torch.manual_seed(0)
    keys, own = torch.randn(6, 3, 60, 32), torch.randint(0, 6, (64,))
    weight = torch.randn(64, 3, 60, 32)
    found = set()
    for _ in range(rounds):
        leaf = keys.clone().requires_grad_()
        (leaf[own] * weight).sum().backward()
        found.add(leaf.grad.numpy().tobytes())
    return found


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_gradients_through_an_index_repeat():
    with repeatable():
        assert len(gradients(30)) == 1


def test_the_setting_is_left_as_found():
    with contextlib.suppress(ValueError), repeatable():
        assert torch.are_deterministic_algorithms_enabled()
        raise ValueError
    assert not torch.are_deterministic_algorithms_enabled()
