"""Held-out programs: `n` of each grammar level (reserved and long ones too, if named) and of each other source, from
families of the test split alone, one program a family. The items depend on `seed`, never on a run's data seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated, Any

from ewm.config.schema import FormatConfig, TaskConfig, TraceConfig
from ewm.config.signature import AtLeast, OneOf
from ewm.data.benchmarks.items import examples
from ewm.data.benchmarks.shapes import banned
from ewm.data.example import Example
from ewm.programs import Program
from ewm.programs.levels import RESERVED, TRAINED
from ewm.programs.presets import ALL
from ewm.sources import mix
from ewm.sources.dedup import Distinct, fingerprint
from ewm.sources.grammar import Grammar

SEEDS = 7_000_003  # apart from the seeds of training data


def heldout(
    n: Annotated[int, AtLeast(1)] = 30,
    levels: Annotated[Sequence[str], OneOf(tuple(ALL))] = (*TRAINED, *RESERVED),
    sources: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int = 0,
    max_target_tokens: Annotated[int, AtLeast(1)] | None = None,
    *,
    name: str = "heldout",
    trace: TraceConfig,
    task: TaskConfig,
    format: FormatConfig,
    style: str,
    count_tokens: Callable[[str], int] | None = None,
    roots: Sequence[str] = (),
) -> list[Example]:
    """`n` examples a level and a further source (fewer if a source has no more); all complete."""

    def fits(example: Example) -> bool:
        short = not max_target_tokens or not count_tokens or count_tokens(example.target) <= max_target_tokens
        return example.truth.complete and short

    parts = [("grammar", Grammar({level: 1.0}).programs(SEEDS + seed, "test")) for level in levels]
    parts += [(part, source.programs(seed, "test")) for part, source in mix.build(sources or {}, roots, trace).items()]
    found: list[Example] = []
    for part, programs in parts:
        made = examples(_distinct(part, programs, 20 * n + 100), trace, task, format, style, fits)
        found += islice(made, n)
        made.close()
    return found


def _distinct(part: str, programs: Iterator[Program], most: int) -> Iterator[tuple[str, Program]]:
    distinct = Distinct(1, banned=banned())
    for number, program in enumerate(programs):
        if number == most:
            return
        if distinct.reason(fingerprint(program, near=False)) is None:
            yield part, program
