"""Everything that is mined from the sources of one package or folder, in parallel, kept by content.

The order is that of the modules and of their text, whatever the number of processes. Kept: one file for a hash of the
sources, of this package's own text and of the Python version; written aside and renamed.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.sources.mine import folders, packages, pytests
from ewm.sources.mine.doctests import Found, candidates
from ewm.sources.mine.expected import Expected
from ewm.sources.mine.repository import Repository

MANY = 100  # modules with examples, from which on processes are worth their start
STEPS = (
    "modules", "modules with examples", "examples", "with a result", "literal call and result", "calls the package",
    "self-contained", "pure", "short", "test files", "tests", "calls in tests", "programs from tests", "programs",
)  # fmt: skip


@dataclass(frozen=True)
class Collection:
    """A package or folder. `modules`: (dotted name, file), below `folder` for a folder."""

    name: str
    modules: tuple[tuple[str, Path], ...]
    licence: str
    folder: Path | None = None

    def repository(self) -> Repository:
        return Repository(self.modules, [""] if self.folder is None else ["", "src"])

    def origin(self, function: str) -> str:
        """A folder's name stands before its modules, as a package's own does."""
        inside = self.folder is None or folders.is_package(self.folder)
        return f"mine:{function}" if inside else f"mine:{self.name}.{function}"


@dataclass(frozen=True)
class Mined:
    """A program and what is said of it. `plain`: how many examples `f(literals)` -> literal it stands for."""

    program: Program
    expected: Expected
    plain: int = 0

    def to_json(self) -> dict[str, Any]:
        return {"program": self.program.to_json(), "expected": asdict(self.expected), "plain": self.plain}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Mined:
        return cls(Program.from_json(row["program"]), Expected(**row["expected"]), row["plain"])


def known(name: str) -> None:
    """ValueError says what is wrong with the name."""
    if folders.is_folder(name):
        folders.folder_of(name)
    elif name != packages.STDLIB:
        packages.found(name)


def collection(name: str, licence: str = "") -> Collection:
    """What the name means; ValueError as in `known`."""
    known(name)
    if folders.is_folder(name):
        folder = folders.folder_of(name)
        short = folder.name.replace(".", "_") or "folder"
        return Collection(short, tuple(folders.modules(folder)), licence or folders.licence(folder), folder)
    return Collection(name, tuple(packages.modules(name)), licence or packages.licence(name))


def version(name: str) -> str:
    """What tells one state of the collection from another."""
    if not folders.is_folder(name):
        return packages.version(name)
    folder = folders.folder_of(name)
    return folders.digest(folders.files(folder), folder)


def mine(
    found: Collection,
    tests: bool = True,
    keep: Path | None = None,
    processes: int = 0,
    trace: TraceConfig | None = None,
) -> tuple[list[Mined], Counter[str]]:
    """Programs, each once, and the funnel. `tests`: also run a folder's tests, in isolation. `keep`: folder where
    results are kept; `processes` 0: one per core; `trace`: its isolation is that of the tests."""
    kept = keep / f"{_key(found, tests)}.jsonl" if keep else None
    if kept is not None and kept.is_file():
        head, *rows = kept.read_text(encoding="utf-8").splitlines()
        return [Mined.from_json(json.loads(row)) for row in rows], Counter(json.loads(head))
    counts: Counter[str] = Counter()
    mined: dict[str, Mined] = {}
    tested = [_tested(found, trace or TraceConfig())] if tests and found.folder else []
    for some, more in chain(_each(found, processes), tested):
        counts.update(more)
        for one in some:
            if one.program.id in mined:
                counts["left out: the same program again"] += 1
                before = mined[one.program.id]
                mined[one.program.id] = replace(before, plain=before.plain + one.plain)
            else:
                mined[one.program.id] = one
    counts["programs"] = len(mined)
    if kept is not None:
        _write(kept, counts, mined.values())
    return list(mined.values()), counts


def _write(path: Path, counts: Counter[str], mined: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.part")
    rows = [json.dumps(counts), *(json.dumps(one.to_json()) for one in mined)]
    aside.write_text("\n".join(rows), encoding="utf-8")
    aside.replace(path)


def _each(found: Collection, processes: int) -> Iterator[tuple[list[Mined], Counter[str]]]:
    """What each module gives, in order."""
    names = [name for name, path in found.modules if _has_examples(path)]
    yield [], Counter({"modules": len(found.modules)})
    processes = processes or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else [0])
    if processes == 1 or len(names) < MANY or multiprocessing.current_process().daemon:
        repository = found.repository()
        for name in names:
            yield _one(found, repository, name)
        return
    # not multiprocessing.Pool: under a script without a main guard that one starts processes for ever
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _begin, (found,)) as pool:
        yield from pool.map(_given, names, chunksize=8)


_here: list[tuple[Collection, Repository]] = []  # of a worker process


def _begin(found: Collection) -> None:
    _here[:] = [(found, found.repository())]


def _given(name: str) -> tuple[list[Mined], Counter[str]]:
    return _one(*_here[0], name)


def _one(found: Collection, repository: Repository, name: str) -> tuple[list[Mined], Counter[str]]:
    counts: Counter[str] = Counter({"modules with examples": 1})
    module = repository.module(name)
    if module is None:
        return [], Counter({"modules with examples": 1, "left out: modules that do not parse": 1})
    mined = []
    for one in candidates(repository, module, counts):
        mined.append(_mined(found, f"{name}.{one.function}", one))
    return mined, counts


def _tested(found: Collection, trace: TraceConfig) -> tuple[list[Mined], Counter[str]]:
    assert found.folder is not None
    counts: Counter[str] = Counter()
    modules = dict(found.modules)
    mined = []
    told = pytests.calls(found.folder, modules, counts, trace)
    for one in pytests.programs(found.repository(), modules, told, counts):
        mined.append(_mined(found, one.function, one))
        counts["programs from tests"] += 1
    return mined, counts


def _mined(found: Collection, function: str, one: Found) -> Mined:
    """Every call of a function has its family, whatever was done before the call."""
    parent = one.home if one.home != one.source else ""
    program = Program(
        one.source, one.entry, origin=found.origin(function), licence=found.licence,
        parent=parent, relation="call" if parent else "",
    )  # fmt: skip
    return Mined(program, one.expected, int(one.plain))


def _has_examples(path: Path) -> bool:
    try:
        return b">>>" in path.read_bytes()
    except OSError:
        return False


def _key(found: Collection, tests: bool) -> str:
    parent = found.folder or Path("/")
    sources = folders.digest((path for _, path in found.modules), parent)
    about = [found.name, found.licence, tests, sources, _code(), sys.version]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]


@cache
def _code() -> str:
    """Of what mines: another version of it finds other programs."""
    here = Path(__file__).parent
    return folders.digest(sorted(here.rglob("*.py")), here)
