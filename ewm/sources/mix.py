"""The sources that a config names, their weights, and the shape by which programs are told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


def shape(program: Program) -> str:
    """The family as it is for grammar programs: names and constants erased."""
    if program.origin.startswith("grammar:"):
        return program.family
    return Program(program.source, origin="grammar:").family
