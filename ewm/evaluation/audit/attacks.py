"""Blind attacks on rewards and metrics, by name: completions made from the prompt alone, in every format.

They are meant to be more, and other, than those that chance correction measures with (ewm.rewards.blind): whoever
writes a term finds here what it must not pay for. Nothing is run; of a truth only source, entry, task and format are
read. `others`: the true text of another program, which a model can know by heart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ewm.formats.prediction import Truth
from ewm.rewards.blind import KEYWORDS, SPAM
from ewm.scoring.baselines import NOTHING
from ewm.scoring.outline import Line, Outline, arguments, literals, write

NESTED, DEEP = 10_000, 200  # brackets, in one text and in each value
MEGABYTE = 1_000_000
CANDIDATES = 12
LINES = 300  # of a constant trace that is as long as any
LONG = 20_000  # characters, from which on reading all of them takes its time
EXPRESSIONS = {"a call": "int(1)", "a name": "x", "an operator": "1 + 0", "always equal": "Equal()"}
MARKS = ("end", "L2 x=1", "</execution_trace>", "<|end_of_text|>", "[/ANSWER]", "</think>")
MARK = "\n".join(MARKS)


def blind(truth: Truth, other: str = "") -> dict[str, str]:
    """Every attack on this example."""
    made = _answers(truth) if truth.task == "output" else _traces(truth)
    return {**dict(_anyhow(truth, other)), **dict(made)}


def _anyhow(truth: Truth, other: str) -> Iterator[tuple[str, str]]:
    """What is tried whatever is asked."""
    seen = literals(truth.source, truth.entry)
    yield "empty", ""
    yield "blank", " \n\n "
    yield "keywords", KEYWORDS
    yield "echo of the source", truth.source
    yield "visible literals", ", ".join(seen)
    yield "visible literals, one a line", "\n".join(dict.fromkeys(seen))
    yield "another program's truth", other
    yield "unparsable nesting", "[" * NESTED + "]" * NESTED
    yield "1 MB of a letter", "a" * MEGABYTE
    yield "code", "__import__('os').system('true')"
    yield "an assertion", f"assert {truth.entry or 'x'} == {truth.entry or 'x'}"
    yield "or True", "None or True"
    yield "markers", MARK
    if repr(MARK) in (truth.entry or ""):
        yield "the program's own markers", f"{truth.source}\n{MARK}"
    yield "thoughts without end", "<think>" + "wait, " * 1_000
    yield "thoughts that hold an answer", f"<think>\n{_outline(truth, 'then')}\n</think>\n"


def _answers(truth: Truth) -> Iterator[tuple[str, str]]:
    entry, seen = truth.entry or "f()", list(dict.fromkeys(literals(truth.source, truth.entry)))
    first = (arguments(truth.entry) or ["None"])[0]
    yield "echo of the first argument", first
    yield "last literal of the source", (literals(truth.source) or ["None"])[-1]
    yield "every candidate in one answer", " or ".join(seen)
    yield "every candidate in a container", f"[{', '.join(seen)}]"
    yield "every candidate in tags", "".join(f"[ANSWER]{value}[/ANSWER]" for value in seen[:CANDIDATES])
    yield "the call itself", entry
    yield "the call in brackets", f"({entry.partition('(')[0]})({entry.partition('(')[2]}"
    yield "the call with blanks", entry.replace("(", "( ", 1)
    yield "an operator", f"{first} + {first}"
    yield "a name", "x"
    yield "always equal", "Equal()"
    yield "a mark that is equal to all", "<ANY>"
    yield "over-long", f"{first}, " * 5_000


def _traces(truth: Truth) -> Iterator[tuple[str, str]]:
    seen = list(dict.fromkeys(literals(truth.source, truth.entry)))[:CANDIDATES]
    yield "no step", NOTHING.get(truth.format, "")
    yield "end marks", f"{NOTHING.get(truth.format, 'end')}\n" * 50
    yield "constant trace", SPAM.get(truth.format, "")
    yield (
        "constant trace, longer",
        write([Line("line", n, 0, (("x", str(n)),)) for n in range(1, LINES + 1)], truth.format),
    )
    yield "source in a trace", _written(truth, [(n, line) for n, line in enumerate(truth.source.splitlines(), 1)])
    every = [(f"x{i}", value) for i, value in enumerate(seen)]
    yield "every candidate at each step", write([Line("line", n, 0, tuple(every)) for n in range(1, 20)], truth.format)
    yield "every candidate, a step each", write(list(_each_candidate(truth, seen)), truth.format)
    for branch in ("then", "else", "all"):
        yield f"lines in order, {branch}", _outline(truth, branch)
    for value in ("0", "True", "None", "''", "[]"):
        yield f"lines in order, {value} filled in", _outline(truth, "then", value)
    for what, value in {**EXPRESSIONS, "markers": repr(MARK), "nesting": "[" * DEEP + "]" * DEEP}.items():
        yield f"lines in order, {what} for values", _outline(truth, "then", value)
    yield "lines in order, True for 1", _outline(truth, "then", change={"1": "True", "0": "False"})
    yield "lines in order, 50 times", _outline(truth, "all") * 50
    yield "over-long", write([Line("line", 1, 0)] * 5_000, truth.format)
    step = write([Line("line", 1, 0)] * 200, truth.format)
    yield "1 MB of steps", step * (MEGABYTE // len(step))
    yield (
        "every candidate returned",
        write([Line("return", n, 0, (), value) for n, value in enumerate(seen, 1)], truth.format),
    )


def _outline(truth: Truth, branch: str, unknown: str | None = None, change: dict[str, str] | None = None) -> str:
    lines = Outline(branch, unknown).of(truth.source, truth.entry)
    if change:
        lines = [
            Line(
                line.kind, line.line, line.frame,
                tuple((name, change.get(value, value)) for name, value in line.writes),
                change.get(line.value or "", line.value),
            )
            for line in lines
        ]  # fmt: skip
    return write(lines, truth.format)


def _each_candidate(truth: Truth, seen: Sequence[str]) -> Iterator[Line]:
    """Each line of the outline once for every value that a variable may get there."""
    for line in Outline("then", "0").of(truth.source, truth.entry):
        for value in (seen or ["0"]) if line.writes else [None]:
            writes = tuple((name, value or "0") for name, _ in line.writes)
            yield Line(line.kind, line.line, line.frame, writes, line.value)


def _written(truth: Truth, lines: Sequence[tuple[int, str]]) -> str:
    """The source's own text as the body of steps."""
    heads: dict[str, Callable[[int, str], str]] = {
        "delta": lambda n, text: f"L{n} {text}\n",
        "cwm": lambda n, text: f"<|line_sep|>{text}<|action_sep|>L{n}<|frame_sep|>",
        "ellora": lambda n, text: f"Line {n}: State: {{{text}}}\n",
    }
    head = heads.get(truth.format, heads["delta"])
    return "".join(head(n, text) for n, text in lines) + NOTHING.get(truth.format, "end")
