"""Bounds that hold on a busy machine; experiments/03-audit/speed.py has the figures."""

import random
import re

from ewm import config, rewards
from ewm.formats import delta
from ewm.scoring import values
from tests.rewards.test_compose import seconds
from tests.scoring.made import truth

LOOP = "def f(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total"
STEPS = [f"L3 i={i}\nL4 total={i * (i + 1) // 2}" for i in range(35)]
TEXT = "\n".join(["L1", "L1 call n=35", "L2 total=0", *STEPS, "L3", "L5 return 595", "end"])  # 75 lines, 500 tokens
REWARD = rewards.compose(config.compose([]).reward)


def test_eight_groups_of_64_take_a_fraction_of_a_second():
    rng = random.Random(0)
    true = truth(TEXT, given=2, source=LOOP, entry="f(35)")
    wrong = [
        re.sub(r"=\d+", lambda m: m[0] if rng.random() < 0.7 else f"={rng.randrange(999)}", TEXT) for _ in range(384)
    ]
    answers = [TEXT] * 128 + wrong

    def score():
        delta._known.cache_clear()
        values._kept.cache_clear()
        return [REWARD(answer, true).total for answer in answers]

    assert score()[:128] == [1.0] * 128
    assert seconds(score) < 0.25  # 40 ms where nothing else runs
