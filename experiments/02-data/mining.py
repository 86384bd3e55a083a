"""The funnel of mining, step by step, with shares and their Wilson intervals, and why programs are left out.

    python experiments/02-data/mining.py stdlib networkx sympy
    python experiments/02-data/mining.py --events 4000 ./repository

Every figure counts examples or programs, not families: programs of one function are alike, and an interval over
families would be wider. A folder's tests run too, in isolation; `--no-tests` leaves them out.
"""

from __future__ import annotations

import argparse
from collections import Counter

from rich.console import Console
from rich.table import Table

from ewm.config.schema import TraceConfig
from ewm.scoring.stats import wilson
from ewm.sources.mine.checking import check, count
from ewm.sources.mine.funnel import LEFT
from ewm.sources.mine.mining import collection, mine

SHARES = (  # what, of what
    ("with a result", "examples"),
    ("calls the package", "with a result"),
    ("self-contained", "calls the package"),
    ("pure", "self-contained"),
    ("short", "pure"),
    ("programs from tests", "calls in tests"),
    ("traced", "programs"),
    ("equal", "traced"),
    ("equal", "programs"),
    ("equal, literal call and result", "literal call and result"),
)


def funnel(name: str, tests: bool, events: int) -> Counter[str]:
    """What was found and what was left of it."""
    mined, counts = mine(collection(name), tests)
    families = {one.mined.program.family for one in count(check(mined, TraceConfig(max_events=events)), counts)}
    counts["families of the equal ones"] = len(families)
    return counts


def show(name: str, counts: Counter[str], console: Console) -> None:
    table = Table("", "n", "of", "", "share", "95 % Wilson", title=name, title_justify="left")
    for what, whole in SHARES:
        if counts[whole]:
            low, high = wilson(counts[what], counts[whole])
            share = counts[what] / counts[whole]
            cells = (str(counts[what]), str(counts[whole]), whole, f"{share:.1%}", f"{low:.1%} - {high:.1%}")
            table.add_row(what, *cells)
    console.print(table)
    found = ("modules", "modules with examples", "test files", "tests", "families of the equal ones")
    console.print(", ".join(f"{counts[key]} {key}" for key in found if counts[key]))
    left = [(key, n) for key, n in counts.most_common() if key.startswith(LEFT)]
    console.print("left out: " + "; ".join(f"{key.removeprefix(LEFT)} {n}" for key, n in left) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="+", metavar="PACKAGE_OR_FOLDER")
    parser.add_argument("--tests", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--events", type=int, default=TraceConfig.max_events, help="limit of one program")
    given = parser.parse_args()
    for package in given.packages:
        show(package, funnel(package, given.tests, given.events), Console())
