"""What a completion earns, as ids: one without an end id was cut, and is paid as such."""

from __future__ import annotations

import pytest

from ewm import config, rewards
from ewm.evaluation.answers import Answer
from ewm.evaluation.items import scored
from ewm.generation.completion import Completion
from ewm.training.judge import Judge
from tests.scoring.made import ANSWER, LOOP, TRACE, truth

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


QUOTED = "L1 i='</think>'\nend"


@pytest.mark.parametrize("thinks", [False, True])
@pytest.mark.parametrize(
    "text",
    [QUOTED, f"hm\n</think>\n\n{QUOTED}", f"<think>\nhm\n</think>\n\n{QUOTED}", "L1 i=2\nend", f"<think>\n{QUOTED}"],
)
def test_training_reads_what_an_evaluation_reads(text, thinks):
    true = truth(QUOTED)
    reward = rewards.compose(config.compose(["reward=strict"]).reward)
    judge = Judge(reward, [true], decode=lambda ids: "".join(map(chr, ids)), ends=frozenset({END}), thinks=thinks)
    evaluated = scored(Answer(Completion.of(text, 9, False, thinks).text, 9, False), true).scores["exact"]
    assert judge([[*map(ord, text), END]], [0]) == [evaluated]
    assert evaluated == (QUOTED in text and "hm" in text or text == QUOTED and not thinks)
