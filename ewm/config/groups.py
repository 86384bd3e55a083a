"""The groups of conf/ and their options, read from the folders."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CONF = Path(__file__).parents[2] / "conf"


@cache
def defaults(config_name: str = "train") -> dict[str, Any]:
    """The groups that a primary config chooses from, in its own order, with what it chooses."""
    entries = yaml.safe_load((CONF / f"{config_name}.yaml").read_text(encoding="utf-8"))["defaults"]
    pairs = {key: value for entry in entries if isinstance(entry, dict) for key, value in entry.items()}
    return {key: value for key, value in pairs.items() if not key.startswith("override ")}


def groups(config_name: str = "train") -> tuple[str, ...]:
    """Their names."""
    return tuple(defaults(config_name))


def options(group: str, searchpath: Sequence[str] = ()) -> tuple[str, ...]:
    """Options of a group, those in further config folders (--config-dir) included."""
    folders = [CONF, *(Path(root.removeprefix("file://")) for root in searchpath)]
    return tuple(dict.fromkeys(path.stem for folder in folders for path in sorted((folder / group).glob("*.yaml"))))


def command(group: str, option: str) -> str:
    """The command in a preset's first comment."""
    lines = (CONF / group / f"{option}.yaml").read_text(encoding="utf-8").splitlines()
    comment = next((line for line in lines if line.startswith("# ") and "@package" not in line), "")
    return comment.removeprefix("# ")
