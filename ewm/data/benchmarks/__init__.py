"""Benchmarks as lists of examples. A loader is a function with keys of its own (levels, n, seed ...); `load` passes in
what it shares with training: limits, task, format, style, tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ewm.config import targets
from ewm.config.schema import FormatConfig, TaskConfig, TraceConfig
from ewm.data.benchmarks.ellora5 import ellora5
from ewm.data.benchmarks.heldout import heldout
from ewm.data.example import Example

__all__ = ["ellora5", "heldout", "load"]


def load(
    name: str,
    cfg: Mapping[str, Any],
    *,
    trace: TraceConfig,
    task: TaskConfig,
    format: FormatConfig,
    style: str,
    count_tokens: Callable[[str], int] | None = None,
    plugins: Sequence[str] = (),
) -> list[Example]:
    """The examples of the benchmark that `cfg` describes ({_target_, ...}); the same every time."""
    shared = {"trace": trace, "task": task, "format": format, "style": style, "count_tokens": count_tokens}
    return targets.build(cfg, plugins, name=name, roots=plugins, **shared)
