"""Names of metrics, when a checkpoint is due, the order of prompts."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest

from ewm.training.callbacks import Checkpoints, named
from ewm.training.schedule import Schedule


def test_metrics_have_this_projects_names():
    logs = {"loss": 0.5, "rewards/path/mean": 0.2, "completions/mean_length": 9, "time/step": 1.0, "kl": None,
            "epoch": 0.1, "reward_std": 0.3, "train_runtime": 5.0}  # fmt: skip
    assert named(logs) == {
        "grpo/loss": 0.5, "rewards/path/mean": 0.2, "completions/mean_length": 9.0, "time/step": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "every, cycle, due",
    [
        (2, 1, [2, 4, 6, 7]),
        (3, 2, [4, 7]),  # moved to whole generation cycles; the last step always
        (0, 1, []),
    ],
)
def test_checkpoints_fall_on_whole_cycles(every, cycle, due):
    callback, found = Checkpoints(every, cycle), []
    for step in range(1, 8):
        control = SimpleNamespace(should_save=False, should_training_stop=False)
        callback.on_step_end(None, SimpleNamespace(global_step=step, max_steps=7), control)
        found += [step] if control.should_save else []
    assert found == due


def test_each_epoch_shows_every_example_once_in_another_order():
    order = list(Schedule(examples=10, prompts=5, generations=1, repeats=1, cycles=6, seed=0))
    epochs = [order[start : start + 10] for start in (0, 10, 20)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_a_cycle_repeats_its_prompts_in_groups():
    order = list(Schedule(examples=9, prompts=3, generations=4, repeats=2, cycles=5, seed=1))
    assert len(order) == len(Schedule(examples=9, prompts=3, generations=4, repeats=2, cycles=5, seed=1)) == 120
    first, again = order[:12], order[12:24]
    assert first == again and set(Counter(first).values()) == {4}
    assert all(len(set(first[start : start + 4])) == 1 for start in (0, 4, 8))


def test_a_small_set_fills_a_large_batch():
    assert len(list(Schedule(examples=2, prompts=8, generations=2, repeats=1, cycles=3, seed=0))) == 48
