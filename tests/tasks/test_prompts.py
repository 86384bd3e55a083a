import pytest

from ewm import tasks
from ewm.formats import NAMES
from ewm.programs import Program

PROGRAM = Program("def f(n):\n    return n\n", "f(2)")


@pytest.mark.parametrize("task", ["trace", "output"])
def test_short_style_is_a_task_token_and_the_numbered_program(task):
    text = f"<|{task}|>\nL1 def f(n):\nL2     return n\ncall f(2)"
    assert tasks.messages(PROGRAM, task, "delta", "short") == [{"role": "user", "content": text}]
    body = tasks.messages(Program("x = 1"), "trace", "delta", "short")
    assert body[0]["content"] == "<|trace|>\nL1 x = 1"


@pytest.mark.parametrize("format", NAMES)
@pytest.mark.parametrize("task", tasks.NAMES)
def test_sentences_explain_the_answer(task, format):
    (message,) = tasks.messages(PROGRAM, task, format, "sentence")
    assert message["role"] == "user"
    assert message["content"].endswith("\n\nL1 def f(n):\nL2     return n\ncall f(2)")
    shown = {"delta": "L1 call n=2", "cwm": '<|call_sep|>{"n": "2"}<|action_sep|>L1', "ellora": "Line 2: State: {x=1}"}
    wanted = {"output": ["[ANSWER]"], "trace": [shown[format]], "reason": ["[ANSWER]", "Before you", shown[format]]}[
        task
    ]
    assert all(text in message["content"] for text in wanted)
    assert task != "reason" or "Answer with" not in message["content"]  # the steps are the thought


def test_what_does_not_exist():
    with pytest.raises(ValueError, match="no prompt for task=guess"):
        tasks.messages(PROGRAM, "guess", "delta", "short")
    with pytest.raises(ValueError, match="reason has sentences only"):
        tasks.messages(PROGRAM, "reason", "delta", "short")
    assert not tasks.applies(Program("x = 1"), "reason")
    assert tasks.applies(PROGRAM, "output")
    assert not tasks.applies(Program("x = 1"), "output")
