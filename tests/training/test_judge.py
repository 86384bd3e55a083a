"""What a completion earns, as ids: one without an end id was cut, and is paid as such."""

from __future__ import annotations

import pytest

from ewm import config, rewards
from ewm.training.judge import Judge
from tests.scoring.made import ANSWER, LOOP, TRACE

END = 0


@pytest.mark.parametrize("true, text", [(LOOP, TRACE), (ANSWER, "[1, 2]")], ids=["trace", "output"])
def test_strict_pays_an_answer_only_if_it_ended(true, text):
    reward = rewards.compose(config.compose(["reward=strict"]).reward)
    judge = Judge(reward, [true], decode=lambda ids: "".join(map(chr, ids)), ends=frozenset({END}))
    ids = list(map(ord, text))
    assert judge([[*ids, END], ids], [0, 0]) == [1.0, 0.0]
    assert [(row.completion, row.cut, row.tokens) for row in judge.batch] == [
        (text, False, len(ids) + 1),
        (text, True, len(ids)),
    ]
