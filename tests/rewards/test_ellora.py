import re
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewm import config, rewards
from ewm.formats.prediction import Prediction, Truth
from ewm.rewards import blind
from ewm.rewards.ellora import accuracy
from tests.rewards.test_compose import seconds

# The trace that the recipe prints for x = 5; y = x * 2; z = x + y: the last assignment never shows.
TRACE = "<execution_trace>\nLine 2: State: {}\nLine 3: State: {x=5}\nLine 4: State: {x=5, y=10}\n</execution_trace>"
LISTS = "Line 1: State: {}\nLine 2: State: {v=[1, 2]}\nLine 3: State: {v=[1, 2], d={'a': 1}}"
REWARD = rewards.compose(config.compose(["reward=ellora", "format=ellora"]).reward)


def truth(trace):
    return Truth(Prediction(""), "trace", "ellora", actual_trace=trace)


def total(completion, trace=TRACE):
    return REWARD(completion, truth(trace)).total


@pytest.mark.parametrize(
    "completion, expected",
    [
        (TRACE, 0.1 + 0.1 + 0.15 + 0.15 + 0.2 + 0.2),  # three lines are three quarters: the truth itself earns 0.9
        (blind.SPAM["ellora"].replace("x=", "q=").replace("y=", "w="), 0.8),  # one constant text, whatever the prompt
        (blind.SPAM["ellora"], 0.8 + 0.2 * 2 / 3),  # and it says x=5 and y=10 somewhere
        (blind.KEYWORDS, 0.4),
        ("", 0.0),
        ("nothing to see", 0.0),
        ("the statement", 0.1),
        ("EXECUTION_TRACE", 0.2),
        ("Line 1 line 2 LINE 3", 0.1 + 0.1),
        ("State: {x=5", 0.1 + 0.05),
        ("State: {x=5}", 0.1 + 0.05 + 0.2 / 3 + 0.2 * 2 / 3),
        ("State: { x = 5 ,y=1=0}", 0.1 + 0.05 + 0.2 / 3 + 0.2 * 2 / 3),
        ("State: {x=5, y=10}", 0.1 + 0.05 + 0.2 / 3 + 0.2),  # one state stands for every true one
        ("State: {x=5.0}", 0.1 + 0.05 + 0.2 / 3),
    ],
)
def test_reward(completion, expected):
    assert total(completion) == pytest.approx(expected)


def test_a_program_that_does_not_run_earns_nothing():
    assert total(TRACE, "") == 0.0


def test_containers_break_the_recipes_own_reading():
    assert total(LISTS, LISTS) == pytest.approx(0.8)  # no tag
    assert REWARD(LISTS, truth(LISTS)).terms["values"] == 1.0  # read wrong on both sides alike
    assert accuracy("v = [1, 2]", LISTS) == 0.0  # values of containers cannot be told in prose


@pytest.mark.parametrize(
    "completion, expected",
    [
        ("", 0.0),
        (TRACE, 1.0),
        ("State: {x=5, y=10}", 1.0),
        ("State: {x=5}", 1.0),  # half of the pairs of the last state is a match
        ("State: {}", 1 / 3),  # the empty state matches anything
        ("State: {y=10}", 2 / 3),
        ("State:  {x=5, y=10}", 0.0),  # two blanks: no state is found, and prose finds nothing
        ("x = 5\ny = 5 * 2 = 10", 1.0),
        ("x = 5 and y = 5 * 2 = 10", 0.5),  # the first pattern runs from x to the second sign of equality
        ("x = 5\ny = 10", 1.0),
        ("x is 5, then y becomes 10", 1.0),
        ("x: 5 y: 9", 0.5),
        ("x = 4 = 5; x = 6", 0.5),  # the first pattern comes first
        ("x = 1 = 4\nx = 2 = 5", 0.5),  # its last match wins
        ("Step: 5 line = 10", 0.0),
    ],
)
def test_evaluator(completion, expected):
    assert accuracy(completion, TRACE) == pytest.approx(expected)


def test_evaluator_without_truth():
    assert accuracy("x = 5", "") == 0.0
    assert accuracy("x = 5", "no states") == 0.5
    assert accuracy("x = 5", "Line 1: State: {}") == 0.0
    assert accuracy("State: {}", "Line 1: State: {}") == 1.0


PIECES = ["State: {", "state:{", "}", "x=5", "y=1", "1abc", "x", " = ", "=", "5", "-2.5", " ", "\n", ",", "."]
PIECES += [" is ", "BECOMES", ": ", "é", "Line 3", "step", "line\n12", "execution_trace", "TRACE", "State: {x=5, y=1}"]
texts = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


@given(texts, texts)
def test_it_reads_what_the_plain_expressions_read(completion, other):
    """The definitions of the design, in the expressions that they are given in."""
    trace = f"Line 1: State: {{x=5, y=1}}\n{other}"
    assert REWARD(completion, truth(trace)).terms["values"] == pytest.approx(plain_values(completion, trace))
    assert accuracy(completion, trace) == pytest.approx(plain_accuracy(completion, trace))


@given(texts, texts)
def test_the_whole_reward_is_what_its_definition_adds_up_to(completion, other):
    for trace in (f"Line 1: State: {{x=5, y=1}}\n{other}", other):
        assert total(completion, trace) == pytest.approx(plain_reward(completion, trace), abs=1e-9)


def plain_reward(completion, trace):
    """Part by part, each written as in the design; nothing where there is no true trace."""
    if not trace:
        return 0.0
    parts = 0.1 * any(word in completion.lower() for word in ("execution", "trace", "line", "state"))
    parts += 0.1 * ("execution_trace" in completion.lower())
    parts += min(0.2, 0.05 * len(re.findall(r"[Ll]ine\s+\d+", completion)))
    parts += min(0.2, 0.05 * len(re.findall(r"[Ss]tate:\s*\{", completion)))
    predicted = re.findall(r"State:\s*\{([^}]*)\}", completion)
    true = re.findall(r"State:\s*\{([^}]*)\}", trace)
    if predicted and true:
        parts += 0.2 * min(len(predicted), len(true)) / len(true)
    return min(1.0, parts + 0.2 * plain_values(completion, trace))


def plain_values(completion, trace):
    def pairs(state):
        return {p.split("=", 1)[0].strip(): p.split("=", 1)[1].strip() for p in state.split(",") if "=" in p}

    true = [pairs(s) for s in re.findall(r"State:\s*\{([^}]*)\}", trace)]
    predicted = [pairs(s) for s in re.findall(r"State:\s*\{([^}]*)\}", completion)]
    best = [max((len(t.items() & p.items()) for p in predicted), default=0) for t in true]
    return sum(best) / sum(map(len, true)) if any(true) else 0.0


def plain_accuracy(completion, trace):
    if not completion or not trace:
        return 0.0
    true = re.findall(r"State: \{([^}]*)\}", trace)
    predicted = re.findall(r"State: \{([^}]*)\}", completion)
    if not true:
        return 0.5
    if predicted:
        wanted = [[(n, v.strip()) for n, v in re.findall(r"(\w+)=([^,]+)", s)] for s in true]
        given_ = [[(n, v.strip()) for n, v in re.findall(r"(\w+)=([^,]+)", s)] for s in predicted]
        return sum(any(sum(p in g for p in w) * 2 >= len(w) for g in given_) for w in wanted) / len(wanted)
    told = {}
    for number, (pattern, flags) in enumerate(
        [
            (r"([a-zA-Z_]\w*)\s*=\s*[^=\n]*=\s*(-?\d+(?:\.\d+)?)", 0),
            (r"([a-zA-Z_]\w*)\s*=\s*(-?\d+(?:\.\d+)?)(?:\s|,|\.|;|$)", 0),
            (r"([a-zA-Z_]\w*)\s+(?:becomes|is)\s+(-?\d+(?:\.\d+)?)", re.IGNORECASE),
            (r"([a-zA-Z_]\w*):\s*(-?\d+(?:\.\d+)?)", 0),
        ]
    ):
        for name, value in re.findall(pattern, completion, flags):
            if name.lower() not in ("line", "step") and (number == 0 or name not in told):
                told[name] = value
    last = {n: v.strip().strip("'\"") for s in true for n, v in re.findall(r"(\w+)=([^,}]+)", s)}
    return sum(told.get(n) == v for n, v in last.items()) / len(last) if last else 0.0


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10**6,
        "State: {" * 125_000,
        "State: {x=5}" * 80_000,
        "State:" + " " * 10**6,
        "line " * 200_000,
        "x=" * 10**5,
    ],
    ids=lambda text: text[:12],
)
def test_a_megabyte_is_read_in_linear_time(text):
    assert seconds(partial(total, text)) < 0.15
    assert seconds(partial(accuracy, text, TRACE)) < 2  # not part of a reward
