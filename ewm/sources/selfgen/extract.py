"""The program in a model's text: thought stripped, a code block or, without one, the lines that are code; dedented.

Text in, text out. Nothing here runs or evaluates what a model wrote; `ast.parse` reads it, no more.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings

THOUGHT = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL)  # a thought that was cut short has no answer after it
BLOCK = re.compile(r"^[ \t]*```[ \t]*(?:python3?|py)?[ \t]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE | re.IGNORECASE)


def extract(text: str) -> str | None:
    """The first block that parses, else the longest run of lines that does; None: there is no program."""
    text = THOUGHT.sub("", text)
    blocks = [_tidy(block) for block in BLOCK.findall(text)]
    if blocks:
        return next((block for block in blocks if parses(block)), None)
    whole = _tidy(text)
    return whole if parses(whole) else _longest(text.splitlines())


def read_answer(text: str) -> tuple[str, None] | None:
    """The same as source and entry call: an answer's program calls itself."""
    source = extract(text)
    return None if source is None else (source, None)


def parses(source: str) -> bool:
    """Whether it is a module with at least one statement."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return bool(ast.parse(source).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _tidy(text: str) -> str:
    return textwrap.dedent(text.replace("\r\n", "\n")).strip("\n").rstrip()


def _longest(lines: list[str]) -> str | None:
    """Between the prose: of the paragraphs and of what stands between lines of prose, the longest that parses."""
    runs: list[list[str]] = [[]]
    for line in lines:
        if _is_prose(line):
            runs.append([])
        else:
            runs[-1].append(line)
    found = [program for program in map(_tidy, map("\n".join, runs)) if parses(program)]
    return max(found, key=len, default=None)


def _is_prose(line: str) -> bool:
    """A sentence: flush left, several words, and not a line that could open or be a statement."""
    words = line.split()
    if line[:1].isspace() or len(words) < 2:
        return False
    return not (parses(line) or parses(f"{line}\n    pass") or re.match(r"(elif|else|except|finally)\b|[\])}]", line))
