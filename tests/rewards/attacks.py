"""Attacks on a reward, by name: completions made without knowing the truth, and corruptions of the truth."""

import re

from ewm.scoring.outline import literals
from tests.scoring.made import BODY_TRACE

BOMB = "[" * 10_000 + "]" * 10_000


def blind(truth):
    """Made from the prompt alone."""
    seen = literals(truth.source, truth.entry)
    every = "; ".join(f"x={value}" for value in seen)
    return {
        "empty": "",
        "blank": " \n\n ",
        "end": "end",
        "many ends": "end\n" * 50,
        "keywords": "execution trace line state call return end L1 L2 L3",
        "constant trace": "\n".join(f"L{n} x={n}" for n in range(1, 20)) + "\nend",
        "source": truth.source,
        "source in a trace": "\n".join(f"L{n} {line}" for n, line in enumerate(truth.source.splitlines(), 1)) + "\nend",
        "literals": ", ".join(seen),
        "every candidate at each step": "\n".join(f"L{n} {every}" for n in range(1, 10)) + "\nend",
        "another program's truth": BODY_TRACE,
        "over-long": "L1\n" * 5_000 + "end",
        "one megabyte": "L1 x=1\n" * 150_000,
        "one megabyte of a letter": "a" * 1_000_000,
        "nesting": BOMB,
        "nesting in a step": f"L1 x={BOMB}\nend",
        "a thousand thoughts": "<think>" + "wait, " * 1_000,
        "thoughts that hold a trace": "<think>\nL1\nend\n</think>\n",
        "calls for literals": "L1 x=f(2)\nend",
        "an object that is equal to all": "L1 x=Equal()\nend",
        "code": "__import__('os').system('touch ran')",
        "assertion": "assert f(2) == f(2)",
        "or true": "None or True",
    }


def worse(text):
    """Corruptions of a true text; none may earn what the truth does."""
    lines = text.splitlines()
    half = len(lines) // 2
    made = {
        "repeated": text + "\n" + text,
        "repeated inside": "\n".join([*lines[:-1], *lines]),
        "rubbish after": text + "\nthat is all",
        "rubbish before": "Here it is:\n" + text,
        "rubbish between": "\n".join([*lines[:half], "hm", *lines[half:]]),
        "a step after": "\n".join([*lines[:-1], "L1", lines[-1]]),
        "invented variables": re.sub(r"(?m)^(L\d+ \w+=[^\n;]+)$", r"\1; invented=1", text, count=1),
        "invented variable in the first step": re.sub(r"^(L\d+(?: call)?)(?=\n)|^(L\d+ .*=.*)", _with_one_more, text),
        "invented variable in a call": re.sub(r"(?m)^(L\d+ call)( .*)?$", r"\1 invented=1", text, count=1),
        "wrong argument": re.sub(r"(?m)^(L\d+ call \w+=)[^;\n]+", r"\1-999", text, count=1),
        "invented output": "\n".join(
            [*(line for line in lines[:-1] if line[:4] != "out "), "out 'invented'", lines[-1]]
        ),
        "cut before the end mark": "\n".join(lines[:-1]),
        "cut in half": "\n".join(lines[:half]),
        "cut in half and ended": "\n".join([*lines[:half], "end"]),
        "ended twice": text + "\nend",
        "the mark imitated": text[:-3] + "'end'",
    }
    return {how: answer for how, answer in made.items() if answer != text}


def _with_one_more(step):
    return f"{step[0]}{'; ' if '=' in step[0] else ' '}invented=1"


def with_error(text, index):
    """The text with the number of line `index` of it changed."""
    lines = text.splitlines()
    lines[index] = re.sub(r"^L(\d+)", lambda m: f"L{int(m[1]) + 50}", lines[index])
    return "\n".join(lines)


def with_wrong_value(text, index):
    """The text with the first value of line `index` of it changed; None if it has none."""
    lines = text.splitlines()
    lines[index], changed = re.subn(r"(=|return )[^=;]+", r"\1-999", lines[index], count=1)
    return "\n".join(lines) if changed else None
