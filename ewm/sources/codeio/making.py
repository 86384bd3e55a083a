"""Rows -> sources and calls, kept by content.

A row that gives no call is counted by the reason that most of its draws share. The order is that of the rows. Kept:
one file for a hash of the data, of the text of what makes them and of the Python version; written aside and renamed.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import warnings
from collections import Counter
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ewm.sources import mine
from ewm.sources.codeio.code import Code, code
from ewm.sources.codeio.inputs import CUT, NO_LITERALS, call, run, told
from ewm.sources.codeio.rows import data, rows
from ewm.sources.mine.repository import Left
from ewm.tracing import Trace


@dataclass(frozen=True)
class Made:
    """A row's source and its calls, each with the k that its inputs were drawn with."""

    row: int
    source: str
    calls: tuple[tuple[int, str], ...]


def made(
    keep: Path | None = None, isolation: str = "auto", require: str | None = None
) -> tuple[tuple[Made, ...], Counter[str]]:
    """Of every row, and the funnel. `keep`: folder where they are kept."""
    return _made_of(_key(), keep, isolation, require)


@cache
def _made_of(key: str, keep: Path | None, isolation: str, require: str | None) -> tuple[tuple[Made, ...], Counter[str]]:
    kept = keep / f"{key}.json" if keep else None
    if kept is not None and kept.is_file():
        found = json.loads(kept.read_text(encoding="utf-8"))
        return tuple(_restored(row) for row in found["made"]), Counter(found["counts"])
    counts: Counter[str] = Counter()
    codes = _codes(counts)
    traces = run([one.maker for one in codes], isolation, require)
    result = tuple(one for pair in zip(codes, traces, strict=True) if (one := _made(*pair, counts)))
    if kept is not None:
        _write(kept, {"counts": counts, "made": [asdict(one) for one in result]})
    return result, counts


def _codes(counts: Counter[str]) -> list[Code]:
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Python says of the rows' text, such as "invalid escape sequence"
        for row in rows(counts):
            try:
                found.append(code(row))
            except Left as left:
                counts[f"left out: {left}"] += 1
    counts["self-contained"] = len(found)
    return found


def _made(one: Code, trace: Trace, counts: Counter[str]) -> Made | None:
    calls: dict[str, int] = {}
    reasons: Counter[str] = Counter()
    try:
        given = told(trace)
    except Left as left:
        counts[f"left out: {left}"] += 1
        return None
    literal = False
    for k, (text, why) in enumerate(given):
        try:
            entry = call(one.parameters, text, why)
            calls.setdefault(entry, k)
        except Left as left:
            reasons[str(left)] += 1
            literal = literal or bool(text) and str(left) != NO_LITERALS
    counts["generator ran"] += any(not why or why == CUT for _, why in given)
    counts["literal input"] += literal or bool(calls)
    if not calls:
        counts[f"left out: {reasons.most_common(1)[0][0]}"] += 1
        return None
    counts["short call"] += 1
    return Made(one.row, one.source, tuple((k, entry) for entry, k in calls.items()))


def _restored(row: dict[str, Any]) -> Made:
    return Made(row["row"], row["source"], tuple((k, entry) for k, entry in row["calls"]))


def _write(path: Path, found: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.part")
    aside.write_text(json.dumps(found), encoding="utf-8")
    aside.replace(path)


def _key() -> str:
    """Of the data and of what makes programs of it: another version of either gives others."""
    texts = [path for package in (Path(__file__).parent, Path(mine.__file__).parent) for path in package.rglob("*.py")]
    about = [*(hashlib.sha256(path.read_bytes()).hexdigest() for path in (*data(), *sorted(texts))), sys.version]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]
