"""The audit on programs that were really run: what blind attacks are paid, and the order of corruptions."""

from dataclasses import replace
from statistics import mean

import pytest

from ewm import config, formats, rewards
from ewm.config.schema import TraceConfig
from ewm.evaluation.audit.attacks import blind as attacks
from ewm.evaluation.audit.orders import with_error, with_wrong_value, worse
from ewm.programs.grammar import program
from ewm.programs.levels import LEVELS
from ewm.rewards import blind
from ewm.tracing import Runner

REWARDS = {name: rewards.compose(config.compose([f"reward={name}"]).reward) for name in ("strict", "gated", "prefix")}


@pytest.fixture(scope="module")
def truths():
    """Six programs of each level."""
    programs = [program(7, index, level) for level in LEVELS for index in range(6)]
    with Runner(TraceConfig(workers=1)) as runner:
        traces = list(runner.trace_all(programs))
    found = [formats.truth(t, p, "trace", "delta") for p, t in zip(programs, traces, strict=True)]
    return [truth for truth in found if truth.complete]


@pytest.mark.parametrize("name", REWARDS)
def test_the_truth_of_every_program_earns_one(truths, name):
    assert len(truths) > 40
    assert all(REWARDS[name](truth.prediction.text, truth).total == 1.0 for truth in truths)


@pytest.mark.parametrize("name", ["gated", "prefix"])
def test_no_blind_attack_is_paid(truths, name):
    reward = REWARDS[name]
    fair = [replace(truth, blind=blind.best(reward, truth)) for truth in truths]
    fair = [truth for truth in fair if truth.blind < 1]  # the others leave training
    assert len(fair) > 0.9 * len(truths)
    paid = {}
    for number, (truth, other) in enumerate(zip(fair, [*fair[1:], fair[0]], strict=True)):
        for attack, answer in attacks(truth, other.prediction.text).items():
            if len(answer) > 2_000 and number % 10:
                continue  # slow to make and to read: on a tenth of the programs
            paid.setdefault(attack, []).append(reward(answer, truth).total)
    assert {attack: mean(totals) for attack, totals in paid.items() if mean(totals) > 0.05} == {}


@pytest.mark.parametrize("name", REWARDS)
def test_corruptions_keep_their_order(truths, name):
    reward = REWARDS[name]
    for truth in truths:
        text = truth.prediction.text
        steps = range(truth.given, len(truth.prediction.steps))
        lines = [reward(with_error(truth, i), truth).total for i in steps]
        assert lines == sorted(lines)
        values = [answer for i in steps if (answer := with_wrong_value(truth, i))]
        changed = {**worse(truth), **{f"value {i}": answer for i, answer in enumerate(values)}}
        assert {
            how for how, answer in changed.items() if answer != text and reward(answer, truth).total >= 1.0
        } == set()
