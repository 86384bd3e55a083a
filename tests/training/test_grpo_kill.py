"""SIGKILL at a moment nobody chose; the same command afterwards ends where an uncut run ends."""

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
from ewm.config.schema import GrpoConfig
from ewm.training import reinforce
from tests.training.conftest import ListRecord, build_small_set, build_tiny_model, share_of_sevens

def slow(completion, truth, cut=False):
    time.sleep(0.002)
    return share_of_sevens(completion, truth)

cfg = GrpoConfig(max_steps=40, per_device_train_batch_size=16, num_generations=8, max_completion_length=12,
                 learning_rate=2e-2, save_steps=4, log_completions_every=0)
reinforce(build_tiny_model(), build_small_set(), cfg, slow, ListRecord(Path(sys.argv[1])), seed=4)
"""


def start(folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(folder)], cwd=ROOT, env=environment)


@pytest.mark.slow
def test_a_killed_run_ends_as_an_uncut_one(tmp_path):
    assert start(tmp_path / "whole").wait(300) == 0
    process = start(tmp_path / "cut")
    folder = tmp_path / "cut" / "checkpoints" / "grpo"
    deadline = time.monotonic() + 300
    while not list(folder.glob("checkpoint-1?")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    assert not (tmp_path / "cut" / "adapter").exists()
    assert start(tmp_path / "cut").wait(300) == 0
    whole, cut = (load_file(tmp_path / name / "adapter" / "adapter_model.safetensors") for name in ("whole", "cut"))
    assert whole.keys() == cut.keys()
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
