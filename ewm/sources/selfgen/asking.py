"""How a model is brought to write programs: as the user of its own chat (pre-query, as Magpie has it), or by prompts.

A model of EWM's own tasks writes the program as the user's turn. An instruct model makes up a request there, told by
the system's turn what requests are wanted, and answers it in a second step. `extend` and `chat` are passed in: prefixes
or chats and a seed -> a reply each.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import yaml

from ewm.sources.selfgen.extract import BLOCK

Messages = list[dict[str, str]]
PROMPTS = Path(__file__).parent / "prompts.yaml"
BUGGY = 5  # one prompt in so many asks for a bug


class Reply(Protocol):
    """`cut`: the token limit ended it."""

    @property
    def text(self) -> str: ...
    @property
    def cut(self) -> bool: ...


Extend = Callable[[Sequence[str], int], Sequence[Reply]]
Chat = Callable[[Sequence[Messages], int], Sequence[Reply]]


@dataclass(frozen=True)
class Turns:
    """The user's turns themselves are the programs. `opening`: the chat's text up to there."""

    extend: Extend
    opening: str
    size: int
    seed: int

    def __call__(self, batch: int) -> list[str | None]:
        replies = self.extend([self.opening] * self.size, seed_of(self.seed, batch))
        return [None if reply.cut else reply.text for reply in replies]


@dataclass(frozen=True)
class Answers:
    """Answers to requests that the model made up (prequery), to ours (prompted), or to each in turns (both)."""

    extend: Extend
    chat: Chat
    opening: str  # that of a chat whose system's turn is `told()`
    mode: str
    size: int
    seed: int

    def __call__(self, batch: int) -> list[str | None]:
        seed = seed_of(self.seed, batch)
        ours = self.mode == "prompted" or (self.mode == "both" and batch % 2 == 1)
        wanted = prompts(self.size, batch, self.seed) if ours else self._made_up(seed)
        replies = iter(self.chat([_asked(request, ours) for request in wanted if request], seed))
        return [_whole(next(replies)) if request else request for request in wanted]

    def _made_up(self, seed: int) -> list[str | None]:
        replies = self.extend([self.opening] * self.size, seed)
        return [None if reply.cut else reply.text.strip() for reply in replies]


def told() -> str:
    """What an instruct model is told before it makes up a request."""
    return str(_prompts()["system"])


def prompts(size: int, batch: int, seed: int) -> list[str | None]:
    """Of a batch: the categories in turns, one of BUGGY rounds asks for a bug."""
    known, draw = _prompts(), random.Random(f"selfgen:{seed}:{batch}")
    made: list[str | None] = []
    for number in range(batch * size, (batch + 1) * size):
        category = list(known["categories"])[number % len(known["categories"])]
        task = draw.choice(known["categories"][category])
        bug = number // len(known["categories"]) % BUGGY == BUGGY - 1
        wish = known["buggy"].format(bug=draw.choice(known["bugs"])) if bug else known["sound"]
        made.append(known["prompt"].format(task=task, data=draw.choice(known["data"]), wish=wish))
    return made


def digest() -> str:
    """Of the prompts."""
    return hashlib.sha256(PROMPTS.read_bytes()).hexdigest()[:16]


def seed_of(seed: int, batch: int) -> int:
    return int(hashlib.sha256(f"selfgen:{seed}:{batch}".encode()).hexdigest()[:8], 16) >> 1


def _asked(request: str, ours: bool) -> Messages:
    told_first: Messages = [] if ours else [{"role": "system", "content": told()}]
    return [*told_first, {"role": "user", "content": request}]


def _whole(reply: Reply) -> str | None:
    """Of an answer that was cut short, a block that is closed is whole; lines without one may be half of it."""
    return None if reply.cut and not BLOCK.search(reply.text) else reply.text


@cache
def _prompts() -> dict[str, Any]:
    return dict(yaml.safe_load(PROMPTS.read_text("utf-8")))
