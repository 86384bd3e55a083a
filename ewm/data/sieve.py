"""What keeps an example out because of others: duplicates and near copies, benchmarks, the measured spread of rewards.

It is asked once for each example, in the order of the draw, and knows those that it let through.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ewm.config.errors import ConfigError
from ewm.config.schema import DataConfig
from ewm.data import shards
from ewm.data.decontaminate import Benchmarks
from ewm.data.work import Made
from ewm.programs import Program, Split
from ewm.sources.dedup import Distinct, fingerprint


class Sieve:
    """ConfigError if the spread cannot be read."""

    def __init__(self, cfg: DataConfig, split: Split) -> None:
        self._distinct = Distinct(cfg.per_family, cfg.near)
        self.benchmarks = Benchmarks.load() if cfg.decontaminate else None
        self._least = cfg.min_reward_std if split == "train" else 0.0
        self._spread, self._read = _spread(cfg.spread) if self._least > 0 else ({}, "")

    def depends_on(self) -> list[str]:
        """Hashes of what it goes by."""
        return [self._read, self.benchmarks.digest if self.benchmarks else ""]

    def reason(self, made: Made) -> str | None:
        """Why this example is not taken."""
        assert made.fingerprint is not None
        assert made.example is not None
        if self.benchmarks and (found := self.benchmarks.reason(made.fingerprint)):
            return found
        if self._least > 0:
            if (std := self._spread.get(made.example.id)) is None:
                return "reward spread not measured"
            if std < self._least:
                return "reward spread too small"
        return self._distinct.reason(made.fingerprint)

    def restore(self, folder: Path) -> None:
        """Know the examples that an interrupted build left."""
        for row in shards.rows(folder, ["code", *shards.PROGRAM]):
            program = Program(row["code"], **{name: row[name] for name in shards.PROGRAM})
            self._distinct.reason(fingerprint(program))


def _spread(path: str | None) -> tuple[dict[str, float], str]:
    """Example's id -> standard deviation of its reward, and the file's hash."""
    measure = "python -m ewm.evaluation spread, with the same model=, data= and reward="
    if path is None:
        raise ConfigError(f"data.min_reward_std wants data.spread, the file that `{measure}` writes.")
    try:
        text = Path(path).read_bytes()
        rows = [json.loads(line) for line in text.splitlines()]
        return {row["id"]: float(row["std"]) for row in rows[1:]}, hashlib.sha256(text).hexdigest()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"data.spread={path}: cannot be read ({error}). `{measure}` writes such a file.") from None
