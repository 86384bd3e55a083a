"""Two gloo ranks under accelerate's launcher: one folder, equal adapters, one table, an end that a cut does not change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch

ROOT = Path(__file__).parents[2]
LAUNCH = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1",
          "--mixed_precision", "no", "--dynamo_backend", "no")  # fmt: skip
SCRIPT = """
import os, sys
from pathlib import Path
import torch
from ewm import config, ranks, run
from ewm.config.schema import GrpoConfig
from ewm.training import reinforce
from tests.training.conftest import build_small_set, build_tiny_model, share_of_sevens

folder, die_at, beta = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
scored = 0

def reward(completion, truth, cut=False):
    global scored
    scored += 1
    if ranks.rank() == 1 and scored == die_at:
        raise RuntimeError("out of paper")
    return share_of_sevens(completion, truth)

cfg = GrpoConfig(max_steps=6, per_device_train_batch_size=8, num_generations=8, max_completion_length=12,
                 learning_rate=2e-2, save_steps=2, log_completions_every=1, beta=beta)
model = build_tiny_model()
with run.open(config.compose([f"output_dir={folder}"])) as record:
    reinforce(model, build_small_set(), cfg, reward, record, seed=4)
state = {k: v for k, v in model.model.state_dict().items() if "lora" in k}
torch.save(state, folder / f"rank{ranks.rank()}.pt")
"""


def launch(script: Path, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    command = [sys.executable, *LAUNCH, str(script), *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)


def record_of(folder: Path) -> dict[str, object]:
    (path,) = folder.rglob("run.json")
    return json.loads(path.read_text()) | {"folder": path.parent}


def adapters(folder: Path) -> list[dict[str, torch.Tensor]]:
    return [torch.load(folder / f"rank{rank}.pt", weights_only=True) for rank in (0, 1)]


def assert_equal(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> None:
    assert left.keys() == right.keys()
    assert all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.slow
@pytest.mark.parametrize("beta", ["0", "0.1"], ids=["plain", "reference"])
def test_two_ranks_end_equal_also_when_one_of_them_died(beta, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    done = launch(script, str(whole), "0", beta)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = adapters(whole)
    assert_equal(first, second)
    assert any(tensor.abs().sum() > 0 for name, tensor in first.items() if "lora_B" in name)
    row = record_of(whole)
    assert (row["status"], row["facts"]["ranks"]) == ("done", 2)
    assert not list(whole.glob(".ranks-*"))
    table = pq.read_table(row["folder"] / "completions" / "train-00001.parquet").to_pylist()
    assert len(table) == 16
    assert len({row["example"] for row in table}) == 2  # a prompt of each rank's
    assert {row["advantage"] for row in table} != {None}

    began = time.monotonic()
    died = launch(script, str(cut), str(8 * 4 + 3), beta)  # in rank 1, beyond the checkpoint at step 4
    assert died.returncode != 0 and time.monotonic() - began < 120
    row = record_of(cut)
    assert (row["status"], row["error"]) == ("failed", "rank 1: RuntimeError: out of paper")
    again = launch(script, str(cut), "0", beta)
    assert again.returncode == 0, again.stderr[-3000:]
    assert record_of(cut)["sessions"] == 2
    for rank in (0, 1):
        assert_equal(first, adapters(cut)[rank])


@pytest.mark.slow
def test_the_whole_way_in_two_ranks(tmp_path):
    done = launch(ROOT / "train.py", "debug=fast", "hardware=cpu", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    row = record_of(tmp_path / "outputs" / "train")
    assert (row["status"], row["facts"]["ranks"], row["step"]) == ("done", 2, 2)
    assert row["command"].startswith("accelerate launch --multi_gpu --num_processes 2")
    assert done.stdout.count("tensorboard --logdir") == done.stdout.count("Run folder:") == 1
    assert {p.name for p in row["folder"].iterdir()} >= {"adapter", "report.md", "tensorboard", "train.log", ".hydra"}
    assert len(list((row["folder"] / "tensorboard").glob("events*"))) == 1
    lines = (row["folder"] / "metrics.jsonl").read_text().splitlines()
    assert len(lines) == len(set(lines))


@pytest.mark.slow
@pytest.mark.parametrize(
    "script, arguments, said",
    [
        ("train.py", ["-m", "seed=0,1"], "-m inside a distributed launch of 2 ranks"),
        ("train.py", ["sft=short"], "sft.enabled=true with 2 ranks"),
        ("evaluate.py", [], "2 ranks: an evaluation has one"),
    ],
)
def test_what_has_its_own_processes_is_refused_once(script, arguments, said, tmp_path):
    done = launch(ROOT / script, *arguments, cwd=tmp_path)
    assert done.returncode != 0
    assert done.stderr.count(said) == 1
    assert not (tmp_path / "outputs").exists()
