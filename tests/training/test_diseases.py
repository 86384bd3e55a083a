"""Every disease is found where it is planted, with a remedy that names a key there is; a healthy run is left in peace."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from ewm.config.schema import GrpoConfig, TrainConfig
from ewm.training.diseases import overfitted, present
from ewm.training.history import WINDOW, Finding, History, Plan

PLAN = Plan(GrpoConfig(beta=0.04), {"path": 1.0, "state": 2.0, "result": 1.0})
HEALTHY = {  # mean and standard deviation over the steps of grpo.max_steps=20 grpo.beta=0.04, else default
    "rewards/path/mean": (0.81, 0.093), "rewards/path/std": (0.26, 0.069), "rewards/state/mean": (0.96, 0.026),
    "rewards/state/std": (0.097, 0.056), "rewards/result/mean": (0.68, 0.24), "rewards/result/std": (0.39, 0.12),
    "grpo/frac_reward_zero_std": (0.47, 0.18), "grpo/entropy": (0.025, 0.0076), "grpo/kl": (0.0012, 0.0023),
    "completions/clipped_ratio": (0.0, 0.0), "rewards/total/mean": (0.67, 0.13),
}  # fmt: skip
EVERY = 10  # steps between held-out figures
HELDOUT = {"validation/reward": 0.6, "validation/pass@1": 0.55, "validation/pass@8": 0.7, "validation/known/exact": 0.65,
           "validation/level/loop/exact": 0.7, "validation/level/branch/exact": 0.6}  # fmt: skip
STEPS = 150


def stream(seed: int = 0, **planted) -> Iterator[tuple[int, dict[str, float]]]:
    """A run's lines. `planted`: a metric -> its value as a function of the share of the run that is done."""
    rng = random.Random(seed)
    for step in range(1, STEPS + 1):
        done = step / STEPS
        row = {name: max(0.0, rng.gauss(*shape)) for name, shape in HEALTHY.items()}
        row["rewards/total/mean"] += 0.1 * done
        held = {name: value + rng.gauss(0, 0.02) for name, value in HELDOUT.items()} if step % EVERY == 0 else {}
        row |= {"grpo/canary": abs(rng.gauss(0, 1e-5))} if step in (1, 2) or step % 50 == 0 else {}
        for name, value in planted.items():
            if name in row or name in held or name not in HEALTHY | HELDOUT | {"grpo/canary": 0}:
                (held if name in held else row)[name] = value(done)
        yield step, row
        if held:
            yield step, held


def diagnosed(lines, plan: Plan = PLAN) -> dict[str, tuple[int, Finding]]:
    """Disease -> when it was seen first, and what was said."""
    history, found = History(), {}
    for step, values in lines:
        if history.add(values, step):
            for finding in present(history, plan):
                found.setdefault(finding.disease, (step, finding))
    return found


def always(value: float):
    return lambda done: value


def falls(start: float, by: float):
    """Level for half of the run, then down."""
    return lambda done: start - by * max(0.0, 2 * done - 1)


PLANTED = {
    "no_variance": {"grpo/frac_reward_zero_std": always(0.95)},
    "clipped": {"completions/clipped_ratio": always(0.4)},
    "drowned": {"rewards/result/std": always(0.5), "rewards/path/std": always(0.02), "rewards/path/mean": always(0.05),
                "rewards/state/std": always(0.03), "rewards/state/mean": always(0.1)},
    "entropy_collapse": {"grpo/entropy": falls(0.025, 0.025)},
    "diverged": {"rewards/total/mean": falls(0.65, 0.5)},
    "kl_runaway": {"grpo/kl": lambda done: 2 * done},
    "overfitted": {"validation/pass@1": falls(0.6, 0.3)},
    "forgotten": {"validation/level/loop/exact": falls(0.7, 0.5)},
    "stale_sampler": {"grpo/canary": lambda done: 0.5 * (done - 1 / STEPS)},
}  # fmt: skip
OTHER_FORMS = {
    "overfitted": {"validation/reward": falls(0.6, 0.3)},
    "forgotten": {"validation/known/exact": falls(0.65, 0.2)},
    "stale_sampler": {"grpo/sampling/sampling_logp_difference/mean": always(0.3)},
}


@pytest.mark.parametrize("disease, planted", [*PLANTED.items(), *OTHER_FORMS.items()])
def test_a_planted_disease_is_found_alone(disease, planted):
    found = diagnosed(stream(**planted))
    assert list(found) == [disease]
    step, finding = found[disease]
    assert step >= (2 if disease == "stale_sampler" else WINDOW)
    assert finding.metric in planted and finding.message.endswith(".")
    keys = re.findall(r"\b(grpo|reward|data|sft|engine)[.=](\w+)", finding.remedy)
    assert keys and finding.remedy.endswith(".")
    assert all(head != "grpo" or key in asdict(GrpoConfig()) for head, key in keys)
    assert all(hasattr(TrainConfig(), head) for head, _ in keys)


@pytest.mark.parametrize("seed", range(20))
def test_a_healthy_run_is_left_in_peace(seed):
    assert diagnosed(stream(seed)) == {}


def test_what_is_not_logged_is_not_looked_for():
    lines = [(step, {"rewards/total/mean": 0.5}) for step in range(1, 50)]
    assert diagnosed(lines) == {}


def test_nothing_is_said_before_a_window_is_full():
    assert diagnosed([line for line in stream(**PLANTED["clipped"]) if line[0] < WINDOW]) == {}


@pytest.mark.parametrize(
    "disease, planted",
    [
        ("entropy_collapse", {**PLANTED["entropy_collapse"], "rewards/total/mean": always(0.99)}),  # solved
        (
            "drowned",
            {**PLANTED["drowned"], "rewards/path/mean": always(1.0), "rewards/state/mean": always(1.0)},
        ),  # learnt
        ("overfitted", {**PLANTED["overfitted"], "rewards/total/mean": falls(0.7, 0.3)}),  # nothing rose
        ("kl_runaway", {"grpo/kl": lambda done: 5.0 if 0.5 < done < 0.51 else 0.01}),  # one high value
        ("forgotten", {"validation/level/reserved_break/exact": falls(0.7, 0.5)}),  # was never known
    ],
)
def test_what_looks_like_it_but_is_none(disease, planted):
    assert disease not in diagnosed(stream(**planted))


@pytest.mark.parametrize(
    "total, said", [(0.01, "sft=short"), (0.99, "data.spread"), (0.5, "grpo.num_generations above 8")]
)
def test_the_remedy_for_no_variance_depends_on_the_reward(total, said):
    found = diagnosed(stream(**PLANTED["no_variance"], **{"rewards/total/mean": always(total)}))
    assert said in found["no_variance"][1].remedy


@pytest.mark.parametrize("budget, said", [(False, "grpo.max_steps="), (True, "grpo.load_best_model_at_end=true")])
def test_a_run_that_a_budget_ends_is_not_told_to_end_by_steps(budget, said):
    history = History()
    for step, values in stream(**PLANTED["overfitted"]):
        history.add(values, step)
    (finding,) = overfitted(history, Plan(GrpoConfig(), budget=budget))
    assert finding.remedy.startswith(f"End near the best: {said}")


def test_a_noisy_curve_must_fall_further():
    rng = random.Random(0)
    noisy = {"validation/level/loop/exact": lambda done: 0.5 + rng.choice((-0.25, 0.25))}
    assert diagnosed(stream(**noisy)) == {}


def test_a_long_run_is_not_kept_whole():
    history = History()
    for step, values in stream():
        history.add(values, step)
    assert len(history.first) == len(history.last) == WINDOW
    assert history.first[0]["rewards/total/mean"] != history.last[0]["rewards/total/mean"]
