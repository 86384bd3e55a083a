"""The pretraining stream as config names it: a picklable call from a position to a stream that goes on from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ewm.config.errors import ConfigError
from ewm.config.schema import DataConfig, FormatConfig, TaskConfig, TraceConfig
from ewm.data.stream import Encode, Stream, stream
from ewm.programs.curriculum import Curriculum
from ewm.programs.presets import given


@dataclass(frozen=True)
class Endless:
    """Called in the process that makes examples; `encode` must be picklable too."""

    seed: int
    curriculum: Curriculum
    style: str
    encode: Encode
    format: str
    trace: TraceConfig

    def __call__(self, position: int) -> Stream:
        return stream(
            self.seed,
            self.curriculum,
            style=self.style,
            encode=self.encode,
            start=position,
            format=self.format,
            trace=self.trace,
        )


def endless(
    data: DataConfig, trace: TraceConfig, task: TaskConfig, format: FormatConfig, style: str, *, encode: Encode
) -> Endless:
    """The curriculum is that of the grammar sources. `task` is not read: the stream mixes its own tasks."""
    return Endless(data.seed, curriculum_of(data.sources), style, encode, format.name, trace)


def curriculum_of(sources: Mapping[str, Any]) -> Curriculum:
    """Level -> weight, first programs and knobs, over all sources of `data.sources`."""
    levels: dict[str, float] = {}
    first: dict[str, int] = {}
    knobs: dict[str, dict[str, Any]] = {}
    for name, node in sources.items():
        if "levels" not in node:
            raise ConfigError(f"data.sources.{name}: a stream (sft.stream=true) draws from ewm.sources.Grammar only.")
        for level, weight in node["levels"].items():
            levels[level] = levels.get(level, 0.0) + float(weight) * node.get("weight", 1.0)
        for level, count in node.get("first", {}).items():
            first[level] = first.get(level, 0) + int(count)
        turned = given(node.get("knobs", {}))
        for level in (*node["levels"], *node.get("first", {})):
            if knobs.setdefault(level, turned) != turned:
                raise ConfigError(
                    f"data.sources.{name}.knobs: a stream (sft.stream=true) has one way to write {level}, "
                    f"and another source gives it other knobs. Give both the same."
                )
    return Curriculum(levels, first, {level: turned for level, turned in knobs.items() if turned})
