"""What must not grow: the cost of an event with the size of a container, of a trace with the size of the trainer."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tracing.conftest import experiment

ROOT = Path(__file__).parents[2]
WAYS = {"exec", "repr", "fork", "batched", "forked", "fresh"}

LARGE = """
import os, resource, sys, time
from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing import Runner

forks = []
os.register_at_fork(before=lambda: forks.append(1))
programs = [Program(f"x = {i}\\n", None) for i in range(200)]

def cost():
    began = time.process_time()
    with Runner(TraceConfig(workers=1, batch=1)) as runner:
        assert all(t.status == "ok" for t in runner.trace_all(programs))
    return time.process_time() - began

small = min(cost() for _ in range(3))
held = b"x" * (2 << 30)
large = min(cost() for _ in range(3))
size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(size, len(forks), large / small)
"""


@pytest.fixture
def speed():
    return experiment("00-speed/speed.py")


def test_an_event_costs_little_more_with_a_long_list(speed):
    ratio = min(speed.event_cost(10_000, 1000) / speed.event_cost(10, 1000) for _ in range(3))
    assert ratio < 3


def test_the_benchmark_runs_every_way(speed, tmp_path, capsys):
    file, table = tmp_path / "programs.jsonl", tmp_path / "results.csv"
    rows = [{"source": f"x = {i}\n", "entry": None} for i in range(3)] + [
        {"code": "def f(a):\n    return a\n", "input": "3"}
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    speed.main([str(file), "--repeats", "1", "--fresh", "1", "--csv", str(table)])
    found = list(csv.DictReader(table.open()))
    assert {row["way"] for row in found} >= WAYS
    times = {row["way"]: float(row["cpu_ms_per_program"]) for row in found}  # of ours the start is taken off: noise
    assert all(times[way] > 0 for way in WAYS - {"forked", "batched"})
    assert "one fork each: p50" in capsys.readouterr().out


@pytest.mark.slow
def test_a_trainer_of_2_gb_traces_without_being_forked():
    done = subprocess.run([sys.executable, "-c", LARGE], cwd=ROOT, capture_output=True, text=True, check=True)
    size, forks, ratio = map(float, done.stdout.split())
    print(f"{size:.1f} GB, {forks:.0f} forks, CPU of the trainer x {ratio:.2f}")
    assert size > 2
    assert forks == 0
    assert ratio < 1.5
