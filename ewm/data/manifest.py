"""manifest.json: what a data set holds and how it came about. Nothing in it depends on when or how fast it was made."""

from __future__ import annotations

import hashlib
import json
import platform
from collections import Counter
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from ewm.data import shards
from ewm.data.building import STATE, Order, State
from ewm.data.sieve import Sieve
from ewm.programs import SALT

QUANTILES = (0.0, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)
COLUMNS = ("source", "level", "task", "format", "licence", "family", "prompt_tokens", "target_tokens", "truth")


def made(folder: Path, content: str, order: Order, sieve: Sieve) -> dict[str, Any]:
    """The manifest of the shards and the state in the folder."""
    state = State.load(folder / STATE)
    return {
        "content": content,
        "split": order.split,
        "wanted": order.wanted,
        **_counted(folder),
        "candidates": state.candidates.total(),
        "dropped": _sorted(sum(state.drops.values(), Counter())),
        "sources": {name: _source(name, source, order, state) for name, source in order.sources.items()},
        "also": list(order.texts),
        "seed": order.seed,
        "salt": SALT,
        "spread": sieve.spread,
        "decontaminated": sieve.benchmarks.said,
        "banned": state.banned,
        "versions": {"python": platform.python_version(), **{n: metadata.version(n) for n in ("ewm", "pyarrow")}},
        "shards": shards.sha256(folder),
    }


def short(manifest: Mapping[str, Any]) -> list[str]:
    """Sources that gave less than their share."""
    return [
        f"{name}: {row['count']} examples, then {row['note']}. Left out: {row['dropped'] or 'nothing'}"
        for name, row in manifest["sources"].items()
        if row["note"] not in ("", "full")
    ]


def said(manifest: Mapping[str, Any]) -> str:
    """Why there are fewer examples than were asked for, in one line."""
    notes = [f"{name}: {row['note']}" for name, row in manifest["sources"].items() if row["note"]]
    return f"{'; '.join(notes)}. Dropped: {manifest['dropped']}"


def _source(name: str, source: Any, order: Order, state: State) -> dict[str, Any]:
    return {
        "weight": order.weights[name],
        "count": state.taken[name],
        "candidates": state.candidates[name],
        "dropped": _sorted(state.drops.get(name, Counter())),
        "note": state.notes.get(name, ""),
        "funnel": _sorted(state.funnels.get(name, Counter())),
        "fingerprint": source.fingerprint(),
    }


def _counted(folder: Path) -> dict[str, Any]:
    """What the rows say."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("source", "level", "task", "format", "licence")}
    tokens: dict[str, Counter[int]] = {"prompt_tokens": Counter(), "target_tokens": Counter()}
    families: set[str] = set()
    number, blind = 0, 0.0
    for row in shards.rows(folder, COLUMNS):
        number += 1
        blind += json.loads(row["truth"])["blind"]
        families.add(row["family"])
        for name, counted in counts.items():
            counted[row[name] or (row["source"] if name == "level" else "")] += 1
        for name, measured in tokens.items():
            if row[name] is not None:
                measured[row[name]] += 1
    return {
        "count": number,
        **{f"by_{name}": _sorted(counts[name]) for name in ("source", "level", "task", "format")},
        "licences": _sorted(counts["licence"]),
        "tokens": {name.removesuffix("_tokens"): _quantiles(measured) for name, measured in tokens.items() if measured},
        "mean_blind": blind / number if number else None,
        "families": len(families),
        "families_sha256": hashlib.sha256("\n".join(sorted(families)).encode()).hexdigest(),
    }


def _quantiles(measured: Counter[int]) -> dict[str, int]:
    """Share -> the value below or at which that share lies; `sum` is all of them."""
    values = sorted(measured.elements())
    at = {f"{share:g}": values[min(len(values) - 1, int(share * len(values)))] for share in QUANTILES}
    return at | {"sum": sum(values)}


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))
