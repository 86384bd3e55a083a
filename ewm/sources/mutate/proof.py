"""What two runs say about an edit: behaves as before, or otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ewm.sources.mutate.departure import first_departure
from ewm.tracing.events import Trace

FAILED = "the program does not finish"


def unfinished(trace: Trace) -> str | None:
    """Why an edited program's run is of no use; None if it is."""
    if trace.status == "syntax_error":
        return "does not compile"
    if trace.status in ("timeout", "event_limit", "output_limit", "memory"):
        return "does not end"
    return None if trace.finished else f"trace: {trace.status if not trace.truncated else 'cut'}"


def outcome(trace: Trace, called: bool) -> tuple[object, ...]:
    """What can be seen from outside: result, output, exception; of a body without a call its variables too."""
    seen = (trace.result, trace.stdout, tuple((trace.exception or {}).items()))
    return seen if called else (*seen, tuple(sorted(_left(trace).items())))


def difference(mutant: Trace, original: Trace, lines: Mapping[int, int], called: bool) -> str | None:
    """What differs: the outcome, or only states on the way; None if nothing does."""
    if outcome(mutant, called) != outcome(original, called):
        return "outcome"
    return "states" if first_departure(mutant, original, lines) else None


def unlike(twin: Trace, original: Trace, names: Mapping[str, str], called: bool, writes: bool) -> str | None:
    """How the twin's behaviour differs; None if it does not. `names`: new name -> old one. `writes`: the sequence of
    written and returned values is compared too."""
    if twin.stdout != original.stdout:
        return "output differs"
    if twin.exception != original.exception:
        return "exception differs"
    if _plain(twin.result) != _plain(original.result):
        return "result differs"
    if not called:
        old, new = _left(original), {names.get(name, name): value for name, value in _left(twin).items()}
        if any(new[name] != old[name] for name in old.keys() & new.keys()):
            return "a variable differs"
    if writes and list(_written(twin)) != list(_written(original)):
        return "written values differ"
    return None


def _left(trace: Trace) -> dict[str, str]:
    """Variables of the module as its body leaves them; functions and what else is no literal left out."""
    last = next((e for e in reversed(trace.events) if e.depth == 0), None)
    return {name: value for name, value in (last.locals if last else {}).items() if not value.startswith("<")}


def _plain(value: str | None) -> str | None:
    """A function is called otherwise in a twin."""
    return "<" if value and value.startswith("<function ") else value


def _written(trace: Trace) -> Iterator[str]:
    shown: dict[int, dict[str, str]] = {}
    for event in trace.events:
        before = shown.get(event.depth, {}) if event.kind != "call" else {}
        shown[event.depth] = event.locals
        for name, value in event.locals.items():
            if before.get(name) != value and not value.startswith("<"):
                yield value
        if isinstance(event.value, str):
            yield _plain(event.value) or ""
