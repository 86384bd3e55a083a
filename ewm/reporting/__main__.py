"""python -m ewm.reporting table DIR    one row per run below DIR: terminal, table.md, table.csv, plot.png
python -m ewm.reporting completions RUN [--step N] [--mode MODE] [-n 3]   best, worst, most changed
python -m ewm.reporting report RUN   make report.md and report.html of a run again from its results
"""

from __future__ import annotations

import sys
from pathlib import Path

from ewm import reporting
from ewm.config import ConfigError
from ewm.config.record import read as read_record
from ewm.reporting import completions, table, terminal
from ewm.reporting.runs import load_results


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["completions"]:
        return completions.main(arguments[1:])
    if len(arguments) != 2 or arguments[0] not in ("table", "report"):
        print(__doc__)
        return 0 if set(arguments) & {"-h", "--help"} else 2
    folder = Path(arguments[1])
    if not folder.is_dir():
        print(f"{folder} is no folder. Give a folder of runs, such as outputs/sweeps/NAME or outputs/train/NAME/RUN")
        return 2
    if arguments[0] == "table":
        table.sweep_table(folder)
        return 0
    if not (folder / "evaluation" / "results.json").exists():
        print(f"{folder} holds no evaluation/results.json: it was not evaluated. python evaluate.py run={folder}")
        return 2
    try:
        load_results(folder / "evaluation" / "results.json")
        if (folder / "run.json").exists():
            read_record(folder, ())
    except ConfigError as error:
        print(error)
        return 2
    terminal.show(reporting.rewrite(folder), folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
