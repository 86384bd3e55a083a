"""A folder of source files, say a checked out repository: its modules, its licence, and a hash of what it holds."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

_SKIP = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist", "venv", "env"})
_LICENCES = ("LICENSE", "LICENCE", "COPYING")
_TEXTS = {  # a phrase that only this licence's text has, -> SPDX; the first that fits
    "Apache License Version 2.0": "Apache-2.0",
    "Mozilla Public License Version 2.0": "MPL-2.0",
    "GNU AFFERO GENERAL PUBLIC LICENSE Version 3": "AGPL-3.0",
    "GNU LESSER GENERAL PUBLIC LICENSE Version 3": "LGPL-3.0",
    "GNU LESSER GENERAL PUBLIC LICENSE Version 2.1": "LGPL-2.1",
    "GNU GENERAL PUBLIC LICENSE Version 3": "GPL-3.0",
    "GNU GENERAL PUBLIC LICENSE Version 2": "GPL-2.0",
    "Permission is hereby granted, free of charge, to any person obtaining a copy": "MIT",
    "Neither the name of": "BSD-3-Clause",
    "Redistributions in binary form must reproduce": "BSD-2-Clause",
    "Permission to use, copy, modify, and/or distribute this software for any purpose": "ISC",
    "This is free and unencumbered software released into the public domain": "Unlicense",
    "PYTHON SOFTWARE FOUNDATION LICENSE": "PSF-2.0",
    "CC0 1.0 Universal": "CC0-1.0",
}


def is_folder(name: str) -> bool:
    """The name means a folder, there or not, and no package."""
    return "/" in name or name.startswith((".", "~")) or "\\" in name


def folder_of(name: str) -> Path:
    """ValueError if it is none, or holds no Python files."""
    path = Path(name).expanduser().resolve()
    if not path.is_dir():
        raise ValueError(f"packages: {name}: no such folder. Give a folder of Python files or an installed package.")
    if next(files(path), None) is None:
        raise ValueError(f"packages: {name}: no Python files in this folder or below.")
    return path


def files(folder: Path) -> Iterator[Path]:
    """Python files in order of name; hidden folders, environments and build products are passed over."""
    try:
        inside = sorted(folder.iterdir())
    except OSError:  # not ours to read
        return
    for path in inside:
        if path.is_symlink() or path.name.startswith(".") or path.name in _SKIP:
            continue
        if path.is_dir():
            if not (path / "pyvenv.cfg").exists():
                yield from files(path)
        elif path.suffix == ".py" and path.is_file():
            yield path


def modules(folder: Path) -> Iterator[tuple[str, Path]]:
    """(dotted name below the folder, file); the folder's own name stands before it if it is a package itself."""
    before = (folder.name,) if is_package(folder) else ()
    for path in files(folder):
        parts = (*before, *path.relative_to(folder).with_suffix("").parts)
        if all(part.isidentifier() for part in parts):
            yield ".".join(p for p in parts if p != "__init__"), path


def is_package(folder: Path) -> bool:
    return folder.name.isidentifier() and (folder / "__init__.py").is_file()


def licence(folder: Path) -> str:
    """SPDX name from pyproject.toml or the text of the licence file; unknown if neither is recognised."""
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
        named = project.get("license", "") if isinstance(project, dict) else ""
        named = named.get("text", "") if isinstance(named, dict) else named
        if isinstance(named, str) and re.fullmatch(r"[\w.+() -]{2,80}", named):
            return named
    except (OSError, ValueError):
        pass
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name.upper().startswith(_LICENCES):
            text = " ".join(path.read_text(encoding="utf-8", errors="replace").split())
            return next((name for phrase, name in _TEXTS.items() if phrase in text), "unknown")
    return "unknown"


def digest(paths: Iterable[Path], parent: Path) -> str:
    """Hash of names and contents."""
    found = hashlib.sha256()
    for path in paths:
        try:
            found.update(
                f"{path.relative_to(parent).as_posix()}\n".encode() + hashlib.sha256(path.read_bytes()).digest()
            )
        except OSError:
            continue
    return found.hexdigest()[:16]
