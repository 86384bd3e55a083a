"""A sweep's jobs, one after the other, each in a process and a folder of its own; the table over them at the end.

A job's folder is <sweep>/<slug of its overrides>-<hash8 of its config>, so the same sweep finds its folders again: done
jobs are skipped, others go on; equal jobs are one. The folder may hold jobs of other sweeps of the same name: the table
is that of the jobs of this command. A job that fails leaves its status in its folder, and the sweep goes on; the sweep
then ends with exit code 1. For a job that was refused before it had a record, the overrides and the reason are left
here.
hydra_plugins/ewm_launcher.py hands the jobs over. Does not run jobs side by side.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hydra._internal.utils import get_args_parser
from hydra.core.utils import JobReturn, JobStatus, configure_log
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ewm import run
from ewm.config import ConfigError, digest
from ewm.config.load import compose_dict, to_dataclass
from ewm.config.preflight import problems

SLUG = 120  # characters
UNSAID = ("name=", "output_dir=", "sweep=", "hydra.")  # overrides that do not tell one job from another

log = logging.getLogger(__name__)
_launched: dict[Path, None] = {}  # folders of this command's jobs, in order; a sweeper may launch several times
_failed: list[Path] = []


@dataclass(frozen=True)
class Job:
    """One point of the grid."""

    overrides: list[str]
    folder: Path

    @property
    def done(self) -> bool:
        return run.status(self.folder) == "done"

    def value(self) -> float:
        """What the entry returned; nan if it did not get so far."""
        try:
            return float(json.loads((self.folder / "run.json").read_text(encoding="utf-8"))["facts"]["headline"])
        except (OSError, ValueError, KeyError, TypeError):
            return float("nan")


def launch(config: DictConfig, overrides: Sequence[list[str]]) -> list[JobReturn]:
    """Runs what is not done; one JobReturn a job, never an exception for a job that failed."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError("A sweep (-m) starts its own processes: not inside a distributed launch (WORLD_SIZE > 1).")
    configure_log(config.hydra.hydra_logging, config.hydra.verbose)
    folder, config_name = Path(config.hydra.sweep.dir), config.hydra.job.config_name
    jobs = [Job(one, folder / folder_name(one, config_name)) for one in overrides]
    different = {job.folder: job for job in jobs}
    _launched.update(dict.fromkeys(different))
    todo = [job for job in different.values() if not job.done]
    log.info("%d done, %d to do", len(different) - len(todo), len(todo))
    for number, job in enumerate(todo, 1):
        log.info("[%d/%d] %s -> %s", number, len(todo), " ".join(job.overrides), job.folder)
        (job.folder / run.WHY).unlink(missing_ok=True)
        if code := _run(_command(job)):
            _failed.append(job.folder)
            leave_reason(job, code, config_name)
            log.error("[%d/%d] ended with exit code %d; the sweep goes on", number, len(todo), code)
    return [_returned(job) for job in jobs]


def leave_reason(job: Job, code: int, config_name: str = "train") -> None:
    """What the table needs of a job that ended before it had a record: its overrides, and why."""
    if (job.folder / "run.json").exists():
        return
    told = [*job.overrides, f"hydra.run.dir='{job.folder}'"]
    said = problems(told, config_name, searchpath=_searchpath()) if code == 2 else []  # as the job was told
    path = job.folder / ".hydra" / "overrides.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(yaml.safe_dump(job.overrides), encoding="utf-8")
    (job.folder / run.WHY).write_text("\n".join(said or [f"exit code {code}"]) + "\n", encoding="utf-8")


def folder_name(overrides: Sequence[str], config_name: str = "train") -> str:
    """`reward=strict_data.num_train=64-1a2b3c4d`"""
    said = [text for text in overrides if not text.lstrip("+~").startswith(UNSAID)]
    slug = re.sub(r"[^A-Za-z0-9=.+~-]+", "_", "_".join(said)).strip("_")[:SLUG]
    try:
        identity = digest(to_dataclass(compose_dict(overrides, config_name, _searchpath()), overrides))
    except (ConfigError, HydraException, OmegaConfBaseException):
        identity = "invalid0"  # its own process will say why
    return f"{slug}-{identity[:8]}" if slug else identity[:8]


class SweepTable(Callback):
    """After the last job: table.md, table.csv and the terminal's table; exit code 1 if a job failed."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        from ewm.reporting.table import sweep_table

        sweep_table(Path(config.hydra.sweep.dir), jobs=list(_launched))
        if _failed:
            for folder in _failed:
                print(f"failed: {folder}", file=sys.stderr)
            sys.exit(1)


def _command(job: Job) -> list[str]:
    flags, _ = get_args_parser().parse_known_args()
    chosen = [
        f"--{name.replace('_', '-')}={value}"
        for name in ("config_dir", "config_name")
        if (value := getattr(flags, name))
    ]
    return [sys.executable, sys.argv[0], *chosen, *job.overrides, f"hydra.run.dir='{job.folder}'"]


def _searchpath() -> list[str]:
    flags, _ = get_args_parser().parse_known_args()
    return [f"file://{Path(flags.config_dir).resolve()}"] if flags.config_dir else []


def _run(command: list[str]) -> int:
    """The exit code. Ctrl-C reaches the child too, which is given the time to close its folder."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    child = subprocess.Popen(command)
    try:
        return child.wait()
    except KeyboardInterrupt:
        child.wait()
        raise
    except SystemExit:
        child.terminate()
        child.wait()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _returned(job: Job) -> JobReturn:
    result = JobReturn(
        overrides=job.overrides,
        cfg=OmegaConf.create(),
        working_dir=str(job.folder),
        task_name=job.folder.name,
        status=JobStatus.COMPLETED,  # FAILED would end the sweep
    )
    result.return_value = job.value()
    return result
