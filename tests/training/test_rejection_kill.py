"""SIGKILL at a moment nobody chose, in a round or between two: the same command ends where an uncut run ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from tests.training.test_rejection import exact, quick, trained

def slow(completion, truth, cut=False):
    time.sleep(0.005)
    return exact(completion, truth, cut)

trained(Path(sys.argv[1]), quick(rounds=12, accept=1.0), slow)
"""


def start(folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(folder)], cwd=ROOT, env=environment)


@pytest.mark.slow
def test_a_killed_run_ends_as_an_uncut_one(tmp_path):
    assert start(tmp_path / "whole").wait(300) == 0
    process = start(tmp_path / "cut")
    folder = tmp_path / "cut" / "checkpoints" / "rejection"
    deadline = time.monotonic() + 300
    while not list(folder.glob("checkpoint-4")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    assert not (tmp_path / "cut" / "adapter").exists()
    assert start(tmp_path / "cut").wait(300) == 0
    whole, cut = (load_file(tmp_path / name / "adapter" / "adapter_model.safetensors") for name in ("whole", "cut"))
    assert whole.keys() == cut.keys()
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
