"""Checkpoints of a trainer: written aside, then renamed, so that every folder with the final name is complete.

A process killed while it writes leaves a `.partial-` folder, which the next start removes. Nothing here knows what is
inside a checkpoint.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = re.compile(r"checkpoint-(\d+)")


def complete(folder: Path) -> list[Path]:
    """Whole checkpoints, oldest first."""
    found = [p for p in folder.glob("checkpoint-*") if p.is_dir() and _NAME.fullmatch(p.name)]
    return sorted(found, key=step_of)


def latest(folder: Path) -> Path | None:
    """The checkpoint to go on from."""
    found = complete(folder)
    return found[-1] if found else None


def next_step(folder: Path) -> int:
    """The step that whoever goes on from here takes first."""
    last = latest(folder)
    return step_of(last) + 1 if last else 1


def step_of(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise ValueError(f"{path} is not a checkpoint folder")
    return int(match[1])


def clean(folder: Path) -> None:
    """Remove what an interrupted writer left behind; what it was about to replace comes back."""
    for path in folder.glob(".partial-*"):
        shutil.rmtree(path, ignore_errors=True)
    for old in folder.glob(".was-*"):
        place = folder / old.name.removeprefix(".was-")
        if place.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(old, place)


def target(folder: Path, step: int) -> Path:
    """Where `checkpoint-{step}` is written before it gets its place."""
    return folder / f".partial-{step}" / f"checkpoint-{step}"


@contextmanager
def aside(folder: Path, step: int, keep: int | None) -> Iterator[Path]:
    """A folder to write `checkpoint-{step}` into; renamed on success, then all but the newest `keep` are removed."""
    whole = target(folder, step)
    partial = whole.parent
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield whole
    final = folder / f"checkpoint-{step}"
    shutil.rmtree(final, ignore_errors=True)
    os.replace(partial / final.name, final)
    shutil.rmtree(partial, ignore_errors=True)
    if keep:
        for old in complete(folder)[:-keep]:
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A folder to write into, which takes the place of `folder` on success. Killed at any moment, `clean` finds one."""
    partial, old = folder.with_name(f".partial-{folder.name}"), folder.with_name(f".was-{folder.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(partial, folder)
    shutil.rmtree(old, ignore_errors=True)
