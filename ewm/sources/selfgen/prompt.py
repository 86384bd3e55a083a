"""The program in a user's turn that a model of EWM's own tasks completed: a task mark, numbered lines, `call f(3)`."""

from __future__ import annotations

import ast
import re

NUMBERED = re.compile(r"L(\d+) (.*)")


def read_prompt(text: str) -> tuple[str, str | None] | None:
    """Source and entry call; None when the lines are not numbered from 1 on or something else stands among them."""
    lines = text.rstrip("\n").split("\n")
    lines = lines[1:] if lines[0].startswith("<|") else lines
    entry = None
    if lines and lines[-1].startswith("call "):
        entry = lines.pop().removeprefix("call ")
        if not _is_call(entry):
            return None
    found = [NUMBERED.fullmatch(line) for line in lines]
    numbered = [match for match in found if match is not None]
    if not lines or [int(match[1]) for match in numbered] != list(range(1, len(lines) + 1)):
        return None
    return "\n".join(match[2] for match in numbered), entry


def _is_call(text: str) -> bool:
    try:
        return isinstance(ast.parse(text, mode="eval").body, ast.Call)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
