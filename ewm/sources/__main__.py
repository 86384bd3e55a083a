"""`python -m ewm.sources COMMAND ...`: makes programs of what is there.

Each command is a module with HELP, arguments(parser) and run(given, console), imported when it is asked for.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from rich.console import Console

COMMANDS = {
    "recipe": "ewm.sources.recipe.command",
    "coverage": "ewm.sources.coverage.command",
    "mine": "ewm.sources.mine.command",
    "selfgen": "ewm.sources.selfgen.command",
    "mutate": "ewm.sources.mutate.command",
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ewm.sources", description="Makes programs of what is there.")
    commands = parser.add_subparsers(dest="command", required=True)
    given = list(sys.argv[1:] if arguments is None else arguments)
    named = [name for name in COMMANDS if name in given[:1]] or list(COMMANDS)
    found = {name: importlib.import_module(COMMANDS[name]) for name in named}
    for name, module in found.items():
        module.arguments(commands.add_parser(name, help=module.HELP, description=module.__doc__))
    chosen = parser.parse_args(given)
    return found[chosen.command].run(chosen, Console(stderr=True))


if __name__ == "__main__":
    sys.exit(main())
