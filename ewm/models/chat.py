"""Chats as token ids for any tokenizer with a chat template, contents never as special tokens.

For ordinary contents this is `apply_chat_template`. When a content holds the text of a special token, the template is
rendered around stand-ins, and the contents are encoded with special tokens off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jinja2 import TemplateError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

THINK, THOUGHT = "<think>\n", "\n</think>\n\n"


def encode_text(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Ids of text that steers nothing."""
    return tokenizer(text, add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"]


def encode_prompt(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Mapping[str, str]], thinking: bool
) -> list[int]:
    """Ids up to and including the assistant's header."""
    if not any(special in m["content"] for special in tokenizer.all_special_tokens for m in messages):
        return _template(tokenizer, messages, thinking, tokenize=True)  # type: ignore[return-value]
    marker = _unused(messages)
    text = _template(
        tokenizer, [{**m, "content": f"{marker}{i}_"} for i, m in enumerate(messages)], thinking, tokenize=False
    )
    ids: list[int] = []
    for n, part in enumerate(re.split(rf"{marker}(\d+)_", str(text))):
        if n % 2:
            ids += encode_text(tokenizer, messages[int(part)]["content"])
        elif part:
            ids += tokenizer(part, add_special_tokens=False)["input_ids"]
    return ids


def open_turn(tokenizer: PreTrainedTokenizerBase, system: str = "") -> str:
    """The template's text up to the first word of the user's; without `system` where it knows no such turn."""
    marker = _unused([{"content": system}])
    told = [{"role": "system", "content": system}] if system else []
    try:
        text = tokenizer.apply_chat_template([*told, {"role": "user", "content": marker}], tokenize=False)
    except TemplateError:
        if not told:
            raise
        return open_turn(tokenizer)
    return str(text).partition(marker)[0]


def encode_target(tokenizer: PreTrainedTokenizerBase, target: str, prompt_ids: Sequence[int]) -> list[int]:
    """Ids of the answer and the end of the turn. An open <think> of the prompt takes the target's own thought, and
    is closed first where there is none."""
    close: list[int] = []
    if str(tokenizer.decode(list(prompt_ids[-4:]))).endswith(THINK):
        if target.startswith(THINK):
            return [*encode_text(tokenizer, target.removeprefix(THINK)), tokenizer.eos_token_id]
        close = tokenizer(THOUGHT, add_special_tokens=False)["input_ids"]
    return [*close, *encode_text(tokenizer, target), tokenizer.eos_token_id]


def _template(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Mapping[str, str]], thinking: bool, tokenize: bool
) -> object:
    return tokenizer.apply_chat_template(
        [dict(m) for m in messages],
        tokenize=tokenize,
        add_generation_prompt=True,
        return_dict=False,
        enable_thinking=thinking,
    )


def _unused(messages: Sequence[Mapping[str, str]]) -> str:
    marker = "CONTENT"
    while any(marker in m["content"] for m in messages):
        marker += "_"
    return marker
