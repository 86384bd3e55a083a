"""Completion: what a model answered."""

from __future__ import annotations

from dataclasses import dataclass

from ewm.formats import thinking as thoughts


@dataclass(frozen=True)
class Completion:
    """`text` is the answer after any thinking; `tokens` counts all that was generated, the end mark left out.

    `cut`: the limit came before the model ended by itself.
    """

    text: str
    tokens: int
    cut: bool
    thinking: str = ""

    @classmethod
    def of(cls, text: str, tokens: int, cut: bool, thinks: bool) -> Completion:
        thinking, answer = thoughts.split(text, thinks)
        return cls(answer, tokens, cut, thinking)
