"""What keeps an example out because of others: duplicates and near copies, benchmarks, the measured spread of rewards.

It is asked once for each example, in the order of the draw, and knows those that it let through.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ewm.config.errors import ConfigError
from ewm.config.schema import DataConfig
from ewm.data import shards
from ewm.data.decontaminate import Benchmarks
from ewm.data.work import Made
from ewm.programs import Program, Split
from ewm.sources.dedup import Distinct, fingerprint

MEASURE = "`python -m ewm.evaluation spread` with the same model=, data= and reward="


class Sieve:
    """`spread`: what the measured spreads belong to. ConfigError if they cannot be read or are of another reward."""

    def __init__(self, cfg: DataConfig, split: Split, reward: str = "") -> None:
        self._distinct = Distinct(cfg.per_family, cfg.near)
        self.benchmarks = Benchmarks(cfg.decontaminate)
        self.near = cfg.near is not None or self.benchmarks.near
        self._least = cfg.min_reward_std if split == "train" else 0.0
        self._spread: dict[str, float]
        self.spread: dict[str, Any] | None
        self._spread, self.spread, self._read = _spread(cfg.spread) if self._least > 0 else ({}, None, "")
        if self.spread and reward and self.spread.get("reward") != reward:
            raise ConfigError(f"data.spread={cfg.spread} was measured with another reward. Measure again: {MEASURE}.")

    def depends_on(self) -> list[str]:
        """Hashes of what it goes by."""
        return [self._read, self.benchmarks.digest]

    def reason(self, made: Made) -> str | None:
        """Why this example is not taken."""
        assert made.fingerprint is not None
        assert made.row is not None
        if found := self.benchmarks.reason(made.fingerprint):
            return found
        if self._least > 0:
            if (std := self._spread.get(made.row["id"])) is None:
                return "reward spread not measured"
            if std < self._least:
                return "reward spread too small"
        return self._distinct.reason(made.fingerprint)

    def restore(self, folder: Path) -> None:
        """Know the examples that an interrupted build left."""
        for row in shards.rows(folder, ["code", *shards.PROGRAM]):
            program = Program(row["code"], **{name: row[name] for name in shards.PROGRAM})
            self._distinct.reason(fingerprint(program, self.near))


def _spread(path: str | None) -> tuple[dict[str, float], dict[str, Any], str]:
    """Example's id -> standard deviation of its reward; the file's head and hash."""
    if path is None:
        raise ConfigError(f"data.min_reward_std wants data.spread, a file that {MEASURE} writes.")
    try:
        text = Path(path).read_bytes()
        head, *rows = (json.loads(line) for line in text.splitlines())
        found, wanted = {row["id"]: float(row["std"]) for row in rows}, int(head.get("items", 0))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"data.spread={path}: cannot be read ({error!r}). {MEASURE} writes such a file.") from None
    if len(found) < wanted:
        raise ConfigError(
            f"data.spread={path} is not finished: {len(found)} of {wanted} items. The command that began it goes on."
        )
    return found, head, hashlib.sha256(text).hexdigest()
