"""nano's tokenizer: an explicit vocabulary, lossless for any text; `python -m ewm.models.nano.tokenizer` saves it.

A BPE without merges: the Split pattern cuts pieces, a piece in the vocabulary is one token (ignore_merges), any other
falls into characters, and a character outside ASCII into bytes. Digits and the characters of a string literal always
stand alone. `encode_messages` writes the chat itself and encodes contents with special tokens off, so that a program
holding "<|im_end|>" stays text; the chat template gives the same ids for ordinary text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from ewm.models.nano import vocabulary as v

FOLDER = Path(__file__).parent
MAX_LENGTH = 2048

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message.role + '\n' -}}"
    "{%- if message.role == 'assistant' and message.reasoning_content -%}"
    "{{- '<think>\n' + message.reasoning_content + '\n</think>\n\n' -}}"
    "{%- endif -%}"
    "{{- message.content + '<|im_end|>\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}"
    "{{- '<|im_start|>assistant\n' -}}"
    "{%- if enable_thinking -%}{{- '<think>\n' -}}{%- endif -%}"
    "{%- endif -%}"
)


def pattern() -> str:
    """What Split cuts, first match wins. Bounded repeats keep it linear on hostile text."""
    literal = r"{q}(?>(?:[^{q}\\\n]|\\[^\n]){{0,400}}){q}"
    return "|".join(
        [
            rf"\A{_any(v.HEADERS)}",
            r"\nL[1-9][0-9]?(?!\w)",
            r"\nend(?!\w)|\nout |\ncall |\n\n(?!L)",
            _any(v.MARKS),
            r" ?[fF]['\"]",  # the names in an f-string stay whole
            literal.format(q="'"),
            literal.format(q='"'),
            *(f" {{{n}}}" for n in sorted(v.INDENTS, reverse=True)),
            rf" ?{_any(v.COMPOUND_KEYWORDS)} ",
            rf" ?{_any(v.KEYWORDS)} ",
            rf" ?{_any(v.BUILTINS)}\(",
            rf"\.{_any(v.METHODS)}\(",
            r" ?[^\W\d]\w*",
            rf" {_any(v.BINARY)} ",
            _any(p for p in v.PUNCTUATION if p != "\n\n"),
            r"[\s\S]",
        ]
    )


def build() -> PreTrainedTokenizerFast:
    """The tokenizer, from the vocabulary."""
    vocabulary = {token: index for index, token in enumerate(v.tokens())}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], byte_fallback=True, ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(pattern()), behavior="isolated")
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=None,
        eos_token=v.IM_END,
        pad_token=v.ENDOFTEXT,
        additional_special_tokens=[v.IM_START],
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_max_length=MAX_LENGTH,
        chat_template=CHAT_TEMPLATE,
    )


@lru_cache(maxsize=1)
def shipped() -> PreTrainedTokenizerFast:
    """The tokenizer of the shipped files."""
    return PreTrainedTokenizerFast.from_pretrained(FOLDER)


def encode_messages(
    messages: Sequence[Mapping[str, str]],
    target: str | None = None,
    tokenizer: PreTrainedTokenizerFast | None = None,
) -> tuple[list[int], int]:
    """Ids of the chat up to the assistant's header, then of `target` and its <|im_end|>; and the prompt's length."""
    tokenizer = tokenizer or shipped()
    start, end, newline = _marks()
    ids: list[int] = []
    for message in messages:
        ids += [start, *encode_text(f"{message['role']}\n{message['content']}", tokenizer), end, newline]
    ids += [start, *encode_text("assistant\n", tokenizer)]
    prompt_length = len(ids)
    if target is not None:
        ids += [*encode_text(target, tokenizer), end]
    return ids, prompt_length


def encode_text(text: str, tokenizer: PreTrainedTokenizerFast | None = None) -> list[int]:
    """Ids of a text that holds no special token, whatever it looks like."""
    backend = (tokenizer or shipped()).backend_tokenizer
    backend.encode_special_tokens = True  # what split_special_tokens=True sets, without the wrapper's cost per call
    return backend.encode(text, add_special_tokens=False).ids


@lru_cache(maxsize=1)
def _marks() -> tuple[int, int, int]:
    start, end, newline = map(v.tokens().index, (v.IM_START, v.IM_END, "\n"))
    return start, end, newline


def _any(words: Iterable[str]) -> str:
    return "(?:" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")"


if __name__ == "__main__":
    build().save_pretrained(FOLDER)
