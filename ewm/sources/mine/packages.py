"""Where a package's modules lie, its version and its licence. Nothing is imported: only top-level names are looked
up."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

STDLIB = "stdlib"
_SKIP = frozenset({
    "test", "tests", "idlelib", "lib2to3", "turtledemo", "ensurepip", "encodings", "site-packages", "__pycache__",
    "distutils", "tkinter", "antigravity", "this", "__phello__",
})  # fmt: skip


def modules(package: str) -> Iterator[tuple[str, Path]]:
    """(dotted name, file) of every Python module of the package, in order of name."""
    if package == STDLIB:
        root = Path(sysconfig.get_paths()["stdlib"])
        for name in sorted(sys.stdlib_module_names - _SKIP):
            yield from _below(name, root / name) if (root / name).is_dir() else _single(name, root / f"{name}.py")
        return
    spec = found(package)
    if spec.submodule_search_locations:
        for folder in spec.submodule_search_locations:
            yield from _below(package, Path(folder))
    elif spec.origin and spec.origin.endswith(".py"):
        yield from _single(package, Path(spec.origin))


def found(package: str) -> ModuleSpec:
    """The spec of a top-level package; ValueError if there is none."""
    if "." in package:
        raise ValueError(f"packages: {package}: give the top-level package, {package.partition('.')[0]}.")
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise ValueError(f"packages: {package} is not installed. Use {STDLIB}, an installed package, or ./FOLDER.")
    return spec


def version(package: str) -> str:
    """Version of the distribution that ships the package; Python's own for the standard library."""
    if package == STDLIB:
        return sys.version.split()[0]
    try:
        return metadata.version(_distribution(package))
    except metadata.PackageNotFoundError:
        return "unknown"


def licence(package: str) -> str:
    """The licence that the package's metadata names."""
    if package == STDLIB:
        return "PSF-2.0"
    try:
        about: Any = metadata.metadata(_distribution(package))
    except metadata.PackageNotFoundError:
        return "unknown"
    classifiers = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    text = about.get("License-Expression") or "; ".join(classifiers) or about.get("License") or "unknown"
    return text.strip().splitlines()[0][:80]


def _distribution(package: str) -> str:
    return (metadata.packages_distributions().get(package) or [package])[0]


def _single(name: str, path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield name, path


def _below(package: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        if _SKIP.isdisjoint(parts):
            yield ".".join((package, *(p for p in parts if p != "__init__"))), path
