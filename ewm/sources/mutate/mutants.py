"""Programs with a mistake in them, of the kinds that real programs have; each proved by running to behave otherwise
than the program that it was made from, on this call."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Annotated

from ewm.config.signature import AtLeast, Entry, OneOf
from ewm.programs import Program
from ewm.sources.mix import Source
from ewm.sources.mutate import expressions, omissions
from ewm.sources.mutate.derive import Candidate, Derived, derived, text_of
from ewm.sources.mutate.proof import difference
from ewm.sources.mutate.text import apply, matching_lines
from ewm.tracing import Trace

MUTATIONS = {function.__name__: function for function in (*expressions.KINDS, *omissions.KINDS)}
SAME = "no difference"


class Mutants(Derived):
    """Of each program of `source` up to `per_program` mutants, as many kinds as can be.

    `outcome`: only those whose result, output or exception differs; else a state on the way is enough.
    """

    name, version = "mutants", 1

    def __init__(
        self,
        source: Annotated[Source, Entry()],
        per_program: Annotated[int, AtLeast(1)] = 1,
        kinds: Annotated[Sequence[str], OneOf(tuple(MUTATIONS))] = tuple(MUTATIONS),
        outcome: bool = False,
        workers: Annotated[int, AtLeast(0)] = 0,
    ) -> None:
        super().__init__(source, per_program, kinds, tuple(MUTATIONS), workers)
        self.outcome = outcome

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
