"""From programs to programs made of them: candidates are traced beside the program that they come from, and judged."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ewm.programs import Program, split_of
from ewm.sources.mutate.departure import Departure, first_departure
from ewm.sources.mutate.proof import FAILED, unfinished
from ewm.sources.mutate.text import Text, matching_lines
from ewm.tracing import Runner, Trace

MAX_CHARACTERS = 20_000
HELD_OUT = "its own shape is held out"


@dataclass(frozen=True)
class Candidate:
    """`original`: the program that was edited, under the call of the new one. `names`: new name -> old one."""

    program: Program
    original: Program
    kinds: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """A derived program beside the one that was edited, with both runs. `how`: what was proved."""

    program: Program
    original: Program
    trace: Trace
    truth: Trace
    kinds: tuple[str, ...]
    how: str

    def departure(self) -> Departure | None:
        """First line of the derived program whose state departs; None if no event does."""
        return first_departure(self.trace, self.truth, matching_lines(self.program.source, self.original.source))


Judge = Callable[[Candidate, Trace, Trace], tuple[bool, str]]  # (taken, how or why not)


@dataclass
class Funnel:
    """What became of the edits, by reason, and for each kind."""

    counts: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, Counter[str]] = field(default_factory=dict)

    def note(self, kinds: Sequence[str], what: str) -> None:
        self.counts[what] += 1
        for kind in kinds:
            self.kinds.setdefault(kind, Counter())[what] += 1


def proved(
    runner: Runner,
    programs: Iterable[Program],
    candidates: Callable[[Program], list[Candidate]],
    judge: Judge,
    most: int,
    funnel: Funnel,
) -> Iterator[Pair]:
    """At most `most` of each program's candidates, in their order. The funnel counts as far as has been read."""
    waiting: deque[tuple[Program, list[Candidate]]] = deque()
    traces = runner.trace_all(_runs(programs, candidates, waiting))
    for truth in traces:
        program, made = waiting.popleft()
        taken = 0
        funnel.counts["programs"] += 1
        funnel.counts["without an edit"] += not made
        if made and not truth.finished:
            funnel.counts[FAILED] += 1
        for candidate in made:
            original = truth if candidate.original == program else next(traces)
            trace = next(traces)
            if taken == most or not truth.finished:
                continue
            funnel.counts["tried"] += 1
            why = unfinished(trace) or unfinished(original)
            good, how = (False, why) if why else judge(candidate, trace, original)
            funnel.note(candidate.kinds, how)
            if good:
                taken += 1
                yield Pair(candidate.program, candidate.original, trace, original, candidate.kinds, how)


def _runs(
    programs: Iterable[Program],
    candidates: Callable[[Program], list[Candidate]],
    waiting: deque[tuple[Program, list[Candidate]]],
) -> Iterator[Program]:
    for program in programs:
        made = candidates(program)
        waiting.append((program, made))
        yield program
        for candidate in made:
            if candidate.original != program:
                yield candidate.original
            yield candidate.program


def text_of(program: Program) -> Text | None:
    """None if it cannot be edited: too long, or it does not parse."""
    if len(program.source) > MAX_CHARACTERS:
        return None
    try:
        text = Text(program.source, program.entry)
        return text if text.nodes else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def derived(
    program: Program, source: str, entry: str | None, relation: Literal["mutant", "twin"], kind: str, number: int
) -> Program:
    """The new program: family, split, licence and level are those of the first of the chain."""
    return Program(
        source=source,
        entry=entry,
        stdin=program.stdin,
        origin=f"{program.origin}/{relation}:{kind}:{number}",
        licence=program.licence,
        level=program.level,
        parent=program.parent or program.source,
        relation=relation,
    )


def held_out(program: Program) -> bool:
    """By its own text it would belong to the test split, and by its parent's it does not."""
    alone = Program(program.source, origin=program.origin)
    return program.split != "test" and split_of(alone.family) == "test"
