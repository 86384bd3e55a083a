"""What ranks of one launch tell each other, before there is a process group."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ewm import ranks
from ewm.config import ConfigError, compose, library, machine
from ewm.config.load import compose_dict

ROOT = Path(__file__).parents[1]


@pytest.fixture
def two(monkeypatch):
    """This process as a rank of two: two(1) is the second."""

    def become(rank):
        monkeypatch.setenv("RANK", str(rank))

    monkeypatch.setenv("WORLD_SIZE", "2")
    return become


def test_a_word_reaches_the_others_of_this_launch_and_goes_with_it(tmp_path, two):
    assert ranks.heard(tmp_path, "folder") is None
    ranks.tell(tmp_path, "folder", "here")
    two(1)
    assert ranks.hear(tmp_path, "folder") == "here"
    other = f"from ewm import ranks; print(ranks.heard({str(tmp_path)!r}, 'folder'))"  # this process is its launcher
    said = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, cwd=ROOT).stdout
    assert said == "None\n"
    ranks.forget(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_who_waits_in_vain_says_for_what(tmp_path, two):
    two(1)
    with pytest.raises(TimeoutError, match="rank 1 has waited 0 s for rank 0 to say: data"):
        ranks.hear(tmp_path, "data", patience=0)


def test_rank_0_goes_first(tmp_path):
    script = f"""
import os, time
from ewm import ranks
with ranks.in_turn({str(tmp_path)!r}, "data"):
    time.sleep(0.3 if ranks.leads() else 0)
    print(ranks.rank(), flush=True)
"""
    began, both = time.monotonic(), []
    for rank in (1, 0):
        environment = {**os.environ, "RANK": str(rank), "WORLD_SIZE": "2", "PYTHONPATH": str(ROOT)}
        both.append(
            subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True)
        )
    ended = [(process.communicate(timeout=60)[0], time.monotonic() - began) for process in reversed(both)]
    assert [out for out, _ in ended] == ["0\n", "1\n"]
    assert both[0].returncode == both[1].returncode == 0


def test_a_rank_that_fails_leaves_its_reason(tmp_path, two):
    two(1)
    with pytest.raises(ValueError), ranks.failure_told(tmp_path):
        raise ValueError("no")
    assert ranks.heard(tmp_path, ranks.FAILED) == "rank 1: ValueError: no"


@pytest.mark.parametrize(
    "overrides, environment, said",
    [
        ([], {}, []),
        ([], {"LOCAL_WORLD_SIZE": "1"}, ["2 ranks, 1 of them on this machine"]),
        (["sft=short"], {}, ["sft.enabled=true with 2 ranks"]),
        (["sft=short", "grpo.enabled=false"], {}, ["sft.enabled=true with 2 ranks"]),
    ],
)
def test_what_a_launch_cannot_run(overrides, environment, said, two, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = machine.problems(compose_dict(overrides, "train"), overrides, "train", False)
    assert [problem[: len(start)] for problem, start in zip(found, said, strict=True)] == said


def test_each_rank_wants_a_device(two, monkeypatch):
    monkeypatch.setattr(library, "cuda_devices", lambda: 1)
    assert list(machine.ranks(compose([])))[0].startswith("2 ranks and 1 CUDA devices")
    assert not list(machine.ranks(compose(["hardware=cpu"])))


def test_a_group_may_lie_over_two_ranks(two):
    line = ["grpo.per_device_train_batch_size=4", "grpo.num_generations=8"]
    assert compose(line).grpo.num_generations == 8
    with pytest.raises(ConfigError, match="generation batch of 8 completions of 2 ranks. Possible here: 2, 4, 8"):
        compose([line[0], "grpo.num_generations=16"])
