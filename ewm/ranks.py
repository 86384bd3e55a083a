"""Ranks of a distributed launch on one machine (`accelerate launch`, `torchrun`): who leads, what the others are told.

Works before torch is loaded: a run's folder is chosen before there is any process group. What a rank has to say lies
in <output_dir>/.ranks-<launcher>/, a file a word, and goes when rank 0 closes its run; the launcher is known by its
process id and the moment it began. A rank that waits is ended by the launcher when another one fails. Not for several
machines.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 3600.0  # seconds that a rank waits for a word of rank 0, which may be building data
FAILED = "failed"  # the word of a rank that has ended with an exception


def rank() -> int:
    return int(os.environ.get("RANK", "0"))


def size() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def leads() -> bool:
    """Rank 0, or no ranks at all."""
    return rank() == 0


def one_machine() -> bool:
    return int(os.environ.get("LOCAL_WORLD_SIZE", str(size()))) == size()


def tell(parent: str | Path, word: str, text: str = "") -> None:
    """Say a word, once and for all."""
    folder = _folder(parent)
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{word}-{os.getpid()}"
    aside.write_text(text, encoding="utf-8")
    aside.replace(folder / word)


def heard(parent: str | Path, word: str) -> str | None:
    """What was said under this word, None if nothing was."""
    try:
        return (_folder(parent) / word).read_text(encoding="utf-8")
    except OSError:
        return None


def hear(parent: str | Path, word: str, patience: float = PATIENCE) -> str:
    """Wait for the word; TimeoutError if it is not said."""
    deadline = time.monotonic() + patience
    while (text := heard(parent, word)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"rank {rank()} has waited {patience:g} s for rank 0 to say: {word}")
        time.sleep(0.05)
    return text


@contextmanager
def in_turn(parent: str | Path, word: str) -> Iterator[None]:
    """The block first in rank 0, then in all others at once."""
    if size() > 1 and not leads():
        hear(parent, word)
    yield
    if size() > 1 and leads():
        tell(parent, word)


@contextmanager
def failure_told(parent: str | Path) -> Iterator[None]:
    """An exception in the block becomes this rank's word, so that rank 0 can write down why the run has ended."""
    try:
        yield
    except BaseException as error:
        tell(parent, FAILED, f"rank {rank()}: {type(error).__name__}: {error}")
        raise


def forget(parent: str | Path) -> None:
    """Take away what was said in this launch."""
    if size() > 1:
        shutil.rmtree(_folder(parent), ignore_errors=True)


def _folder(parent: str | Path) -> Path:
    launcher = os.getppid()
    try:
        began = Path(f"/proc/{launcher}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        began = os.environ.get("MASTER_PORT", "")
    return Path(parent) / f".ranks-{launcher}-{began}"
