"""Programs with a mistake in them, of the kinds that real programs have; each proved by running to behave otherwise
than the program that it was made from, on this call."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Annotated

from ewm.config.schema import TraceConfig
from ewm.config.signature import AtLeast, Entry, OneOf
from ewm.programs import Program, Split
from ewm.sources.mix import Source
from ewm.sources.mutate import expressions, omissions
from ewm.sources.mutate.derive import Candidate, Funnel, Pair, derived, proved, text_of
from ewm.sources.mutate.proof import difference
from ewm.sources.mutate.text import apply, matching_lines
from ewm.tracing import Runner, Trace

VERSION = 1
MUTATIONS = {function.__name__: function for function in (*expressions.KINDS, *omissions.KINDS)}
SAME = "no difference"


class Mutants:
    """Of each program of `source` up to `per_program` mutants, as many kinds as can be.

    `outcome`: only those whose result, output or exception differs; else a state on the way is enough.
    """

    def __init__(
        self,
        source: Annotated[Source, Entry()],
        per_program: Annotated[int, AtLeast(1)] = 1,
        kinds: Annotated[Sequence[str], OneOf(tuple(MUTATIONS))] = tuple(MUTATIONS),
        outcome: bool = False,
        workers: Annotated[int, AtLeast(0)] = 0,
    ) -> None:
        if not kinds:
            raise ValueError(f"kinds: none is left. Kinds: {', '.join(MUTATIONS)}.")
        self.source, self.per_program, self.kinds, self.outcome = source, per_program, tuple(kinds), outcome
        self._trace = TraceConfig(workers=workers)
        self.funnel = Funnel()

    @property
    def counts(self) -> Counter[str]:
        """What became of the edits that were tried, as far as programs() has been read."""
        return self.funnel.counts

    def programs(self, seed: int, split: Split | None = None) -> Iterator[Program]:
        return (pair.program for pair in self.pairs(seed, split))

    def pairs(self, seed: int, split: Split | None = None) -> Iterator[Pair]:
        """Each mutant with what it was made from, and how it differs: in its "outcome", or in "states" only."""
        with Runner(self._trace) as runner:
            made = proved(
                runner, self.source.programs(seed, split), lambda program: self._candidates(program, seed), self._judge,
                self.per_program, self.funnel,
            )  # fmt: skip
            yield from made

    def fingerprint(self) -> str:
        """What the programs depend on beside seed and config."""
        return f"mutants {VERSION} of {self.source.fingerprint()}"

    def _candidates(self, program: Program, seed: int) -> list[Candidate]:
        text = text_of(program)
        if text is None:
            return []
        rng = random.Random(f"mutants:{seed}:{program.id}")
        edits = [[(kind, number, edit) for number, edit in enumerate(MUTATIONS[kind](text))] for kind in self.kinds]
        for each in (edits, *edits):
            rng.shuffle(each)  # type: ignore[arg-type]
        found: dict[str, Candidate] = {}
        wanted = 2 * self.per_program + 1
        for kind, number, edit in (row for turn in zip_longest(*edits) for row in turn if row):
            source, entry = apply(program.source, edit), edit.entry or program.entry
            mutant = derived(program, source, entry, "mutant", kind, number)
            if source != program.source and mutant.id not in found:
                original = program if entry == program.entry else replace(program, entry=entry)
                found[mutant.id] = Candidate(mutant, original, (kind,))
                wanted -= found[mutant.id].usable
            if not wanted:
                break
        return list(found.values())

    def _judge(self, candidate: Candidate, trace: Trace, original: Trace) -> tuple[bool, str]:
        lines = matching_lines(candidate.program.source, candidate.original.source)
        found = difference(trace, original, lines, candidate.program.entry is not None)
        return found == "outcome" or (found is not None and not self.outcome), found or SAME
