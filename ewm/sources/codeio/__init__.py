"""The programs of CodeI/O that PyPI's reasoning-gym ships (Apache-2.0), each with inputs that its own generator made.

A row is code with a `main_solution`, and a generator of inputs. The code is read, never run here; the generator runs
in isolation. Nothing of reasoning-gym is imported: only its files are read.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ewm.config.schema import TraceConfig
from ewm.programs import Program, Split
from ewm.programs.constructs import constructs
from ewm.sources.codeio.making import Made, made
from ewm.sources.codeio.rows import LICENCE, data, version

__all__ = ["CodeIO"]


class CodeIO:
    """Finite, in an order drawn by the seed.

    `inputs_per_program`: calls of one program at the most. `exclude_constructs`: see ewm.programs.constructs.
    `cache_dir`: folder where what the generators gave is kept, by content. `counts`: what was found, what was left
    out, and why; rows until "inputs", programs from there on.
    """

    def __init__(
        self, inputs_per_program: int = 2, exclude_constructs: Sequence[str] = (), cache_dir: str | None = None
    ) -> None:
        if inputs_per_program < 1:
            raise ValueError(f"inputs_per_program={inputs_per_program}: it wants 1 or more.")
        self.inputs, self.excluded, self.cache_dir = inputs_per_program, frozenset(exclude_constructs), cache_dir
        self.counts: Counter[str] = Counter()
        self._level: tuple[str, str | None] = ("auto", None)
        data()

    def isolated(self, trace: TraceConfig) -> None:
        """Of the generators that it runs."""
        self._level = trace.isolation, trace.require

    def programs(self, seed: int, split: Split | None = None) -> Iterator[Program]:
        self.counts.clear()
        found, counts = made(Path(self.cache_dir) if self.cache_dir else None, *self._level)
        self.counts.update(counts)
        programs = [program for one in found for program in self._programs(one)]
        self.counts["programs"] = len(programs)
        random.Random(f"codeio:{seed}").shuffle(programs)
        for program in programs:
            if split is not None and program.split != split:
                self.counts["left out: another split"] += 1
            elif self.excluded and not self.excluded.isdisjoint(constructs(program.source)):
                self.counts["left out: a construct of exclude_constructs"] += 1
            else:
                yield program

    def fingerprint(self) -> str:
        """What the programs depend on beside seed and config."""
        return f"reasoning-gym {version()}"

    def _programs(self, one: Made) -> Iterator[Program]:
        for k, entry in one.calls[: self.inputs]:
            yield Program(one.source, entry, "", f"codeio:{one.row}:{k}", LICENCE)
