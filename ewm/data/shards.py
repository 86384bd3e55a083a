"""Examples as rows of parquet files, data/<split>-00000.parquet and so on, flat enough for the hub's viewer.

A shard is written aside and renamed; the same rows give the same bytes under the same pyarrow. The truth is JSON,
without the program that stands beside it. Further formats of a trace are columns of their own.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ewm.data.example import Example
from ewm.programs import Program

PROGRAM = ("entry", "stdin", "origin", "licence", "level", "parent", "relation")
EXAMPLE = ("id", "task", "format", "target", "source", "prompt_tokens", "target_tokens", "schema")
NUMBERS = ("prompt_tokens", "target_tokens", "schema")
TWICE = ("source", "entry", "task", "format")  # in the truth and in columns of its own


def row_of(example: Example, texts: Mapping[str, str]) -> dict[str, Any]:
    """`texts`: format -> the trace written in it."""
    truth = {key: value for key, value in vars(example.truth).items() if key not in TWICE}
    program = example.program
    return {
        "id": example.id,
        "code": program.source,
        **{name: getattr(program, name) for name in PROGRAM},
        "family": program.family,
        **{name: getattr(example, name) for name in EXAMPLE if name != "id"},
        "messages": example.messages,
        **texts,
        "truth": json.dumps(truth, separators=(",", ":"), default=vars),
    }


def example_of(row: Mapping[str, Any]) -> Example:
    """ValueError for a row of another schema."""
    program = Program(row["code"], **{name: row[name] for name in PROGRAM})
    truth = json.loads(row["truth"]) | {
        "source": program.source, "entry": program.entry, "task": row["task"], "format": row["format"],
    }  # fmt: skip
    own = {name: row[name] for name in EXAMPLE}
    messages = [{"role": m["role"], "content": m["content"]} for m in row["messages"]]
    return Example.from_json({**own, "program": program.to_json(), "messages": messages, "truth": truth})


def name(split: str, number: int) -> str:
    return f"data/{split}-{number:05d}.parquet"


def write(folder: Path, split: str, number: int, rows: Sequence[Mapping[str, Any]], texts: Sequence[str]) -> None:
    """Shard `number`. `texts`: the further formats, whose columns are there in every shard."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds: dict[str, pa.DataType] = dict.fromkeys(
        ("id", "code", *PROGRAM, "family", *(n for n in EXAMPLE if n != "id")), pa.string()
    )
    kinds |= dict.fromkeys(NUMBERS, pa.int32())
    kinds["messages"] = pa.list_(pa.struct({"role": pa.string(), "content": pa.string()}))
    kinds |= dict.fromkeys((*texts, "truth"), pa.string())
    path = folder / name(split, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}")
    parquet.write_table(pa.Table.from_pylist(list(rows), pa.schema(kinds)), aside, compression="zstd")
    os.replace(aside, path)


def paths(folder: Path) -> list[Path]:
    """The whole shards, in order."""
    return sorted((folder / "data").glob("[!.]*.parquet"))  # pathlib's * takes a dot too: half of a file


def rows(folder: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Of every shard, in order, a batch at a time."""
    from pyarrow import parquet

    for path in paths(folder):
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(1000, columns=columns):
                yield from batch.to_pylist()


def sha256(folder: Path) -> dict[str, str]:
    """Of each shard, by its name."""
    found = {}
    for path in paths(folder):
        with path.open("rb") as file:
            found[f"data/{path.name}"] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
