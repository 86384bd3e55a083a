"""SIGKILL at a moment nobody chose; the same command afterwards ends where an uncut run ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

ROOT = Path(__file__).parents[2]
SCRIPT = """
import json, sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from ewm.config.schema import GrpoConfig
from ewm.training import reinforce
from tests.training.conftest import ListRecord, build_small_set, build_tiny_model, share_of_sevens

def slow(completion, truth, cut=False):
    time.sleep(0.002)
    return share_of_sevens(completion, truth)

class Kept(ListRecord):
    # on disk too, where the doctor of a resumed run reads it

    def log(self, values, step):
        super().log(values, step)
        with open(self.folder / "metrics.jsonl", "a") as lines:
            lines.write(json.dumps({"stage": "grpo", "step": step, **values}) + "\\n")

cfg = GrpoConfig(max_steps=40, per_device_train_batch_size=16, num_generations=8, max_completion_length=12,
                 learning_rate=2e-2, save_steps=4, log_completions_every=0, **json.loads(sys.argv[2]))
record = Kept(Path(sys.argv[1]))
reinforce(build_tiny_model(), build_small_set(), cfg, slow, record, seed=4, validation=build_small_set())
(record.folder / "facts.json").write_text(json.dumps(record.facts))
"""


def start(folder: Path, changes: dict[str, Any]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SCRIPT, str(folder), json.dumps(changes)]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


EVALUATED = {"eval_steps": 3, "num_generations_eval": 2}
BEST = {**EVALUATED, "load_best_model_at_end": True, "metric_for_best_model": "validation/reward"}
PATIENT = {**EVALUATED, "early_stopping_patience": 9}  # pass@1 is 0 throughout: it ends with step 27


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, BEST, PATIENT])
def test_a_killed_run_ends_as_an_uncut_one(tmp_path, changes):
    assert start(tmp_path / "whole", changes).wait(300) == 0
    process = start(tmp_path / "cut", changes)
    folder = tmp_path / "cut" / "checkpoints" / "grpo"
    deadline = time.monotonic() + 300
    while not list(folder.glob("checkpoint-1?")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    assert not (tmp_path / "cut" / "adapter").exists()
    assert start(tmp_path / "cut", changes).wait(300) == 0
    whole, cut = (load_file(tmp_path / name / "adapter" / "adapter_model.safetensors") for name in ("whole", "cut"))
    assert whole.keys() == cut.keys()
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
    facts = [(tmp_path / name / "facts.json").read_text() for name in ("whole", "cut")]
    assert facts[0] == facts[1]
    assert not changes or json.loads(facts[0])["validation"]["best"]
