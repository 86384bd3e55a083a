"""A run's folder and its record: made once, locked while in use, opened again by the same command.

    with run.open(cfg) as record:
        record.log({"grpo/loss": 0.1}, step=3)      # a line of metrics.jsonl; stage and step in run.json
        record.note(device="cpu")                   # any fact for run.json

The folder is outputs/<kind>/<name>/<stamp>-<hash8 of the config>. A folder with the config's hash that nobody holds and
that is not done is opened again, stages then go on from their own checkpoints; a done folder is never written to. Only
rank 0 writes; other ranks get the folder through EWM_RUN_FOLDER. Knows nothing of models or stages.
"""

from __future__ import annotations

import dataclasses
import fcntl
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

from ewm import provenance
from ewm.config import ConfigError, EvaluateConfig, TrainConfig, digest
from ewm.config.load import to_dataclass

SCHEMA = 1
FOLDER_VARIABLE = "EWM_RUN_FOLDER"
STAGES = ("sft", "grpo")
COMPARED = ("model.name", "reward.name", "lora.r", "grpo.learning_rate", "grpo.max_steps", "data.num_train", "seed")

log = logging.getLogger(__name__)
_held: dict[Path, Any] = {}  # folders that this process has locked
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
        """Appends a line to metrics.jsonl. The first line of a stage after reopening drops those it repeats."""
        if not is_main():
            return
        stage = next((s for s in STAGES if any(key.startswith(f"{s}/") for key in values)), self.stage)
        path = self.folder / "metrics.jsonl"
        if stage not in self._logged:
            self._logged.add(stage)
            _drop_from(path, stage, step)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"stage": stage, "step": step, **values}) + "\n")
        self.stage, self.step = stage, step
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
        if not is_main():
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
    if not is_main():
        yield _fresh(cfg, kind, folder)
        return
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder), _sigterm_interrupts():
        record = _reopened(cfg, kind, folder)
        os.environ[FOLDER_VARIABLE] = str(folder.resolve())
        record.save()
        try:
            yield record
        except KeyboardInterrupt:
            _close(record, "interrupted")
            where = f" at {record.stage} step {record.step}" if record.stage else ""
            print(
                f"\nInterrupted{where}. The same command goes on from the last checkpoint: {record.command}",
                file=sys.stderr,
            )
            raise
        except BaseException as error:
            _close(record, "failed", f"{type(error).__name__}: {error}")
            raise
        else:
            _close(record, "done")
        finally:
            os.environ.pop(FOLDER_VARIABLE, None)


def choose(cfg: TrainConfig | EvaluateConfig, kind: str) -> Path:
    """The folder for this config: one that can go on, else a new name."""
    short = digest(cfg)[:8]
    parent = Path(cfg.output_dir) / kind / cfg.name
    key = (kind, str(parent / short))
    if key not in _chosen:
        open_again = [folder for folder in sorted(parent.glob(f"*-{short}")) if can_go_on(folder)]
        _chosen[key] = open_again[-1] if open_again else _new(parent, short)
    return _chosen[key]


def _new(parent: Path, short: str) -> Path:
    now = datetime.now()
    while (folder := parent / f"{now:%Y%m%d-%H%M%S}-{short}").exists():
        now += timedelta(seconds=1)
    return folder


def status(folder: Path) -> str | None:
    """What run.json says; `stale` for running without a holder, None if there is no record."""
    try:
        said = str(json.loads((folder / "run.json").read_text(encoding="utf-8"))["status"])
    except (OSError, ValueError, KeyError):
        return None
    return "stale" if said == "running" and not is_locked(folder) else said


def can_go_on(folder: Path) -> bool:
    """Not done and held by nobody."""
    return status(folder) in (None, "interrupted", "failed", "stale") and not is_locked(folder)


def is_locked(folder: Path) -> bool:
    """Whether a process holds the folder."""
    if folder.resolve() in _held:
        return True
    try:
        with (folder / ".lock").open("r+") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def is_main() -> bool:
    """Rank 0, or no ranks at all."""
    return int(os.environ.get("RANK", "0")) == 0


def write_atomic(path: Path, text: str) -> None:
    """Readers see the old file or the new one."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _folder_of(cfg: TrainConfig | EvaluateConfig, kind: str) -> Path:
    if not is_main():
        if FOLDER_VARIABLE not in os.environ:
            raise ConfigError(
                f"RANK={os.environ['RANK']} without {FOLDER_VARIABLE}: rank 0 starts the others (sft.ranks=2)."
            )
        return Path(os.environ[FOLDER_VARIABLE])
    return Path(HydraConfig.get().runtime.output_dir) if HydraConfig.initialized() else choose(cfg, kind)


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
        old = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        if old["config_hash"] != record.config_hash:
            raise ConfigError(
                f"{folder} belongs to another configuration ({old['config_hash'][:8]}). Name another folder."
            )
        for name in ("started", "stage", "step", "wall_s", "cpu_s", "sessions", "metrics", "facts"):
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
    else:
        log.info("Run folder: %s", folder)
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


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """A POSIX lock: the kernel takes it back when the process ends, and forked children do not inherit it."""
    if folder.resolve() in _held:
        raise ConfigError(f"{folder} is open already in this process.")
    file = (folder / ".lock").open("a+")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ConfigError(f"{folder} is in use by another process. Wait for it, or change seed or name.") from None
    _held[folder.resolve()] = file
    try:
        yield
    finally:
        del _held[folder.resolve()]
        file.close()


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """A scheduler's SIGTERM ends a run as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _folder_resolver(kind: str, *, _root_: DictConfig) -> str:
    return str(choose(to_dataclass(_root_), kind))


OmegaConf.register_new_resolver("ewm.folder", _folder_resolver, replace=True)
