"""What only this machine can answer, by trying it: is there a place for the run's folder, are the interpreter that
traces and its isolation to be had.

Takes a moment and leaves nothing behind; for a run that is about to start, so not part of `check`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ewm.config import library, targets
from ewm.config.errors import ConfigError
from ewm.config.load import to_dataclass
from ewm.config.schema import TraceConfig, TrainConfig


def problems(made: DictConfig, overrides: Sequence[str], config_name: str, multirun: bool) -> list[str]:
    """Of this composed config, Hydra's node included."""
    found = list(_place(made, config_name, multirun))
    try:
        cfg = to_dataclass(made, overrides)
    except ConfigError:
        return found  # the check says what is wrong
    return [*found, *ranks(cfg, multirun), *tracing(cfg.trace)]


def ranks(cfg: Any, multirun: bool = False) -> Iterator[str]:
    """What a distributed launch cannot run: all but one GRPO run on one machine."""
    there = int(os.environ.get("WORLD_SIZE", "1"))
    here = int(os.environ.get("LOCAL_WORLD_SIZE", there))
    if there == 1:
        return
    alone = "start it with python, without accelerate launch"
    if multirun:
        yield f"-m inside a distributed launch of {there} ranks: a sweep starts its own processes; {alone}."
        return
    if not isinstance(cfg, TrainConfig):
        yield f"{there} ranks: an evaluation has one; {alone}."
        return
    if here != there:
        yield f"{there} ranks, {here} of them on this machine: all of them have to be. Possible here: {here}."
    if cfg.sft.enabled:
        yield f"sft.enabled=true with {there} ranks: SFT starts its own processes; {alone}."
    elif not cfg.grpo.enabled:
        yield f"grpo.enabled=false with {there} ranks: nothing would be shared; {alone}."
    if (devices := library.cuda_devices()) and cfg.hardware.device != "cpu" and devices < here:
        yield f"{there} ranks and {devices} CUDA devices: each wants its own. Possible here: {devices} ranks."


def _place(made: DictConfig, config_name: str, multirun: bool) -> Iterator[str]:
    folder = _folder(made, config_name, multirun)
    if folder is None:
        return
    there = next(one for one in (folder, *folder.parents) if one.exists() or one.is_symlink())
    try:
        with tempfile.TemporaryDirectory(dir=there, prefix=".ewm-"):
            return
    except OSError as error:
        key = "output_dir" if made.output_dir and folder.is_relative_to(made.output_dir) else "hydra.run.dir"
        given = made.output_dir if key == "output_dir" else folder
        why = f"{there} is no folder" if not there.is_dir() else f"nothing can be written in {there} ({error.strerror})"
        yield f"{key}={given}: {why}. Give a folder that can be made and written."


def _folder(made: DictConfig, config_name: str, multirun: bool) -> Path | None:
    """Where the run or the sweep will be, but for the run's own name; None where only Hydra knows."""
    raw = OmegaConf.to_container(made.hydra, resolve=False)["sweep" if multirun else "run"]["dir"]  # type: ignore[index, call-overload]
    if "ewm.folder" in str(raw):
        return Path(made.output_dir) / config_name / made.name
    try:
        return Path(str(made.hydra.sweep.dir if multirun else made.hydra.run.dir))
    except OmegaConfBaseException:
        return None


def tracing(trace: TraceConfig) -> Iterator[str]:
    """`trace.python`, and `trace.require` held against what a tracing process reaches here."""
    try:
        targets.locate("ewm.tracing.pythons.interpreter")(trace.python)
    except ConfigError as error:
        yield from error.problems
        return
    if trace.require is None:
        return
    try:
        with targets.locate("ewm.tracing.Runner")(replace(trace, workers=1)) as runner:
            runner.isolation  # noqa: B018  # asked for what it raises
    except RuntimeError as error:
        yield f"{error}. Possible here: a lower level, or trace.require=null."
