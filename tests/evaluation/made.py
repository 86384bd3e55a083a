"""Examples with hand-written truths, and a model that answers from a table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from ewm import formats
from ewm.data.example import Example
from ewm.formats.prediction import Truth
from ewm.programs import Program

TARGET = "L1 x={n}\nL2 y={m}\nend"


def example(n: int, level: str = "straight", task: str = "trace", complete: bool = True) -> Example:
    """x = n, y = x + 1, with `n` additions after it, so that every n is a family of its own."""
    source = f"x = {n}\ny = x + 1" + "".join(f"\ny = y + {k}" for k in range(n)) + f"  # {level}"
    program = Program(source, origin="grammar:made", level=level)
    target = TARGET.format(n=n, m=n + 1) if task == "trace" else repr(n)
    truth = Truth(formats.parse(target, task, "delta"), task, "delta", complete=complete, source=source)
    return Example(
        f"e{n}{level}{task}", program, task, "delta", [{"role": "user", "content": source}], target, truth, "grammar"
    )


def right(found: Example) -> str:
    return found.target


def wrong(found: Example) -> str:
    return found.target.replace("L2 y=", "L2 y=9")


@dataclass(frozen=True)
class Completion:
    text: str
    tokens: int
    cut: bool
    thinking: str = ""


@dataclass
class Made:
    """A Model whose base says `wrong` and whose adapter says `right`; counts how often each was asked."""

    examples: Sequence[Example]
    base: Any = wrong
    adapter: Any = right
    has_adapter: bool = True
    use_adapter: bool = True
    asked: dict[str, int] = field(default_factory=lambda: {"base": 0, "adapter": 0})
    cfg: Any = field(default_factory=lambda: SimpleNamespace(name="made", prompt_style="short"))
    weight: float = 1.0

    @property
    def model(self) -> Any:
        import torch

        state = {
            "base_model.model.w.base_layer.weight": torch.full((3, 3), self.weight),
            "w.lora_A.weight": torch.ones(2),
        }
        return SimpleNamespace(state_dict=lambda: state)

    def without_adapter(self) -> Made:
        return replace(self, use_adapter=False)

    def encode(self, messages: Any) -> list[int]:
        return list(messages[0]["content"].encode())

    def count_tokens(self, text: str) -> int:
        return len(text)

    @contextlib.contextmanager
    def active(self) -> Iterator[Made]:
        yield self


def generate(model: Made, prompts: Sequence[Any], sampling: Any, engine: Any, seed: int = 0) -> list[list[Completion]]:
    """As ewm.generation.generate; an answer of more than 60 characters is cut."""
    by_prompt = {e.messages[0]["content"]: e for e in model.examples}
    who = "adapter" if model.use_adapter and model.has_adapter else "base"
    model.asked[who] += len(prompts)
    found = []
    for prompt in prompts:
        text = getattr(model, who)(by_prompt[prompt[0]["content"]])
        found.append([Completion(text[:60], len(text), len(text) > 60)])
    return found
