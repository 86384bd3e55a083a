"""The entries as a user meets them: processes, exit codes, what stands on the terminal, what lies in folders."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOY = ROOT / "tests" / "toy.py"


def call(script, *arguments, cwd=ROOT):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, str(script), *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )


def runs(folder):
    return {p.parent.name: json.loads(p.read_text()) for p in folder.rglob("run.json")}


@pytest.mark.parametrize("entry", ["train", "evaluate"])
def test_help_is_our_own_page(entry):
    done = call(ROOT / f"{entry}.py", "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("EWM trains LoRA adapters")
    assert "reward=strict lora.r=32 debug=fast" in done.stdout
    assert "\n  model.name=nano" in done.stdout


def test_mistakes_end_with_2_and_no_traceback():
    done = call(ROOT / "train.py", "lora.rnk=32", "reward=strct", "grpo.loss_type=foo")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == "3 problems with the configuration:"
    assert "Traceback" not in done.stderr


def test_a_sweep_skips_what_is_done_and_survives_what_fails(tmp_path):
    sweep = ["-m", "reward=strict", "lora.r=7,8", "name=grid"]
    first = call(TOY, *sweep, cwd=tmp_path)
    folder = tmp_path / "outputs" / "sweeps" / "grid"
    assert first.returncode == 1
    assert "0 done, 2 to do" in first.stdout
    assert "failed: outputs/sweeps/grid/reward=strict_lora.r=7-" in first.stderr
    found = runs(folder)
    assert {name.rpartition("-")[0]: row["status"] for name, row in found.items()} == {
        "reward=strict_lora.r=7": "failed",
        "reward=strict_lora.r=8": "done",
    }
    assert len((folder / "table.csv").read_text().splitlines()) == 3
    assert (folder / "table.md").exists()
    again = call(TOY, "-m", "reward=strict", "lora.r=8", "name=grid", cwd=tmp_path)
    assert again.returncode == 0
    assert "1 done, 0 to do" in again.stdout
    assert runs(folder) == found


def test_the_table_is_that_of_this_command(tmp_path):
    assert call(TOY, "-m", "lora.r=4,5", "name=grid", cwd=tmp_path).returncode == 0
    done = call(TOY, "-m", "lora.r=8,8", "name=grid", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "0 done, 1 to do" in done.stdout
    folder = tmp_path / "outputs" / "sweeps" / "grid"
    (row,) = (folder / "table.csv").read_text().splitlines()[1:]
    assert row.startswith("8,done,")
    assert len(runs(folder)) == 3
    whole = subprocess.run(
        [sys.executable, "-m", "ewm.reporting", "table", str(folder)], cwd=ROOT, capture_output=True, text=True
    )
    assert whole.returncode == 0
    assert [line[:7] for line in (folder / "table.csv").read_text().splitlines()[1:]] == [
        "4,done,",
        "5,done,",
        "8,done,",
    ]


def test_a_study_of_a_preset(tmp_path):
    done = call(TOY, "-m", "sweep=seeds", "seed=0,1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "outputs" / "sweeps" / "seeds" / "table.csv").read_text().splitlines()) == 3


def test_a_job_that_the_checks_refuse_has_its_row(tmp_path):
    done = call(TOY, "-m", "grpo.num_generations=7,8", "name=grid", cwd=tmp_path)
    folder = tmp_path / "outputs" / "sweeps" / "grid"
    assert done.returncode == 1
    assert "1 failed before it began, 1 done" in done.stdout
    refused, ended = (folder / "table.csv").read_text().splitlines()[1:]
    assert refused.startswith('7,"failed before it began: grpo.num_generations=7 does not divide the generation batch')
    assert ended.startswith("8,done,")


def test_ctrl_c_leaves_a_run_that_the_same_command_resumes(tmp_path):
    command = [sys.executable, str(TOY), "seed=9"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background has it ignored
    )  # fmt: skip
    for line in child.stdout:
        if "waiting" in line:
            break
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "Interrupted at grpo step 1. The same command goes on from the last checkpoint: python" in errors
    assert "Traceback" not in errors
    ((name, row),) = runs(tmp_path / "outputs" / "train").items()
    assert row["status"] == "interrupted"
    assert call(TOY, "seed=9", cwd=tmp_path).returncode == 0
    ((same, row),) = runs(tmp_path / "outputs" / "train").items()
    assert same == name
    assert (row["status"], row["sessions"]) == ("done", 2)
    assert (tmp_path / "outputs" / "train" / "default" / name / ".hydra" / "config.yaml").exists()
    assert (tmp_path / "outputs" / "train" / "default" / name / "toy.log").exists()


@pytest.mark.slow
def test_the_whole_way(tmp_path):
    done = call(ROOT / "train.py", "model=nano", "reward=strict", "lora.r=32", "debug=fast", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    ((_, row),) = runs(tmp_path / "outputs" / "train").items()
    assert row["status"] == "done"
    assert done.stdout.count("tensorboard --logdir") == 1
