"""A mixture with mutants and twins under data.build."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from ewm.config.schema import DataConfig
from tests.data.test_building import SCRIPT, build, contents

GRAMMAR = {"_target_": "ewm.sources.Grammar", "levels": {"straight": 1.0, "loop": 1.0}}
SOURCES = {
    "grammar": {**GRAMMAR, "weight": 2.0},
    "mutants": {"_target_": "ewm.sources.Mutants", "source": GRAMMAR, "per_program": 2, "workers": 1},
    "twins": {"_target_": "ewm.sources.Twins", "source": GRAMMAR, "workers": 1},
}


@pytest.fixture
def cfg(tmp_path):
    return DataConfig(
        sources=SOURCES, num_train=200, num_validation=30, max_prompt_tokens=None, max_target_tokens=None,
        cache_dir=str(tmp_path / "data"), workers=1, decontaminate=[], pool="here", shard=20,
    )  # fmt: skip


def test_splits_share_no_family_and_the_funnels_are_in_the_manifest(cfg):
    splits = {
        split: build(replace(cfg, num_train=n), split=split)
        for split, n in {"train": 200, "validation": 30, "test": 30}.items()
    }
    families = [{example.program.family for example in found.examples} for found in splits.values()]
    assert not families[0] & families[1] and not families[1] & families[2] and not families[0] & families[2]
    assert len(splits["train"].examples) == 200
    assert splits["train"].manifest["by_source"] == {"grammar": 100, "mutants": 50, "twins": 50}
    for name, how in (("mutants", "taken: outcome"), ("twins", "taken: the same")):
        funnel = splits["train"].manifest["sources"][name]["funnel"]
        assert funnel[how] > 20 and funnel["left out: its own shape is held out"] > 0
    relations = {example.source: example.program.relation for example in splits["train"].examples}
    assert relations == {"grammar": "", "mutants": "mutant", "twins": "twin"}


@pytest.mark.slow
def test_a_killed_build_goes_on_to_the_same_bytes(cfg, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    whole = build(replace(cfg, cache_dir=str(tmp_path / "whole")))
    command = [sys.executable, script, json.dumps(asdict(cfg))]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    while process.poll() is None and len(list(tmp_path.glob("data/.*.building/data/train-*.parquet"))) < 3:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert contents(build(cfg).folder) == contents(whole.folder)
