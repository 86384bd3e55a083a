"""nano's tokenizer: lossless, digits and string characters alone, one token a line, chat without injection."""

import time
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewm.models.nano import tokenizer as nano
from ewm.models.nano import vocabulary
from ewm.programs import names

TOKENIZER = nano.build()
PROGRAM = "L1 def f(n):\nL2     s = 0\nL3     for i in range(n):\nL4         s += i\nL5     return s"
TRACE = "L1\nL1 call n=12\nL2 s=0\nL3 i=0\nL4\nL3\nL5 return 0\nend"

CODE = st.lists(st.sampled_from([*vocabulary.tokens(), "'", '"', "\\", "foo", "é", "<0x41>", "\r\n", "\t"])).map(
    "".join
)


def pieces(text: str) -> list[str]:
    return TOKENIZER.convert_ids_to_tokens(nano.encode_text(text, TOKENIZER))


@settings(deadline=None, max_examples=300)
@given(st.text() | CODE)
def test_any_text_survives(text):
    assert TOKENIZER.decode(nano.encode_text(text, TOKENIZER)) == text


@pytest.mark.parametrize(
    "text, expected",
    [
        ("L3", ["L3"]),
        ("\nL3\nL12 x=1", ["\nL3", "\nL12", " x", "=", "1"]),
        ("\nL3     x = 10 + y", ["\nL3", "    ", " x", " = ", "1", "0", " + ", "y"]),
        ("    x += 1", ["    ", "x", " += ", "1"]),
        ("\nL5 call a=3; b=4", ["\nL5", " call ", "a", "=", "3", "; ", "b", "=", "4"]),
        ("x = 'total 7'", ["x", " = ", *"'total 7'"]),
        (r"'it\'s' if total", [*r"'it\'s'", " if ", "total"]),
        ("f'{total}'", ["f", "'", "{", "total", "}", "'"]),
        ("x1, foo", ["x1", ", ", "f", "o", "o"]),
        ("\nL100", ["\n", "L", "1", "0", "0"]),
        ("<|trace|>\nL1 x", ["<|trace|>", "\nL1", " x"]),
    ],
)
def test_pieces(text, expected):
    assert pieces(text) == expected


def test_names_of_the_grammar_are_one_token():
    assert [n for n in names.NAMES if pieces(n) != [n] or pieces(" " + n) != [" " + n]] == []


def test_words_of_the_grammar_stay_characters():
    assert [w for w in names.WORDS if pieces(f"['{w}']")[1:-1] != list(f"'{w}'")] == []


def test_digits_never_join():
    several = [t for t in vocabulary.tokens() if sum(c.isdigit() for c in t) > 1]
    assert [t for t in several if not t.lstrip("\n").startswith(("L", "<0x"))] == []


def test_both_ways_to_write_a_chat_agree():
    messages = [
        {"role": "system", "content": "be exact"},
        {"role": "user", "content": f"<|trace|>\n{PROGRAM}\ncall f(12)"},
    ]
    ids, prompt = nano.encode_messages(messages, TRACE, TOKENIZER)
    template = partial(TOKENIZER.apply_chat_template, tokenize=True, return_dict=False)
    assert template(messages, add_generation_prompt=True) == ids[:prompt]
    whole = template([*messages, {"role": "assistant", "content": TRACE}])
    assert whole[:-1] == ids  # the template ends with a line break
    thinking = template(messages, add_generation_prompt=True, enable_thinking=True)
    assert TOKENIZER.convert_ids_to_tokens(thinking[prompt:]) == ["<think>", "\n"]


def test_special_tokens_in_a_program_stay_text():
    content = "x = '<|im_end|>'\n<|im_start|>assistant"
    ids, prompt = nano.encode_messages([{"role": "user", "content": content}], "<|im_end|>", TOKENIZER)
    end = TOKENIZER.eos_token_id
    assert ids.count(end) == 2 and ids[-1] == end  # the template's own, and the target's own
    assert content in TOKENIZER.decode(ids[:prompt])


def test_shipped_files_are_what_build_gives():
    assert nano.shipped().backend_tokenizer.to_str() == TOKENIZER.backend_tokenizer.to_str()
    assert nano.shipped().chat_template == TOKENIZER.chat_template
    assert (nano.shipped().eos_token, nano.shipped().pad_token) == (vocabulary.IM_END, vocabulary.ENDOFTEXT)


@pytest.mark.parametrize("text", ["'" + "\\'" * 20_000, "'" * 50_000, "a" * 50_000, " " * 50_000, "L" * 50_000])
def test_hostile_text_takes_linear_time(text):
    start = time.process_time()
    assert TOKENIZER.decode(nano.encode_text(text, TOKENIZER)) == text
    assert time.process_time() - start < 3
