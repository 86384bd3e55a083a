"""Programs that a model wrote, from the file that `python -m ewm.sources selfgen` made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ewm.sources.corpus import Corpus


class SelfGenerated(Corpus):
    """A corpus whose missing file names the command that makes it."""

    def __init__(self, path: str, exclude_constructs: Sequence[str] = ()) -> None:
        if not Path(path).exists():
            raise ValueError(f"path={path}: no such file. python -m ewm.sources selfgen -o {path} makes it.")
        super().__init__(path, exclude_constructs)
