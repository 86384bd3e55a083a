"""Benchmarks as lists of examples. A loader is a function with keys of its own (levels, n, seed ...); `load` passes in
what it shares with training: limits, task, format, style, tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ewm.config import targets
from ewm.config.errors import ConfigError
from ewm.config.schema import FormatConfig, TaskConfig, TraceConfig
from ewm.data.benchmarks.cruxeval import cruxeval_o, read
from ewm.data.benchmarks.ellora5 import ellora5
from ewm.data.benchmarks.files import Missing, located
from ewm.data.benchmarks.heldout import heldout
from ewm.data.benchmarks.humaneval import humaneval
from ewm.data.example import Example

__all__ = ["cruxeval_o", "ellora5", "heldout", "humaneval", "lacking", "load"]


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


def lacking(cfg: Mapping[str, Any]) -> str | None:
    """Why the data of this benchmark cannot be had here, with what gets it; None if it can, or is made."""
    try:
        if cfg["_target_"] == f"{__name__}.humaneval":
            located("humaneval")
        elif cfg["_target_"] == f"{__name__}.cruxeval_o":
            read(cfg.get("path"))
    except Missing as missing:
        return f": its data is not on this machine. {missing}"
    except ConfigError as error:
        return f".path={error}"
    return None
