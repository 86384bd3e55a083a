"""A data set on the terminal: what its manifest counts, and a few examples as a model sees them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from ewm.data import cache, shards

BAR = 24  # characters of the longest
NAMED = 10  # programs that are in a benchmark; the manifest names more


def show(folder: Path, number: int, console: Console | None = None) -> None:
    console = console or Console()
    manifest = json.loads((folder / cache.MANIFEST).read_text(encoding="utf-8"))
    console.print(f"[bold]{manifest['count']}[/] of {manifest['wanted']} {manifest['split']} examples in {folder}")
    console.print(_sources(manifest["sources"]))
    kinds = {kind: manifest[f"by_{kind}"] for kind in ("level", "task", "format")} | {"licence": manifest["licences"]}
    for kind, counts in kinds.items():
        console.print(_counts(kind, counts))
    if manifest["tokens"]:
        console.print(_tokens(manifest["tokens"]))
    told = ", ".join(f"{name}: {what}" for name, what in manifest["decontaminated"].items())
    console.print(f"families {manifest['families']}; decontaminated against {told or 'nothing'}", markup=False)
    for banned in manifest["banned"][:NAMED]:
        console.print(f"  left out: {banned['origin']} of {banned['source']}, {banned['why']}", markup=False)
    for row in islice(shards.rows(folder), number):
        console.print(_example(row))


def _sources(sources: Mapping[str, Any]) -> Table:
    table = Table("source", "examples", "weight", "candidates", "left out", "")
    for name, row in sources.items():
        dropped = "\n".join(f"{why}: {n}" for why, n in sorted(row["dropped"].items(), key=lambda pair: -pair[1]))
        table.add_row(name, str(row["count"]), f"{row['weight']:g}", str(row["candidates"]), dropped, row["note"])
    return table


def _counts(kind: str, counts: Mapping[str, int]) -> Table:
    table = Table(kind, "examples", "", box=None, pad_edge=False)
    most = max(counts.values(), default=1)
    for name, count in sorted(counts.items(), key=lambda pair: -pair[1])[:20]:
        table.add_row(Text(name or "not stated"), str(count), "█" * max(1, round(BAR * count / most)))
    return table


def _tokens(tokens: Mapping[str, Mapping[str, int]]) -> Table:
    shares = [share for share in next(iter(tokens.values())) if share != "sum"]
    table = Table("tokens", *(f"{float(share):.0%}" for share in shares), "together", box=None, pad_edge=False)
    for name, quantiles in tokens.items():
        table.add_row(name, *(str(quantiles[share]) for share in shares), f"{quantiles['sum']:,}")
    return table


def _example(row: Mapping[str, Any]) -> Panel:
    code = Syntax(row["code"], "python", line_numbers=True, theme="ansi_dark", word_wrap=True)
    call = Text(f"call {row['entry']}" if row["entry"] else "")
    head = f"{row['source']} · {row['task']} · {row['format']} · {row['origin']} · {row['licence']}"
    return Panel(Group(code, call, Text(row["target"], style="green")), title=Text(head), title_align="left")
