"""Corruptions of a true text, by name, in every format: none may earn what the truth does, and an error that comes
later may not earn less than one that comes earlier."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ewm.formats.prediction import Truth
from ewm.scoring.values import equal


@dataclass(frozen=True)
class Form:
    """How a format's text is taken apart and spoilt. `head`, `tail`: pieces before the steps and after them."""

    piece: str  # one piece of a text
    between: str
    head: int
    end: str
    step: str  # what any step could look like
    line: str  # before a step's line number
    state: tuple[str, str, str]  # pattern of where a state begins and, there, an invented variable; before another
    value: str  # before a value, with what ends it


FORMS = {
    "delta": Form(
        piece=r"[^\n]+",
        between="\n",
        head=0,
        end="end",
        step="L1",
        line=r"^L",
        state=(r"^(L\d+(?: call)?)(?= |$) ?", r"\1 invented=1", "; "),
        value=r"(?<==)[^;]+|(?<= return ).+",
    ),
    "cwm": Form(
        piece=r".+?<\|frame_sep\|>|<\|end_of_text\|>",
        between="",
        head=0,
        end="<|end_of_text|>",
        step="<|line_sep|>{}<|action_sep|>L1<|frame_sep|>",
        line=r"<\|action_sep\|>L",
        state=(r"(_sep\|>\{)", r'\1"invented": "1"', ", "),
        value=r'(?<=": ")(?!\.\.")[^"\\]+(?=")|(?<=<\|arg_sep\|>")[^"\\]+(?=")',
    ),
    "ellora": Form(
        piece=r"[^\n]+",
        between="\n",
        head=1,
        end="</execution_trace>",
        step="Line 1: State: {}",
        line=r"^Line ",
        state=(r"(State: \{)", r"\1invented=1", ", "),
        value=r"(?<==)[^,}]+",
    ),
}


def worse(truth: Truth) -> dict[str, str]:
    """Corruptions of the true text; what an answer's form does not have is left out."""
    text = truth.prediction.text
    made = _answer(truth) if truth.task == "output" else (*_trace(text, FORMS[truth.format]), *_given(truth))
    return {how: answer for how, answer in made if answer.strip() != text.strip()}


def with_error(truth: Truth, index: int) -> str:
    """The true text with the line number of step `index` changed."""
    form = FORMS[truth.format]
    pieces = _pieces(truth.prediction.text, form)
    at = index + form.head
    pieces[at] = re.sub(rf"({form.line})(\d+)", lambda m: f"{m[1]}{int(m[2]) + 50}", pieces[at], count=1)
    return form.between.join(pieces)


def with_wrong_value(truth: Truth, index: int) -> str | None:
    """The true text with the first value of step `index` changed; None if none is told there."""
    form = FORMS[truth.format]
    pieces = _pieces(truth.prediction.text, form)
    at = index + form.head
    pieces[at], changed = re.subn(form.value, "-999", pieces[at], count=1)
    return form.between.join(pieces) if changed else None


def departing(truth: Truth, index: int) -> str | None:
    """The true text with every value from step `index` on changed; None if none is told there."""
    form = FORMS[truth.format]
    pieces = _pieces(truth.prediction.text, form)
    at = index + form.head
    spoilt = [re.sub(form.value, "-999", piece) for piece in pieces[at:-1]]
    return form.between.join([*pieces[:at], *spoilt, pieces[-1]]) if spoilt != pieces[at:-1] else None


def _pieces(text: str, form: Form) -> list[str]:
    return re.findall(form.piece, text)


def _trace(text: str, form: Form) -> Iterator[tuple[str, str]]:
    pieces, between = _pieces(text, form), form.between
    head, steps = pieces[: form.head], pieces[form.head : -1]
    half = len(steps) // 2

    def joined(*parts: str) -> str:
        return between.join(parts)

    yield "repeated", text + between + text
    yield "repeated inside", joined(*head, *steps, *steps, form.end)
    yield "rubbish after", text + "\nthat is all"
    yield "rubbish before", "Here it is:\n" + text
    yield "rubbish between", joined(*head, *steps[:half], "hm", *steps[half:], form.end)
    yield "a step after", joined(*head, *steps, form.step, form.end)
    yield "a step before", joined(*head, form.step, *steps, form.end)
    yield "ended twice", text + between + form.end
    yield "the mark imitated", joined(*head, *steps, f"'{form.end}'")
    yield "cut before the end mark", joined(*head, *steps)
    yield "cut in half", joined(*head, *steps[:half])
    if steps:
        yield "cut in half and ended", joined(*head, *steps[:half], form.end)
        yield "the last step left out", joined(*head, *steps[:-1], form.end)
    roomy = [at for at, step in enumerate(steps) if _invented(step, form) != step]
    for where, at in zip(("first", "last"), roomy[:1] + roomy[-1:], strict=False):
        invented = joined(*head, *steps[:at], _invented(steps[at], form), *steps[at + 1 :], form.end)
        yield f"an invented variable in the {where} step that can have one", invented
    if form is FORMS["delta"]:
        told = [line for line in steps if not line.startswith("out ")]
        yield "invented output", joined(*told, "out 'invented'", form.end)
    confused = [_confused(step, form) for step in steps]
    yield "True for 1", joined(*head, *confused, form.end)


def _given(truth: Truth) -> Iterator[tuple[str, str]]:
    """Of the step that the prompt gives away last: the call's header."""
    if truth.given:
        form, at = FORMS[truth.format], truth.given - 1 + FORMS[truth.format].head
        pieces = _pieces(truth.prediction.text, form)
        invented = form.between.join([*pieces[:at], _invented(pieces[at], form), *pieces[at + 1 :]])
        yield "an invented variable in the call", invented
        yield "a wrong argument", with_wrong_value(truth, truth.given - 1) or truth.prediction.text


def _invented(step: str, form: Form) -> str:
    """The step with one variable more, if it can have one."""
    if form is FORMS["delta"] and re.match(r"L\d+ (return|yield|raise|unwind|out)\b", step):
        return step
    pattern, put, more = form.state
    found = re.search(pattern, step)
    if not found:
        return step
    rest = step[found.end() :]
    nothing = not rest or rest[0] == "}"
    return step[: found.start()] + found.expand(put) + ("" if nothing else more) + rest


def _confused(step: str, form: Form) -> str:
    """Each value of the step that has an equal one of another type, as that."""
    return re.sub(form.value, lambda m: other_type(m[0]), step)


def other_type(value: str) -> str:
    """True for 1 and 1 for True, 2.0 for 2 and 2 for 2.0; any other value as it is."""
    plain = {"True": "1", "False": "0", "1": "True", "0": "False"}
    if value in plain:
        return plain[value]
    if re.fullmatch(r"-?\d+", value):
        return f"{value}.0"
    return re.sub(r"\.0$", "", value) if re.fullmatch(r"-?\d+\.0", value) else value


def _answer(truth: Truth) -> Iterator[tuple[str, str]]:
    text = truth.prediction.text
    yield "True for 1", other_type(text)
    yield "a sum", f"{text} + {text}"
    yield "a call", f"f({text})"
    yield "in a list", f"[{text}]"
    yield "twice", f"{text}, {text}"
    yield "or another", f"{text} or None"
    yield "rubbish after", f"{text}\nthat is all"
    yield "a comment after", f"{text} # that is all"
    yield "cut short", text[:-1] if not equal(text[:-1], text) else text
    yield "as a string", repr(text)
    yield "not raised", text.removeprefix("raise ")
