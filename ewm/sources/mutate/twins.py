"""Programs that do the same in other words: up to `edits` rewritings on top of each other, proved by running to give
the same result, output and exception. Where every rewriting keeps the order of events, so are all written values."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Annotated

from ewm.config.signature import AtLeast, Entry, OneOf
from ewm.programs import Program
from ewm.sources.mix import Source
from ewm.sources.mutate import loops, rewrites
from ewm.sources.mutate.derive import Candidate, Derived, derived, text_of
from ewm.sources.mutate.proof import unlike
from ewm.sources.mutate.renaming import rename
from ewm.sources.mutate.text import Edit, Text, apply
from ewm.tracing import Trace

REWRITINGS = {function.__name__: function for function in (*rewrites.KINDS, *loops.KINDS)}
KINDS = ("rename", *REWRITINGS)
KEEPING = frozenset({"rename", *(function.__name__ for function in rewrites.KEEPING)})
PROVED = "the same"


class Twins(Derived):
    """Of each program of `source` up to `per_program` twins."""

    name, version = "twins", 1

    def __init__(
        self,
        source: Annotated[Source, Entry()],
        per_program: Annotated[int, AtLeast(1)] = 1,
        edits: Annotated[int, AtLeast(1)] = 3,
        kinds: Annotated[Sequence[str], OneOf(KINDS)] = KINDS,
        workers: Annotated[int, AtLeast(0)] = 0,
    ) -> None:
        super().__init__(source, per_program, kinds, KINDS, workers)
        self.edits = edits

    def _candidates(self, program: Program, seed: int) -> list[Candidate]:
        rng = random.Random(f"twins:{seed}:{program.id}")
        found: dict[str, Candidate] = {}
        for number in range(2 * self.per_program + 1):
            made = self._candidate(program, rng, number)
            if made and made.program.id != program.id:
                found.setdefault(made.program.id, made)
        return list(found.values())

    def _candidate(self, program: Program, rng: random.Random, number: int) -> Candidate | None:
        source, entry = program.source, program.entry
        kinds: list[str] = []
        names: dict[str, str] = {}
        for _ in range(rng.randint(1, self.edits)):
            text = text_of(Program(source, entry))
            found = self._edit(text, rng, kinds) if text else None
            if found is None:
                break
            kind, edit = found
            source, entry = apply(source, edit), edit.entry or entry
            names = _composed(names, edit.names)
            kinds.append(kind)
        if not kinds:
            return None
        twin = derived(program, source, entry, "twin", "+".join(kinds), number)
        return Candidate(twin, program, tuple(kinds), names)

    def _edit(self, text: Text, rng: random.Random, used: Sequence[str]) -> tuple[str, Edit] | None:
        """An edit of a kind that was not used yet, if there is one."""
        for kind in rng.sample(self.kinds, len(self.kinds)):
            edits = list(rename(text, rng) if kind == "rename" else REWRITINGS[kind](text)) if kind not in used else []
            if edits:
                return kind, rng.choice(edits)
        return None

    def _judge(self, candidate: Candidate, trace: Trace, original: Trace) -> tuple[bool, str]:
        called, keeping = candidate.program.entry is not None, KEEPING.issuperset(candidate.kinds)
        why = unlike(trace, original, candidate.names, called, keeping)
        return why is None, why or PROVED


def _composed(names: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """New name -> first name, after one more renaming (old name -> new name)."""
    after = {new.get(name, name): first for name, first in names.items()}
    return after | {name: old for old, name in new.items() if old not in names}
