"""`python -m ewm.sources coverage FILE.jsonl... [--levels real ...] [-n N]`: what share of the syntax, built-in methods
and built-in functions of real programs the grammar writes, measured on N programs that it wrote, not declared."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ewm.config.errors import did_you_mean
from ewm.programs.grammar import program
from ewm.programs.presets import ALL
from ewm.sources.coverage import KINDS, Uses, uses

HELP = "what share of real programs' constructs the grammar writes"
_FIELDS = ("source", "code")  # of a row, the first one that it has


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="JSONL with a field source or code")
    parser.add_argument("--levels", nargs="+", default=list(ALL), metavar="LEVEL", help="default: all")
    parser.add_argument("-n", type=int, default=1000, help="programs written of each level; default: 1000")
    parser.add_argument("--json", action="store_true", help="the same as JSON on standard output")


def run(given: argparse.Namespace, console: Console) -> int:
    """The command's exit code."""
    wrong = [f"--levels={n}: no such level.{did_you_mean(n, list(ALL))}" for n in given.levels if n not in ALL]
    wrong += [f"-n={given.n}: must be at least 1."] if given.n < 1 else []
    found: dict[str, Uses] = {}
    for name in given.files:
        try:
            found[name] = uses(_sources(Path(name)))
        except (OSError, ValueError) as error:
            wrong.append(f"{name}: {error}")
    if wrong:
        console.print("\n".join(wrong), markup=False, soft_wrap=True)
        return 2
    own = uses(program(0, index, level).source for level in given.levels for index in range(given.n))
    if given.json:
        json.dump({name: _figures(own, real) for name, real in found.items()}, sys.stdout, indent=1)
        return 0
    shown = Table("", "programs", "", "distinct", "uses", "missing (uses)")
    for name, real in found.items():
        for kind in KINDS:
            distinct, all_uses = own.share(real, kind)
            missing = ", ".join(f"{each} {n}" for each, n in list(own.missing(real, kind).items())[:25])
            shown.add_row(Path(name).name, str(real.programs), kind, f"{distinct:.1%}", f"{all_uses:.1%}", missing)
    console.print(shown)
    return 0


def _figures(own: Uses, real: Uses) -> dict[str, object]:
    kinds = {
        kind: {
            **dict(zip(("distinct", "uses"), own.share(real, kind), strict=True)),
            "missing": own.missing(real, kind),
        }
        for kind in KINDS
    }
    return {"programs": real.programs, "unparsable": real.unparsable, **kinds}


def _sources(path: Path) -> list[str]:
    texts = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            raise ValueError(f"line {number} is not JSON.") from None
        text = next((row[f] for f in _FIELDS if isinstance(row.get(f), str)), None) if isinstance(row, dict) else None
        if text is None:
            raise ValueError(f"line {number} has no text in {' or '.join(_FIELDS)}.")
        texts.append(text)
    return texts
