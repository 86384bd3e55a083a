"""The explicit vocabulary of nano: what is one token, in a fixed order. Order is part of the shipped weights.

A blank before a word belongs to the word (" x" begins a statement, in the source as in the trace), blanks around
keywords and operators belong to those, so that a name elsewhere is always the bare token. A name that is not listed
is written in characters. Appending is the only change that keeps trained weights valid.
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ENDOFTEXT, IM_START, IM_END = SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
MARKS = ("<think>", "</think>", "<|trace|>", "<|output|>", "<|program|>")  # ordinary text: they steer nothing
HEADERS = ("system\n", "user\n", "assistant\n")  # at the beginning of a chat segment only
LINES = 99  # numbered lines that are one token with the line break before them
FIRST_LINES = 20  # and without: where a completion begins
INDENTS = (4, 8, 12, 16)

KEYWORDS = _words(  # one token with the blank after it, with and without one before
    "and as assert async await break class continue def del elif else except finally for from global if import in "
    "is lambda nonlocal not or pass raise return try while with yield call unwind"
)
COMPOUND_KEYWORDS = ("not in", "is not", "yield from")

METHODS = _words(
    "append extend insert pop remove clear copy count index sort reverse add discard update union get items keys "
    "values setdefault split join strip lstrip rstrip replace upper lower title capitalize startswith endswith find "
    "isdigit isalpha isupper islower swapcase zfill format"
)
BUILTINS = _words(
    "abs all any bool chr dict divmod enumerate filter float frozenset int isinstance iter len list map max min "
    "next ord pow print range repr reversed round set sorted str sum tuple type zip"
)
EXCEPTIONS = _words(
    "Exception ValueError TypeError KeyError IndexError ZeroDivisionError AttributeError NameError RuntimeError "
    "StopIteration AssertionError OverflowError RecursionError LookupError ArithmeticError UnboundLocalError "
    "NotImplementedError"
)
NAMES = _words(  # every name of ewm/programs/names.py (a test holds them together), and some more that programs use
    "a b c d e f g h i j k l m n o p q r s t u v w x y z _ None True False self cls end total count result value "
    "num acc step limit size score left right low high items nums values data xs ys row parts grid rows table text "
    "word name line key msg code counts prices ages seen index stock solve compute helper check process update "
    "apply find make out res new found picked ch letter zs words letters names pairs col number numbers char val "
    "item pair ans tmp start stop best last first prev cur pos ok point avg ratio mean half order vals texts target "
    "flag done stack queue factor base width height scores i1 i2 n1 n2 x1 x2 main func err math random"
)

BINARY = _words("= + - * / // % ** == != < > <= >= += -= *= /= //= %= **= & | ^ << >> &= |= ^= := -> @")
PUNCTUATION = (", ", ": ", "; ", "):", "()", "[]", "{}", "**", "//", "==", "!=", "<=", ">=", "->", "\n\n")
LINE_ENDS = ("\nend", "\nout ", "\ncall ")


def tokens() -> list[str]:
    """Every token in order of its id."""
    words = dict.fromkeys((*NAMES, *KEYWORDS, *BUILTINS, *METHODS, *EXCEPTIONS))
    spaced = dict.fromkeys((*KEYWORDS, *COMPOUND_KEYWORDS))
    out = [
        *SPECIALS,
        *MARKS,
        *HEADERS,
        *map(chr, range(128)),
        *(f"<0x{byte:02X}>" for byte in (*range(0x80, 0xC0), *range(0xC2, 0xF5))),  # all that UTF-8 uses beyond ASCII
        *(f"\nL{n}" for n in range(1, LINES + 1)),
        *(f"L{n}" for n in range(1, FIRST_LINES + 1)),
        *LINE_ENDS,
        *(" " * n for n in INDENTS),
        *(f"{word} " for word in spaced),
        *(f" {word} " for word in spaced),
        *words,
        *(f" {word}" for word in words),
        *(f"{name}(" for name in BUILTINS),
        *(f" {name}(" for name in BUILTINS),
        *(f".{name}(" for name in METHODS),
        *(f" {operator} " for operator in BINARY),
        *PUNCTUATION,
    ]
    return list(dict.fromkeys(out))
