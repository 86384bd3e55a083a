"""The sources that a config names, and what keeps near copies and benchmarks apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

from ewm.config import targets
from ewm.config.schema import TraceConfig
from ewm.programs import Program, Split


class Source(Protocol):
    """Where programs come from. It may also have `counts`, a Counter of what it found and left out by reason as far as
    it was read, and `drafts(seed)`, its candidates of every split as picklable calls that make them; one that runs
    programs has `isolated(trace)`, which tells it the isolation to run them in."""

    def programs(self, seed: int, split: Split | None = None) -> Iterator[Program]: ...
    def fingerprint(self) -> str: ...


def build(
    sources: Mapping[str, Mapping[str, Any]], plugins: Sequence[str] = (), trace: TraceConfig | None = None
) -> dict[str, Source]:
    """The sources that a config names. What they run, they run in the isolation of `trace`."""
    made = {name: targets.build(node, plugins) for name, node in sources.items()}
    for source in made.values():
        isolate(source, trace)
    return made


def isolate(source: Any, trace: TraceConfig | None) -> None:
    """Tell a source the isolation, if it runs anything."""
    if trace is not None and hasattr(source, "isolated"):
        source.isolated(trace)


def weights(sources: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Each source's weight in the draw: as given, else 1; where no source gives one, their counts."""
    counted = all("weight" not in node for node in sources.values()) and all(
        "count" in node for node in sources.values()
    )
    return {name: float(node["count"] if counted else node.get("weight", 1.0)) for name, node in sources.items()}


class Distinct:
    """Lets each program through once, and at most `per_family` of a family; none whose shape is in `banned`."""

    def __init__(self, per_family: int, banned: Collection[str] = ()) -> None:
        self.per_family, self.banned = per_family, banned
        self._ids: set[str] = set()
        self._families: Counter[str] = Counter()

    def reason(self, program: Program) -> str | None:
        """Why the program is dropped; None if it is taken."""
        if program.id in self._ids:
            return "duplicate"
        if self._families[program.family] >= self.per_family:
            return "family is full"
        if self.banned and shape(program) in self.banned:
            return "in a benchmark"
        self._ids.add(program.id)
        self._families[program.family] += 1
        return None


def shape(program: Program) -> str:
    """The family as it is for grammar programs: names and constants erased."""
    if program.origin.startswith("grammar:"):
        return program.family
    return Program(program.source, origin="grammar:").family
