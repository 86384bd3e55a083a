"""How fast is the tracer? CPU time per program beside other ways, all of them in one run, ratios first.

    python experiments/00-speed/speed.py PROGRAMS.jsonl [--repeats 5] [--fresh 20] [--csv results.csv]

A line is {"source", "entry"} or CRUXEval's {"code", "input"}; without a file, 400 programs of the grammar. Counted is
the CPU time of all that took part, trainer, zygote, children; the start of a zygote is measured and taken off.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

from rich.console import Console
from rich.table import Table

from ewm import tracing
from ewm.config.schema import TraceConfig
from ewm.programs import Program, grammar
from ewm.programs.levels import LEVELS
from ewm.tracing import Runner

HERE = Path(__file__).parent
FOLDER = Path(tracing.__file__).parent
SLIM = [sys.executable, "-s", "-S", "-P"]
WAYS = {
    "exec": "compile + exec, no tracing",
    "repr": "settrace in process, repr of all locals",
    "pysnooper": "PySnooper in process",
    "fork": "fork floor, nothing done",
    "batched": "EWM, pure programs share a fork",
    "forked": "EWM, one fork each",
    "fresh": "fresh interpreter each, repr of all locals",
}
LOOP = "def f(xs, n):\n    i = s = 0\n    while i < n:\n        s = xs[i % 10]\n        i += 1\n    return s\n"


def read(path: str | None) -> list[Program]:
    if path is None:
        return [grammar.program(0, index, level) for index in range(40) for level in LEVELS][:400]
    rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]
    return [
        Program(row["code"], f"f({row['input']})") if "code" in row else Program(row["source"], row.get("entry"))
        for row in rows
    ]


def spent() -> float:
    """CPU seconds so far of this process and of all that have ended under it."""
    return sum(u.ru_utime + u.ru_stime for u in (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)))


def traced(programs: list[Program], **settings: Any) -> tuple[float, list[Any]]:
    """CPU seconds of one pass in a Runner of its own, its start and end included; the traces."""
    began = spent()
    with Runner(TraceConfig(workers=1, **settings)) as runner:
        assert runner.isolation
        traces = list(runner.trace_all(programs))
    return spent() - began, traces


def event_cost(elements: int, rounds: int = 3000) -> float:
    """Microseconds of one event of a loop over a list of so many elements."""
    program = Program(LOOP, f"f(list(range({elements})), {rounds})")
    with Runner(TraceConfig(workers=1, max_events=10**6, cpu_s=30)) as runner:
        runs = [runner.trace(program) for _ in range(5)]
        empty = min(runner.trace(Program(LOOP, f"f(list(range({elements})), 0)")).cpu_s for _ in range(5))
    return 1e6 * (min(t.cpu_s for t in runs) - empty) / len(runs[0].events)


def rivals(programs: list[Program], level: str, repeats: int, packages: list[str]) -> dict[str, list[float]]:
    request = {
        "programs": [{"source": p.source, "entry": p.entry} for p in programs], "repeats": repeats, "level": level,
        "tracing": str(FOLDER), "packages": packages, "memory_mb": 512,
    }  # fmt: skip
    command = [*SLIM, str(HERE / "inside.py")]
    done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def fresh(programs: list[Program], level: str) -> float:
    """CPU seconds of an interpreter of its own for each."""
    began = spent()
    for program in programs:
        row = json.dumps({"source": program.source, "entry": program.entry})
        subprocess.run([*SLIM, str(HERE / "fresh.py"), str(FOLDER), level], input=row, text=True, check=True)
    return spent() - began


def measure(programs: list[Program], repeats: int, few: int) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """({way: CPU milliseconds per program, one a pass}, what is known of the run)."""
    _, traces = traced(programs)
    programs = [p for p, t in zip(programs, traces, strict=True) if t.status in ("ok", "exception")]
    with Runner(TraceConfig(workers=1)) as runner:
        about = dict(runner.isolation)
    count, level = len(programs), about["isolation"]
    found: dict[str, list[float]] = {"forked": [], "batched": [], "fresh": []}
    packages = [p for p in sys.path if p.endswith("site-packages")]
    children: list[float] = []
    for _ in range(repeats):
        start = min(traced([])[0] for _ in range(3))
        for name, batch in (("forked", 1), ("batched", TraceConfig().batch)):
            seconds, traces = traced(programs, batch=batch)
            found[name].append(1e3 * (seconds - start) / count)
            if batch == 1:
                rest = found[name][-1] - 1e3 * statistics.mean(t.cpu_s for t in traces)
                children.append(statistics.median(1e3 * t.cpu_s for t in traces) + rest)
        for name, passes in rivals(programs, level, 1, packages).items():
            found.setdefault(name, []).append(1e3 * passes[0] / count)
        if few:
            found["fresh"].append(1e3 * fresh(programs[:few], level) / min(few, count))
    about |= {"programs": count, "p50_ms": min(children), "events": statistics.mean(len(t.events) for t in traces)}
    about["event_us"] = {n: event_cost(n) for n in (10, 10_000)}
    return {way: found[way] for way in WAYS if found.get(way)}, about


def show(found: dict[str, list[float]], about: dict[str, Any], console: Console) -> None:
    floor, bare = min(found["fork"]), min(found["exec"])
    table = Table(title=f"CPU time per program, n = {about['programs']}, {about['events']:.1f} events each", box=None)
    for name in ("way", "x fork floor", "x exec", "best ms", "median ms", "per s and core"):
        table.add_column(name, justify="left" if name == "way" else "right")
    for way, passes in found.items():
        best, middle = min(passes), statistics.median(passes)
        cells = (f"{best / floor:.2f}", f"{best / bare:.1f}", f"{best:.3f}", f"{middle:.3f}", f"{1e3 / best:,.0f}")
        table.add_row(WAYS[way], *cells)
    console.print(table)
    small, large = about["event_us"].values()
    console.print(
        f"one fork each: p50 {about['p50_ms']:.2f} ms; isolation {about['isolation']}, Python {about['python']}\n"
        f"an event of a loop: {small:.1f} us with a list of 10, {large:.1f} us with 10,000 (x {large / small:.2f})"
    )
    if "pysnooper" not in found:
        console.print("PySnooper is not installed: pip install pysnooper")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="?", help="programs as JSON lines; none: 400 programs of the grammar")
    parser.add_argument("--repeats", type=int, default=5, help="passes of each way, side by side")
    parser.add_argument("--fresh", type=int, default=20, help="programs that get an interpreter of their own")
    parser.add_argument("--csv", type=Path, help="write every pass there")
    args = parser.parse_args(argv)
    found, about = measure(read(args.file), args.repeats, args.fresh)
    show(found, about, Console())
    if args.csv:
        with args.csv.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["way", "pass", "cpu_ms_per_program"])
            rows.writerows([way, n, f"{ms:.4f}"] for way, passes in found.items() for n, ms in enumerate(passes))


if __name__ == "__main__":
    main()
