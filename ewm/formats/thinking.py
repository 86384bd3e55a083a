"""A completion without what was thought before it: read the same way in training, in evaluation and by hand."""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


def split(text: str, thinks: bool) -> tuple[str, str]:
    """(thoughts, answer). Thoughts end with the first line that ends with </think>; no answer has such a line.

    `thinks`: the model always thinks first (its prompt may have opened the thought), so that without such a line it has
    given no answer; any other model has given none only if it begins with <think>.
    """
    thoughts, closed, answer = (text + "\n").partition(CLOSE + "\n")
    if closed:
        return thoughts.lstrip().removeprefix(OPEN).strip(), answer.removesuffix("\n").lstrip("\n")
    return (text, "") if thinks or text.lstrip().startswith(OPEN) else ("", text)


def join(thoughts: str, answer: str) -> str:
    """The completion of which `split` makes these two; without an answer, a thought that has not ended."""
    if not answer:
        opened = not thoughts or thoughts.lstrip().startswith(OPEN)
        return thoughts if opened else f"{OPEN}\n{thoughts}"
    return f"{OPEN}\n{thoughts}\n{CLOSE}\n\n{answer}" if thoughts else answer


def counted(task: str, thoughts: str, answer: str) -> str:
    """What is scored: the answer; for task=reason, whose thought is the trace, both."""
    return join(thoughts, answer) if task == "reason" else answer
