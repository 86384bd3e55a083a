import time
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewm import config, rewards
from ewm.config.errors import ConfigError
from ewm.config.schema import RewardConfig
from ewm.evaluation.answers import Answer
from ewm.evaluation.audit.attacks import blind as attacks
from ewm.evaluation.audit.orders import with_error, with_wrong_value, worse
from ewm.evaluation.items import scored
from ewm.rewards import blind
from tests.scoring.made import ANSWER, BODY_TRACE, LOOP, RAISES, RAISING_TRACE, STRAIGHT, TRACE, traces, truth

PRESETS = {
    name: rewards.compose(config.compose([f"reward={name}"]).reward) for name in ("strict", "gated", "prefix", "shaped")
}
DENSE = ("gated", "prefix")
TRUTHS = {"loop": (TRACE, LOOP), "straight": (BODY_TRACE, STRAIGHT), "raises": (RAISING_TRACE, RAISES)}


def made(kind="Weighted", chance_correct=False, **terms):
    nodes = {
        n: {"_target_": f"ewm.rewards.terms.{n}", **(t if isinstance(t, dict) else {"weight": t})}
        for n, t in terms.items()
    }
    return RewardConfig(f"ewm.rewards.{kind}", "test", nodes, chance_correct)


@pytest.mark.parametrize(
    "answer, strict, gated, prefix",
    [
        (TRACE, 1, 1, 1),
        (TRACE.replace("s=1", "s=5"), 0, (1 + 2 * 0.8 + 0.8) / 4, 4 / 8),
        (TRACE.replace("return 1", "return 2"), 0, (1 + 2 * 0.8 + 0) / 4, 6 / 8),
        (TRACE.replace("L4 s=1", "L5 s=1"), 0, (0.5 + 2 * 0.5 + 0.5) / 4, 4 / 8),
        (TRACE + "\nrubbish", 0, (7 / 8 + 2 * 7 / 8) / 4, 7 / 8),
        ("end", 0, 0, 0),
        ("", 0, 0, 0),
    ],
)
def test_presets(answer, strict, gated, prefix):
    assert PRESETS["strict"](answer, LOOP).total == strict
    assert PRESETS["gated"](answer, LOOP).total == pytest.approx(gated)
    assert PRESETS["prefix"](answer, LOOP).total == pytest.approx(prefix)


def test_text_printed_where_nothing_is_costs_the_end():
    true = truth("L1 a=3\nL2 b=7\nend", source="a=3\nb=a+4")
    answer = "L1 a=3\nL2 b=7\nout 'hacked'\nend"
    assert PRESETS["strict"](answer, true).total == 0
    assert PRESETS["gated"](answer, true).total == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "true, answer, strict, gated, prefix",
    [
        (LOOP, TRACE, 0, (7 / 8 + 2 * 7 / 8 + 0) / 4, 7 / 8),  # all of it, but not known to be the end
        (LOOP, TRACE.replace("\nend", ""), 0, (7 / 8 + 2 * 7 / 8 + 0) / 4, 7 / 8),
        (LOOP, TRACE.replace("L4 s=1", "L5 s=1"), 0, (0.5 + 2 * 0.5 + 0) / 4, 4 / 8),
        (RAISES, RAISING_TRACE, 0, None, None),
        (ANSWER, "[1, 2]", 0, 0, 0),
    ],
)
def test_a_cut_answer_has_not_ended(true, answer, strict, gated, prefix):
    assert PRESETS["strict"](answer, true, cut=True).total == strict
    if gated is not None:
        assert PRESETS["gated"](answer, true, cut=True).total == pytest.approx(gated)
        assert PRESETS["prefix"](answer, true, cut=True).total == pytest.approx(prefix)


@pytest.mark.parametrize("text, true", [*TRUTHS.values(), ("[1, 2]", ANSWER)], ids=[*TRUTHS, "answer"])
def test_a_cut_answer_is_as_wrong_as_in_an_evaluation(text, true):
    found = PRESETS["shaped"](text, true, cut=True).terms
    scores = scored(Answer(text, 9, True), true).scores | {"format": 0.0}
    assert {n: found[n] for n in ("exact", "format", "final_state", "output", "exception")} == {
        n: scores[n] for n in ("exact", "format", "final_state", "output", "exception")
    }


def test_terms_are_kept_by_name():
    assert PRESETS["gated"](TRACE, LOOP).terms == {"path": 1.0, "state": 1.0, "result": 1.0}
    assert PRESETS["gated"]("[1, 2]", ANSWER).terms == {"path": None, "state": None, "result": 1.0}


def test_an_absent_term_leaves_the_sums():
    reward = rewards.compose(made(exception=9.0, prefix=1.0))
    assert reward(TRACE, LOOP).total == 1.0
    assert rewards.compose(made("Gated", exception=9.0, prefix=1.0))(TRACE, LOOP).total == 1.0


def test_the_order_of_gates_is_the_order_of_the_config():
    wrong_end = TRACE.replace("return 1", "return 2")  # output 0, prefix 6/8
    assert rewards.compose(made("Gated", prefix=1.0, output=1.0))(wrong_end, LOOP).total == pytest.approx(6 / 16)
    assert rewards.compose(made("Gated", output=1.0, prefix=1.0))(wrong_end, LOOP).total == 0.0


def test_weight_zero_is_logged_and_gates_nothing():
    score = rewards.compose(made("Gated", exact=0.0, path=1.0))(TRACE.replace("s=1", "s=5"), LOOP)
    assert score == rewards.Score(1.0, {"exact": 0.0, "path": 1.0})


def test_a_negative_weight_is_taken_off_and_never_below_zero():
    for kind in ("Weighted", "Gated"):
        reward = rewards.compose(made(kind, prefix=1.0, length={"weight": -0.1, "slack": 1.0}))
        assert reward(TRACE, LOOP).total == 1.0
        assert reward(TRACE + "\n" + TRACE, LOOP).total == pytest.approx(7 / 8 - 0.1, abs=0.01)
        assert reward("x" * 1_000, LOOP).total == 0.0


def test_chance_correction_starts_at_the_best_blind_score():
    reward = PRESETS["gated"]
    raw = partial(reward.__call__, truth=LOOP)
    best = blind.best(reward, LOOP)
    corrected = replace(LOOP, blind=best)
    assert 0.2 < best < 0.5
    assert blind.best(reward, corrected) == best
    assert reward(TRACE, corrected).total == 1.0
    assert max(reward(text, corrected).total for text in blind.attacks(LOOP)) == 0.0
    half = TRACE.replace("s=1", "s=5")
    assert reward(half, corrected).total == pytest.approx((raw(half).total - best) / (1 - best))
    assert reward(TRACE, replace(LOOP, blind=1.0)).total == 0.0
    assert PRESETS["strict"](TRACE, replace(LOOP, blind=0.5)).total == 1.0  # not corrected


def test_a_program_that_can_be_read_off_teaches_nothing():
    assert blind.best(PRESETS["gated"], truth("L1 x=1\nL2 y=1\nend", source="x = 1\ny = x")) == 1.0


@pytest.mark.parametrize("name", DENSE)
@pytest.mark.parametrize("text, true", TRUTHS.values(), ids=TRUTHS)
def test_blind_attacks_earn_nothing_after_correction(name, text, true):
    reward = PRESETS[name]
    true = replace(true, blind=blind.best(reward, true))
    paid = {
        attack: reward(answer, true).total for attack, answer in attacks(true, BODY_TRACE).items() if answer != text
    }
    assert {attack: total for attack, total in paid.items() if total > 0.05} == {}
    assert reward(text, true).total == 1.0


@pytest.mark.parametrize("name", ("strict", *DENSE, "shaped"))
@pytest.mark.parametrize("text, true", TRUTHS.values(), ids=TRUTHS)
def test_the_truth_earns_more_than_any_corruption_of_it(name, text, true):
    best = PRESETS[name](text, true).total
    assert best == 1.0
    assert {
        how: total for how, answer in worse(true).items() if (total := PRESETS[name](answer, true).total) >= best
    } == {}


@pytest.mark.parametrize("name", ("strict", *DENSE))
@given(text=traces)
def test_truth_earns_one_and_a_late_error_no_less_than_an_early_one(name, text):
    true, reward = truth(text), PRESETS[name]
    assert reward(text, true).total == 1.0
    steps = range(len(true.prediction.steps))
    totals = [reward(with_error(true, i), true).total for i in steps]
    assert totals == sorted(totals)
    assert all(total < 1 for total in totals)
    wrong = [reward(answer, true).total for i in steps if (answer := with_wrong_value(true, i))]
    assert all(total < 1 for total in wrong)
    assert reward(text + "\nx", true).total < 1


@given(text=traces, cut=st.floats(0, 1))
def test_cutting_never_pays(text, cut):
    true = truth(text)
    for reward in PRESETS.values():
        assert reward(text[: int(cut * len(text))], true).total <= 1.0
        if int(cut * len(text)) < len(text):
            assert reward(text[: int(cut * len(text))], true).total < 1.0


@given(text=traces, answer=st.one_of(traces, st.text()))
def test_scores_lie_between_0_and_1(text, answer):
    for true in (truth(text), ANSWER):
        for reward in PRESETS.values():
            score = reward(answer, true)
            assert 0 <= score.total <= 1
            assert all(v is None or 0 <= v <= 1 for v in score.terms.values())


def seconds(call, tries=3):
    """CPU time of the quickest try: a garbage collection of the whole test session is not the call's."""
    times = []
    for _ in range(tries):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize("attack", [name for name, text in attacks(LOOP).items() if len(text) > 2_000])
def test_big_answers_are_cheap(attack):
    text = attacks(LOOP)[attack]
    for reward in PRESETS.values():
        assert seconds(partial(reward, text, LOOP)) < 0.05
        assert seconds(partial(reward, text, ANSWER)) < 0.05


def test_blind_is_cheap():
    assert seconds(partial(blind.best, PRESETS["gated"], LOOP)) < 0.01


def test_settings_reach_the_term():
    cfg = config.compose(
        ["+reward.terms.length={_target_: ewm.rewards.terms.length, weight: -0.1, slack: 3}", "reward=prefix"]
    )
    assert rewards.compose(cfg.reward).terms[-1].settings == {"slack": 3}


@pytest.mark.parametrize(
    "cfg, words",
    [
        (RewardConfig("os.system", "x", made(prefix=1.0).terms), "only names below ewm."),
        (RewardConfig("ewm.rewards.terms.prefix", "x", made(prefix=1.0).terms), "is no Reward"),
        (made(prefix=0.0), "no term has a weight above zero"),
        (RewardConfig("ewm.rewards.Gated", "x", {}), "no term has a weight above zero"),
        (made(prefix={"weight": "much"}), "reward.terms.prefix.weight=much: wants a number"),
        (made(length={"weight": 1.0, "slak": 2}), "slak"),
        (RewardConfig("ewm.rewards.Gated", "x", {"a": {"_target_": "os.system"}}), "only names below ewm."),
        (
            RewardConfig("ewm.rewards.Gated", "x", {"a": {"_target_": "ewm.rewards.terms.prefx"}}),
            "Did you mean prefix?",
        ),
    ],
)
def test_a_wrong_config_is_answered_in_words(cfg, words):
    with pytest.raises(ConfigError, match=words.replace("?", "[?]")):
        rewards.compose(cfg)


def test_every_mistake_is_listed():
    with pytest.raises(ConfigError) as caught:
        rewards.compose(RewardConfig("ewm.Gated", "x", {"a": {"weight": "b"}}))
    assert len(caught.value.problems) == 3
