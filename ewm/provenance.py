"""Where a result comes from: code version, package versions, machine, command, time used."""

from __future__ import annotations

import os
import platform
import resource
import shlex
import subprocess
import sys
import time
from functools import cache
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "torch", "transformers", "tokenizers", "trl", "peft", "accelerate", "datasets", "lightning", "hydra-core",
    "omegaconf", "tensorboard", "vllm", "bitsandbytes",
)  # fmt: skip


@cache
def git() -> tuple[str | None, bool | None]:
    """Commit of this code and whether files differ from it; (None, None) outside a repository."""
    root = Path(__file__).parents[1]
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return commit, bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return None, None


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.strip()


@cache
def versions() -> dict[str, str]:
    """Python and those of PACKAGES that are installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> str:
    """Architecture, system and cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.system()} {platform.machine()}, {cores} cores"


def command() -> str:
    """The command line, as one would type it again."""
    ranks = os.environ.get("WORLD_SIZE", "1")
    started_by = ["accelerate", "launch", "--multi_gpu", "--num_processes", ranks] if int(ranks) > 1 else ["python"]
    return shlex.join([*started_by, os.path.relpath(sys.argv[0]) if sys.argv[0] else "-", *sys.argv[1:]])


class Clock:
    """Wall and CPU seconds since it was made, children that have ended included."""

    def __init__(self) -> None:
        self._start = self._now()

    def read(self) -> tuple[float, float]:
        """(wall, cpu)"""
        now = self._now()
        return now[0] - self._start[0], now[1] - self._start[1]

    @staticmethod
    def _now() -> tuple[float, float]:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.monotonic(), time.process_time() + children.ru_utime + children.ru_stime
