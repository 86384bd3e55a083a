"""From programs to programs made of them: candidates are traced beside the program that they come from, and judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from ewm.config.schema import TraceConfig
from ewm.programs import Program, Split, split_of
from ewm.sources.mix import Source, isolate
from ewm.sources.mutate.departure import Departure, first_departure
from ewm.sources.mutate.proof import FAILED, unfinished
from ewm.sources.mutate.text import Text, matching_lines
from ewm.tracing import Runner, Trace

MAX_CHARACTERS = 20_000
TAKEN, LEFT = "taken: ", "left out: "
WITHOUT = "without an edit"
HELD_OUT, ENOUGH = "its own shape is held out", "enough of this program"


@dataclass(frozen=True)
class Candidate:
    """`original`: the program that was edited, under the call of the new one. `names`: new name -> old one.

    Not `usable`: its own shape is held out.
    """

    program: Program
    original: Program
    kinds: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def usable(self) -> bool:
        return not held_out(self.program)


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
    """What became of the programs, and of each of their candidates: `taken: HOW` or `left out: WHY`. The same of each
    kind; a candidate of several kinds counts for all of them."""

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
        tried = [(each, *_pair_of_traces(each, program, truth, traces)) for each in made if each.usable]
        funnel.counts["programs"] += 1
        if not made or not truth.finished:
            funnel.counts[FAILED if made else WITHOUT] += 1
            continue
        funnel.counts["candidates"] += len(made)
        for each in made:
            if not each.usable:
                funnel.note(each.kinds, LEFT + HELD_OUT)
        taken = 0
        for candidate, trace, original in tried:
            if taken == most:
                funnel.note(candidate.kinds, LEFT + ENOUGH)
                continue
            why = unfinished(trace) or unfinished(original)
            good, how = (False, why) if why else judge(candidate, trace, original)
            funnel.note(candidate.kinds, (TAKEN if good else LEFT) + how)
            if good:
                taken += 1
                yield Pair(candidate.program, candidate.original, trace, original, candidate.kinds, how)


class Derived(ABC):
    """A source whose programs are made from another one's: what `Mutants` and `Twins` share. A subclass says which
    candidates a program has (`_candidates`) and which of them are good (`_judge`)."""

    name: str
    version: int

    def __init__(
        self, source: Source, per_program: int, kinds: Sequence[str], known: Sequence[str], workers: int
    ) -> None:
        if not kinds:
            raise ValueError(f"kinds: none is left. Kinds: {', '.join(known)}.")
        self.source, self.per_program, self.kinds = source, per_program, tuple(kinds)
        self._trace = TraceConfig(workers=workers)
        self.funnel = Funnel()

    def isolated(self, trace: TraceConfig) -> None:
        self._trace = replace(self._trace, isolation=trace.isolation, require=trace.require)
        isolate(self.source, trace)

    @property
    def counts(self) -> Counter[str]:
        """What became of the edits that were tried, as far as programs() has been read."""
        return self.funnel.counts

    def programs(self, seed: int, split: Split | None = None) -> Iterator[Program]:
        return (pair.program for pair in self.pairs(seed, split))

    def pairs(self, seed: int, split: Split | None = None) -> Iterator[Pair]:
        """Each program with what it was made from, and how it was judged."""
        with Runner(self._trace) as runner:
            yield from proved(
                runner, self.source.programs(seed, split), lambda program: self._candidates(program, seed), self._judge,
                self.per_program, self.funnel,
            )  # fmt: skip

    def fingerprint(self) -> str:
        """What the programs depend on beside seed and config."""
        return f"{self.name} {self.version} of {self.source.fingerprint()}"

    @abstractmethod
    def _candidates(self, program: Program, seed: int) -> list[Candidate]:
        """In the order in which they are tried."""

    @abstractmethod
    def _judge(self, candidate: Candidate, trace: Trace, original: Trace) -> tuple[bool, str]:
        """Whether it is taken, and how or why not."""


def _pair_of_traces(
    candidate: Candidate, program: Program, truth: Trace, traces: Iterator[Trace]
) -> tuple[Trace, Trace]:
    """The candidate's and that of the program that it was made from, in the order of `_runs`."""
    original = truth if candidate.original == program else next(traces)
    return next(traces), original


def _runs(
    programs: Iterable[Program],
    candidates: Callable[[Program], list[Candidate]],
    waiting: deque[tuple[Program, list[Candidate]]],
) -> Iterator[Program]:
    for program in programs:
        made = candidates(program)
        waiting.append((program, made))
        yield program
        for candidate in (each for each in made if each.usable):
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
