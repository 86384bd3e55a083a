"""A run's folder and its record: made once, locked while in use, opened again by the same command.

    with run.open(cfg) as record:
        record.log({"grpo/loss": 0.1}, step=3)      # a line of metrics.jsonl; stage and step in run.json
        record.note(device="cpu")                   # any fact for run.json

The folder is outputs/<kind>/<name>/<stamp>-<hash8 of the config>. A folder with the config's hash that nobody holds and
that is not done is opened again, stages then go on from their own checkpoints; a done folder is never written to. A
folder is locked from the moment it is chosen, so that equal commands started at once get one each. Only rank 0 writes;
it tells the other ranks the folder (ranks.py). Knows nothing of models or stages.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from ewm import locks, provenance, ranks
from ewm.config import ConfigError, EvaluateConfig, TrainConfig, digest
from ewm.config.load import to_dataclass
from ewm.config.record import SCHEMA
from ewm.config.record import read as read_record
from ewm.locks import is_locked

WHY = "failed.txt"  # in a folder without run.json: what a sweep's job was refused for, a problem a line
FOLDER = "folder"  # the word under which rank 0 tells the others where the run is
OPEN_AGAIN = (None, "running", "interrupted", "failed")  # statuses, if nobody holds the folder
STAGES = ("sft", "tuning", "rejection", "grpo")  # warm start or pretraining; algo=sft, rejection, grpo
HEADS = {**{stage: stage for stage in STAGES}, "validation": "grpo"}  # first part of a figure's name -> its stage
COMPARED = (
    "model.name", "algo.name", "reward.name", "lora.r", "grpo.learning_rate", "grpo.max_steps", "data.num_train",
    "seed",
)  # fmt: skip
CARRIED = ("started", "stage", "step", "wall_s", "cpu_s", "sessions", "metrics", "facts")  # over to the next session

log = logging.getLogger(__name__)
_chosen: dict[tuple[str, str], Path] = {}  # a config resolves to one folder per process


@dataclass
class RunRecord:
    """run.json as an object. `log` and `note` write at once; a reader never sees half a file."""

    folder: Path
    kind: str
    config: dict[str, Any]
    config_hash: str
    seed: int
    command: str
    overrides: list[str] = field(default_factory=list)
    schema: int = SCHEMA
    status: str = "running"  # running | done | interrupted | failed
    stage: str | None = None
    step: int = 0
    error: str | None = None
    started: str = ""
    ended: str | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    sessions: int = 0
    git_commit: str | None = None
    git_dirty: bool | None = None
    versions: dict[str, str] = field(default_factory=dict)
    machine: str = ""
    device: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)  # headline figures
    facts: dict[str, Any] = field(default_factory=dict)

    def log(self, values: dict[str, Any], step: int) -> None:
        """Appends a line to metrics.jsonl; a stage's `flops` stand in run.json too. The first line of a stage after
        reopening drops those it repeats."""
        if not ranks.leads():
            return
        heads = (key.partition("/")[0] for key in values)
        stage = next((HEADS[head] for head in heads if head in HEADS), self.stage)
        path = self.folder / "metrics.jsonl"
        if stage not in self._logged:
            self._logged.add(stage)
            _drop_from(path, stage, step)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"stage": stage, "step": step, **values}) + "\n")
        self.stage, self.step = stage, step
        if stage is not None and "flops" in values:
            self.facts["flops"] = {**self.facts.get("flops", {}), stage: values["flops"]}
        self.save()

    def note(self, **facts: Any) -> None:
        """Fields of run.json by name; other names go under `facts`."""
        own = {f.name for f in dataclasses.fields(self)}
        for name, value in facts.items():
            if name in own:
                setattr(self, name, value)
            else:
                self.facts[name] = value
        self.save()

    def choices(self) -> dict[str, Any]:
        """What tells runs apart in a table: a few keys of every run, and those of the command line."""
        pairs = (text.lstrip("+~").partition("=") for text in self.overrides)
        said = {key: value for key, _, value in pairs if not key.startswith(("hydra", "name", "output_dir"))}
        return {key: _select(self.config, key) for key in COMPARED if _select(self.config, key) is not None} | said

    def save(self) -> None:
        """Writes run.json aside, then renames it."""
        if not ranks.leads():
            return
        wall, cpu = self._clock.read()
        row = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in ("folder", "config")}
        row["config"] = self.config  # last: it is long
        row["wall_s"], row["cpu_s"] = round(self.wall_s + wall, 3), round(self.cpu_s + cpu, 3)
        write_atomic(self.folder / "run.json", json.dumps(row, indent=2, default=str) + "\n")

    def __post_init__(self) -> None:
        self._logged: set[str | None] = set()
        self._clock = provenance.Clock()


@contextmanager
def open(cfg: TrainConfig | EvaluateConfig, kind: str = "train") -> Iterator[RunRecord]:
    """The record of this run, locked; its status tells how the block ended."""
    folder = _folder_of(cfg, kind)
    if not ranks.leads():
        with ranks.failure_told(cfg.output_dir):
            yield _fresh(cfg, kind, folder)
        return
    folder.mkdir(parents=True, exist_ok=True)
    with locks.hold(folder), _sigterm_interrupts():
        record = _reopened(cfg, kind, folder)
        record.save()
        if ranks.size() > 1:
            ranks.tell(cfg.output_dir, FOLDER, str(folder.resolve()))
        try:
            yield record
        except KeyboardInterrupt:
            if other := ranks.heard(cfg.output_dir, ranks.FAILED):  # the launcher has ended this rank
                _close(record, "failed", other)
                raise
            _close(record, "interrupted")
            where = f" at {record.stage} step {record.step}" if record.stage else ""
            print(
                f"\nInterrupted{where}. The same command goes on from the last checkpoint: {record.command}",
                file=sys.stderr,
            )
            raise
        except BaseException as error:
            other = ranks.heard(cfg.output_dir, ranks.FAILED)  # then what this rank met with is a lost connection
            _close(record, "failed", other or f"{type(error).__name__}: {error}")
            raise
        else:
            _close(record, "done")
        finally:
            ranks.forget(cfg.output_dir)


def choose(cfg: TrainConfig | EvaluateConfig, kind: str) -> Path:
    """The folder for this config: one that can go on, else a new one. It is this process's from here on, or that of the
    rank that leads."""
    if not ranks.leads():
        return _told(cfg)
    short = digest(cfg)[:8]
    parent = Path(cfg.output_dir) / kind / cfg.name
    key = (kind, str(parent / short))
    if key not in _chosen:
        _chosen[key] = _open_again(parent, short) or _new(parent, short)
    return _chosen[key]


def _open_again(parent: Path, short: str) -> Path | None:
    """The latest folder that can go on, one with a record before one without."""
    found = sorted(parent.glob(f"*-{short}"), key=lambda folder: ((folder / "run.json").exists(), folder.name))
    return next((folder for folder in reversed(found) if _said(folder) in OPEN_AGAIN and _claim(folder)), None)


def _new(parent: Path, short: str) -> Path:
    now = datetime.now()
    while True:
        folder = parent / f"{now:%Y%m%d-%H%M%S}-{short}"
        now += timedelta(seconds=1)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        if _claim(folder):  # else an equal command has found it first
            return folder


def _claim(folder: Path) -> bool:
    """Lock the folder until `open`; false if another process has it, or has used it up meanwhile."""
    if not locks.claim(folder):
        return False
    if _said(folder) in OPEN_AGAIN:
        return True
    locks.release(folder)
    return False


def _said(folder: Path) -> str | None:
    """The status in run.json; `unreadable` if there is none to be had, None without the file."""
    try:
        return str(read_record(folder)["status"])
    except FileNotFoundError:
        return None
    except ConfigError:
        return "unreadable"


def status(folder: Path) -> str | None:
    """What run.json says; `stale` for running without a holder, `unreadable`, None if there is no record."""
    said = _said(folder)
    return "stale" if said == "running" and not is_locked(folder) else said


def write_atomic(path: Path, text: str) -> None:
    """Readers see the old file or the new one."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _folder_of(cfg: TrainConfig | EvaluateConfig, kind: str) -> Path:
    if not ranks.leads():
        return _told(cfg)
    return Path(HydraConfig.get().runtime.output_dir) if HydraConfig.initialized() else choose(cfg, kind)


def _told(cfg: TrainConfig | EvaluateConfig) -> Path:
    """The folder that rank 0 has opened."""
    if ranks.size() == 1:
        raise ConfigError(
            f"RANK={ranks.rank()} without WORLD_SIZE: there is no rank 0 to follow. Start the ranks with accelerate "
            "launch, or unset RANK."
        )
    return Path(ranks.hear(cfg.output_dir, FOLDER))


def _select(config: dict[str, Any], key: str) -> Any:
    node: Any = config
    for name in key.split("."):
        node = node.get(name) if isinstance(node, dict) else None
    return node


def _fresh(cfg: TrainConfig | EvaluateConfig, kind: str, folder: Path) -> RunRecord:
    overrides = list(HydraConfig.get().overrides.task) if HydraConfig.initialized() else []
    return RunRecord(
        folder, kind, dataclasses.asdict(cfg), digest(cfg), cfg.seed, provenance.command(), overrides,
        started=datetime.now().astimezone().isoformat(timespec="seconds"),
    )  # fmt: skip


def _reopened(cfg: TrainConfig | EvaluateConfig, kind: str, folder: Path) -> RunRecord:
    """The folder's record with this session counted, or a new one; ConfigError if it is not this config's to use."""
    record = _fresh(cfg, kind, folder)
    was = status(folder)
    if was == "done":
        raise ConfigError(
            f"{folder} holds a finished run, which is never overwritten. Leave out hydra.run.dir, or name another."
        )
    if was is not None:
        old = read_record(folder, ("status", "config_hash", "git_commit", *CARRIED))
        if old["config_hash"] != record.config_hash:
            raise ConfigError(
                f"{folder} belongs to another configuration ({str(old['config_hash'])[:8]}). Name another folder."
            )
        for name in CARRIED:
            setattr(record, name, old[name])
        log.info(
            "Going on with %s (%s%s)",
            folder,
            old["status"],
            f" at {record.stage} step {record.step}" if record.stage else "",
        )
        if old["git_commit"] != provenance.git()[0]:
            log.warning(
                "The code has changed since this run began (%s): its end may differ.", str(old["git_commit"])[:8]
            )
        if (before := record.facts.get("ranks", 1)) != ranks.size():
            log.warning("This run began with ranks=%s and goes on with %s: its end will differ.", before, ranks.size())
    else:
        log.info("Run folder: %s", folder)
    record.facts |= {"ranks": ranks.size()} if ranks.size() > 1 else {}
    record.sessions += 1
    record.git_commit, record.git_dirty = provenance.git()
    record.versions, record.machine = provenance.versions(), provenance.machine()
    return record


def _close(record: RunRecord, status: str, error: str | None = None) -> None:
    record.status, record.error = status, error
    record.ended = datetime.now().astimezone().isoformat(timespec="seconds")
    record.save()


def _drop_from(path: Path, stage: str | None, step: int) -> None:
    """Lines of the stage from `step` on, and a last line cut short by a kill, leave the file."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if row["stage"] != stage or row["step"] < step:
            kept.append(line + "\n")
    write_atomic(path, "".join(kept))


def _interrupt(*_: Any) -> None:
    """Not by way of SIGINT: a shell starts what it puts into the background with SIGINT ignored."""
    raise KeyboardInterrupt


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """A scheduler's SIGTERM ends a run as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _folder_resolver(kind: str, *, _root_: DictConfig) -> str:
    return str(choose(to_dataclass(_root_), kind))


OmegaConf.register_new_resolver("ewm.folder", _folder_resolver, replace=True)
