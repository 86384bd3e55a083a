"""How fast a corpus is built beside the tracer alone, and whether it is the same after a kill, or made by Ray.

    python experiments/02-data/scale.py speed [--n 100000] [--sample 20000] [--batch 32] [--repeats 3]
    python experiments/02-data/scale.py same [--n 100000] [--kills 3] [--ray]

`speed`: the runner on ready programs, on programs as the grammar gives them, and the build (made, traced, rendered in
delta, checked for copies, written), in turns on the same machine; programs a second of wall time, all cores.
`same`: an unbroken build, one that is killed and gone on with, and one by Ray: one hash over all their files.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from ewm import data
from ewm.config.schema import DataConfig, FormatConfig, TaskConfig, TraceConfig
from ewm.programs.levels import TRAINED
from ewm.sources import Grammar
from ewm.tracing import Runner

LEVELS = dict.fromkeys(TRAINED, 1.0)
CORES = len(os.sched_getaffinity(0))


def config(folder: str, n: int, pool: str = "processes") -> DataConfig:
    return DataConfig(
        sources={"grammar": {"_target_": "ewm.sources.Grammar", "levels": LEVELS}}, num_train=n, cache_dir=folder,
        max_prompt_tokens=None, max_target_tokens=None, near=None, decontaminate=False, pool=pool, workers=CORES,
    )  # fmt: skip


def build(cfg: DataConfig, batch: int = 32) -> data.DataSet:
    return data.build(cfg, TraceConfig(batch=batch), TaskConfig(), FormatConfig("delta"), "short", None)


def speed(n: int, sample: int, batch: int, repeats: int) -> None:
    ready = list(islice(Grammar(LEVELS).programs(1, "train"), sample))
    rows: dict[str, list[float]] = {"runner, ready programs": [], "runner, from the grammar": [], "build": []}
    for _ in range(repeats):
        for name, programs in (
            ("runner, ready programs", iter(ready)),
            ("runner, from the grammar", islice(Grammar(LEVELS).programs(2, "train"), sample)),
        ):
            with Runner(TraceConfig(workers=CORES, batch=batch)) as runner:
                began = time.perf_counter()
                count = sum(1 for _ in runner.trace_all(programs))
                rows[name].append(count / (time.perf_counter() - began))
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            made = build(config(folder, n), batch)
            rows["build"].append(made.manifest["candidates"] / (time.perf_counter() - began))
    for name, found in rows.items():
        print(f"{name:26} median {statistics.median(found):7.0f}/s, of {', '.join(f'{f:.0f}' for f in found)}")
    for name in list(rows)[:2]:
        ratios = [b / a for a, b in zip(rows[name], rows["build"], strict=True)]
        print(f"build / {name}: median {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}")
    machine = f"{CORES} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"n {n} (runner: {sample}), batch {batch}, {machine}")


def same(n: int, kills: int, ray: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = digest(build(config(f"{folder}/whole", n)).folder)
        print(f"unbroken      {whole}")
        command = [sys.executable, __file__, "one", "--n", str(n), "--folder", f"{folder}/broken"]
        rng, killed = random.Random(0), 0
        for _ in range(kills):
            process = subprocess.Popen(command, start_new_session=True)
            until = n // 10_000 * rng.uniform(0.1, 0.9)
            while process.poll() is None and len(list(Path(folder).glob("broken/.*/data/train-*"))) < until:
                time.sleep(0.01)
            os.killpg(process.pid, signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
        last = subprocess.run([*command, "--memory"], check=True, capture_output=True, text=True)
        (broken,) = (digest(path) for path in Path(folder, "broken").glob("[!.]*"))
        print(f"killed {killed} times {broken}  {said(broken == whole)}; {last.stdout.strip()}")
        if ray:
            other = digest(build(config(f"{folder}/ray", n, "ray")).folder)
            print(f"by Ray        {other}  {said(other == whole)}")


def said(equal: bool) -> str:
    return "equal" if equal else "DIFFERENT"


def digest(folder: Path) -> str:
    """Of every file's name and bytes."""
    seen = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        seen.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return seen.hexdigest()[:16]


def main() -> None:
    import resource

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "same", "one"])
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--folder")
    parser.add_argument("--memory", action="store_true")
    given = parser.parse_args()
    if given.what == "speed":
        speed(given.n, given.sample, given.batch, given.repeats)
    elif given.what == "same":
        same(given.n, given.kills, given.ray)
    else:
        build(config(given.folder, given.n))
        if given.memory:
            who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
            own, child = (resource.getrusage(w).ru_maxrss / 1024 for w in who)
            print(f"peak {own:.0f} MiB, largest worker {child:.0f} MiB")


if __name__ == "__main__":
    main()
