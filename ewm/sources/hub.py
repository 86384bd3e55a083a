"""Data sets on the hub: their programs as a source, and a built data set on its way there.

Only texts are taken from somebody's data set: programs are traced anew. `datasets` and `huggingface_hub` do the work;
what cannot be reached is a ConfigError that says so.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from ewm.config.errors import ConfigError
from ewm.programs import Program, Split
from ewm.programs.corpora import of_row

TIMEOUT_S = 10.0


class Hub:
    """The programs of a data set, finite, in an order drawn by the seed. `column`: with their text; empty: code, source
    or the like. `licence`: empty: as the data set's card says. `counts`: rows, and those that hold no program."""

    def __init__(
        self, id: str, split: str = "train", column: str = "", revision: str | None = None, licence: str = ""
    ) -> None:
        if id.count("/") != 1 and not Path(id).is_dir():
            raise ValueError(f"id={id}: a data set is OWNER/NAME, or a folder.")
        self.id, self.split, self.column, self.revision, self.licence = id, split, column, revision, licence
        self.counts: Counter[str] = Counter()

    def programs(self, seed: int, split: Split | None = None) -> Iterator[Program]:
        self.counts.clear()
        licence = self.licence or _licence(self.id)
        found = []
        for number, row in enumerate(rows(self.id, self.split, self.revision)):
            self.counts["rows"] += 1
            try:
                fields = {"origin": f"hub:{self.id}:{number}", "licence": licence}
                own = {name: value for name, value in row.items() if value not in (None, "")}
                found.append(of_row({**fields, **own}, self.column))
            except (ValueError, TypeError):
                self.counts["left out: no program"] += 1
        random.Random(f"hub:{seed}").shuffle(found)
        yield from (program for program in found if split in (None, program.split))

    def fingerprint(self) -> str:
        """The data set's commit."""
        if Path(self.id).is_dir():
            files = sorted(path for path in Path(self.id).rglob("*") if path.is_file())
            return ", ".join(f"{path.name} {path.stat().st_size}" for path in files)
        return f"{self.id} {_info(self.id, self.revision).sha}"


def exists(id: str) -> bool:
    """Whether the hub has it; false too where the hub cannot be reached."""
    try:
        _info(id)
    except ConfigError:
        return False
    return True


def push(folder: Path, id: str) -> str:
    """The built data set, with its card; gives its address."""
    from huggingface_hub import HfApi

    if id.count("/") != 1:
        raise ConfigError(f"{id}: a data set on the hub is OWNER/NAME.")
    try:
        api = HfApi()
        api.create_repo(id, repo_type="dataset", exist_ok=True)
        api.upload_folder(repo_id=id, repo_type="dataset", folder_path=str(folder), ignore_patterns=[".*"])
    except httpx.TransportError as error:
        raise ConfigError(f"{id}: the hub cannot be reached ({_first(error)}).") from None
    except (httpx.HTTPError, OSError, ValueError) as error:
        raise ConfigError(
            f"{id}: cannot be written ({_first(error)}). Is the name yours? `hf auth login` first."
        ) from None
    return f"https://huggingface.co/datasets/{id}"


def _info(id: str, revision: str | None = None) -> Any:
    from huggingface_hub import HfApi

    try:
        return HfApi().dataset_info(id, revision=revision, timeout=TIMEOUT_S)
    except (httpx.HTTPError, OSError, ValueError) as error:
        raise ConfigError(_unreached(id, error)) from None


def rows(id: str, split: str, revision: str | None, **files: Any) -> Iterator[dict[str, Any]]:
    """Of a data set of the hub or a folder; of `data_files`, with the name of their kind as id."""
    import datasets

    try:
        yield from datasets.load_dataset(id, split=split, revision=revision, streaming=True, **files)
    except (httpx.HTTPError, OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise ConfigError(_unreached(id, error)) from None


def _licence(id: str) -> str:
    from huggingface_hub import DatasetCard

    try:
        card = DatasetCard.load(f"{id}/README.md" if Path(id).is_dir() else id)
    except Exception:  # no card, or none that can be read: it then says nothing about a licence
        return "not stated"
    named = card.data.get("license")
    return ", ".join(named) if isinstance(named, list) else str(named or "not stated")


def _unreached(id: str, error: Exception) -> str:
    return (
        f"{id}: cannot be had from the hub ({_first(error)}). Check the name and the network, or name a local copy: "
        f"ewm.sources.Corpus with path=FILE.parquet or FILE.jsonl."
    )


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
