"""A trace against the oracle's account of the same run, event by event and name by name.

The oracle is the program itself, instrumented on its tree to record state by deep copy (see `instrument`,
`recorder`), run without any trace function in the isolation of every run. Kinds, lines, functions, depths, all
locals, the module's variables, values and exceptions must agree, in order. Not compared: the rounds of a `while`
whose body stands on its own line (Python reports its test once a jump, the oracle each time); a generator that is
ended before it begins; messages that only user code could write.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from ewm.tracing.events import Event, Trace
from ewm.tracing.reading import nodes, readable, same

WHOLE = ("ok", "exception", "exit")  # the program came to its end
FAR = 2000  # events that are aligned after the first disagreement
LONG_TEXT = 60  # as in recorder


@dataclass(frozen=True)
class Wrong:
    """One disagreement at one event of the trace; `name` is empty where the event itself is at fault."""

    event: int
    line: int
    name: str
    traced: str
    oracle: str


@dataclass(frozen=True)
class Comparison:
    """`lines`: state lines compared; `events`: events compared, of every kind."""

    lines: int = 0
    events: int = 0
    wrong: tuple[Wrong, ...] = ()


def compare(source: str, trace: Trace, oracle: Trace) -> Comparison:
    """Every event of the trace, or the part that is there if the run was cut."""
    traced, told = _normal(trace.events), _normal(_spelt(oracle.events))
    wrong: list[Wrong] = []
    states = _modules(trace.events)
    lines = events = 0
    whole = trace.status in WHOLE, oracle.status in WHOLE
    ours, theirs = [event for _, event in traced], [event for _, event in told]
    for i, j in _aligned(ours, theirs, _short_loops(source), *whole):
        if i is None:
            event = theirs[j or 0]
            wrong.append(Wrong(_before(trace.events, event), event.line, "", "no event", _words(event)))
            continue
        at, event = traced[i]
        if j is None:
            wrong.append(Wrong(at, event.line, "", _words(event), "no event"))
            continue
        events += 1
        lines += event.kind == "line"
        wrong += [Wrong(at, event.line, *found) for found in _differences(event, theirs[j], states[at])]
    return Comparison(lines, events, tuple(wrong))


def _spelt(events: Sequence[Event]) -> list[Event]:
    """Long texts written out again: the recorder numbers them as they come."""
    texts: list[str] = []

    def spelt(state: dict[str, str]) -> dict[str, str]:
        full = {}
        for name, text in state.items():
            if text[:1] == "@":
                text = texts[int(text[1:])]
            elif len(text) > LONG_TEXT:
                texts.append(text)
            full[name] = text
        return full

    return [replace(e, locals=spelt(e.locals), globals=spelt(e.globals)) for e in events]


def _normal(events: Sequence[Event]) -> list[tuple[int, Event]]:
    """Both sides in one form, with their indices: an exception's event stands where its frame goes on.

    The tracer has it at the raise, the oracle where it is caught; in between only frames that Python drops can close,
    as a generator whose loop is left. One that leaves its frame at once is one event, with the state of the raise.
    """
    done: list[tuple[int, Event]] = []
    held: list[tuple[int, Event]] = []
    for number, event in enumerate(events):
        if held and event.depth <= held[-1][1].depth:
            index, last = held.pop()
            if event.unwound and _key(last) == (*_key(event)[:4], False):
                number, event = index, replace(last, unwound=True)
            else:
                done.append((index, last))
        if event.kind == "exception" and not event.unwound:
            held.append((number, event))
        else:
            done.append((number, event))
    return done + held


def _short_loops(source: str) -> set[int]:
    """Lines of `while` statements that hold their body, too."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # another Python took it
        return set()
    return {n.lineno for n in ast.walk(tree) if isinstance(n, ast.While) and n.body[0].lineno == n.lineno}


def _modules(events: Sequence[Event]) -> list[dict[str, str]]:
    """The module's variables at every event, as the trace tells them."""
    now: dict[str, str] = {}
    states = []
    for event in events:
        if event.function == "<module>":
            now = event.locals
        elif event.globals:
            now = {k: v for k, v in {**now, **event.globals}.items() if v}
        states.append(now)
    return states


def _key(event: Event) -> tuple[str, int, str, int, bool]:
    return (event.kind, event.line, event.function, event.depth, event.unwound)


def _aligned(
    traced: Sequence[Event], told: Sequence[Event], loops: set[int], whole: bool, told_whole: bool
) -> Iterator[tuple[int | None, int | None]]:
    """Pairs of indices, None where one side has no such event."""
    ours, theirs = [_key(e) for e in traced], [_key(e) for e in told]
    i = j = 0
    while i < len(ours) and j < len(theirs):
        if ours[i] == theirs[j]:
            yield i, j
            i, j = i + 1, j + 1
        elif theirs[j][0] == "line" and theirs[j][1] in loops:
            j += 1
        elif ours[i][0] == "call" and ours[i + 1 : i + 2] == [("exception", *ours[i][1:4], True)]:
            i += 2  # a generator that was ended before it began: no statement of it ran
        elif ours[i][0] == "line" and ours[i][1] in loops:
            i += 1
        else:
            break
    cut = len(ours) - i > FAR or len(theirs) - j > FAR
    ours, theirs, whole, told_whole = ours[: i + FAR], theirs[: j + FAR], whole and not cut, told_whole and not cut
    rest = SequenceMatcher(None, ours[i:], theirs[j:], autojunk=False)
    for tag, a, b, c, d in rest.get_opcodes():
        if tag == "equal":
            yield from ((i + n, j + m) for n, m in zip(range(a, b), range(c, d), strict=True))
            continue
        if told_whole or d < len(theirs) - j:  # what follows a cut is no fault
            yield from (
                (i + n, None) for n in range(a, b) if not (ours[i + n][0] == "line" and ours[i + n][1] in loops)
            )
        if whole or b < len(ours) - i:
            yield from ((None, j + m) for m in range(c, d) if theirs[j + m][1] not in loops)


def _before(traced: Sequence[Event], event: Event) -> int:
    """Where about the missing event should stand."""
    return next((i for i, e in enumerate(traced) if _key(e) == _key(event)), len(traced))


def _words(event: Event) -> str:
    return f"{'unwind' if event.unwound else event.kind} in {event.function}, depth {event.depth}"


def _differences(event: Event, told: Event, module: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """(name, traced, oracle) for everything that differs."""
    yield from _states(event.locals, told.locals, "")
    if event.function != "<module>":
        yield from _states(module, told.globals, "global ")
    ours, theirs = event.value, told.value
    if isinstance(theirs, dict):
        kind = ours.get("type", "") if isinstance(ours, dict) else str(ours)
        if theirs["type"] not in ("", kind):
            yield "exception", kind, theirs["type"]
        if theirs["message"] and isinstance(ours, dict) and not _says(ours["message"], theirs["message"]):
            yield "message", ours["message"], readable(theirs["message"])
    elif (ours is None) != (theirs is None) or (isinstance(ours, str) and not same(ours, str(theirs))):
        yield event.kind, str(ours), readable(theirs) if theirs is not None else "None"


def _states(ours: dict[str, str], theirs: dict[str, str], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs or not same(ours[name], theirs[name]):
            yield (
                prefix + name,
                ours.get(name, "no such name"),
                readable(theirs[name]) if name in theirs else "no such name",
            )


def _says(message: str, told: str) -> bool:
    """A message, perhaps cut, against the oracle's text of it."""
    _, (length, text) = nodes(told)
    head, more, count = message.rpartition("<+")
    if head[-1:] in ("'", '"') and head[:1] == head[-1:]:  # a KeyError's key, cut within its quotes
        return text.startswith(head[:-1]) and count == f"{length - len(head)}>"
    cut = bool(more) and count == f"{length - len(head)}>"
    return message == text or (cut and text.startswith(head[: len(text)]))
