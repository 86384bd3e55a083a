"""The draw by shares, prefixes, resuming, and that it does not matter who does the work."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from ewm import data
from ewm.config import ConfigError
from ewm.config.schema import DataConfig, FormatConfig, TaskConfig, TraceConfig
from ewm.data import shards
from ewm.programs import Program
from ewm.programs.corpora import write_jsonl

WEIGHTS = {"straight": 5.0, "loop": 3.0, "compose": 1.0}
SOURCES = {
    level: {"_target_": "ewm.sources.Grammar", "levels": {level: 1.0}, "weight": weight}
    for level, weight in WEIGHTS.items()
}


@pytest.fixture
def cfg(tmp_path):
    return DataConfig(
        sources=SOURCES, num_train=60, max_prompt_tokens=None, max_target_tokens=None, cache_dir=str(tmp_path / "data"),
        workers=1, decontaminate=[],
    )  # fmt: skip


def build(cfg, format="delta", style="short", count_tokens=None, split="train", key=""):
    made = (TraceConfig(max_events=200), TaskConfig(), FormatConfig(format), style, count_tokens, split)
    return data.build(cfg, *made, key=key)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_64_are_the_first_of_298_and_every_prefix_has_the_shares(cfg):
    large, small = (build(replace(cfg, num_train=n)) for n in (298, 64))
    assert small.examples == large.examples[:64]
    taken = Counter()
    for number, example in enumerate(large.examples, 1):
        taken[example.source] += 1
        for name, weight in WEIGHTS.items():
            assert abs(taken[name] - weight / 9 * number) < 1


def test_shares_hold_whatever_is_dropped(cfg):
    wide = build(cfg)
    longest = sorted(len(e.target) for e in wide.examples)[30]
    narrow = build(replace(cfg, max_target_tokens=longest), count_tokens=len)
    assert narrow.manifest["dropped"]["target too long"] > 10
    assert narrow.manifest["by_source"] == wide.manifest["by_source"]


def test_the_seed_draws_anew(cfg):
    first, second = build(cfg), build(replace(cfg, seed=1))
    assert not {e.id for e in first.examples} & {e.id for e in second.examples}


def test_a_source_that_has_no_more_leaves_the_rest_to_the_others(cfg, tmp_path):
    write_jsonl(tmp_path / "own.jsonl", [Program(f"x = {n}\ny = x + {n}") for n in range(12)])
    own = {"_target_": "ewm.sources.Corpus", "path": str(tmp_path / "own.jsonl"), "weight": 9.0}
    never = {**SOURCES["loop"], "weight": 0}
    found = build(replace(cfg, sources={"own": own, "loop": SOURCES["loop"], "never": never}, near=None))
    assert set(found.manifest["by_source"]) == {"own", "loop"}
    assert found.manifest["sources"]["own"]["note"] == "exhausted"
    assert found.manifest["by_source"]["own"] == found.manifest["sources"]["own"]["count"] <= 12


def test_counts_are_met_within_one(cfg):
    sources = {
        name: {k: v for k, v in node.items() if k != "weight"} | {"count": n}
        for (name, node), n in zip(SOURCES.items(), (30, 20, 10), strict=True)
    }
    assert build(replace(cfg, sources=sources)).manifest["by_source"] == {"straight": 30, "loop": 20, "compose": 10}
    half = Counter(e.source for e in build(replace(cfg, sources=sources, num_train=30)).examples)
    assert all(abs(half[name] - n / 2) < 1 for name, n in zip(SOURCES, (30, 20, 10), strict=True))


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_split_takes_its_own_families(cfg, split):
    assert {e.program.split for e in build(replace(cfg, num_train=20, num_validation=20), split=split).examples} == {
        split
    }


def test_what_is_too_long_is_written_shorter_and_counted(cfg):
    wanted = replace(cfg, max_target_tokens=150, max_prompt_tokens=4000)
    dropped = build(wanted, "ellora", "sentence", len)
    shorter = build(replace(wanted, shorter=["delta", "output"]), "ellora", "sentence", len)
    assert set(shorter.manifest["by_format"]) == {"ellora", "delta"}
    assert dropped.manifest["by_format"] == {"ellora": 60}
    assert shorter.manifest["candidates"] < dropped.manifest["candidates"]
    assert max(e.target_tokens for e in shorter.examples) <= 150
    assert all(len(e.target) == e.target_tokens for e in shorter.examples)


def test_further_formats_are_columns_of_their_own(cfg):
    rows = list(shards.rows(build(replace(cfg, num_train=5, also=["ellora"])).folder))
    assert all("State: {" in row["ellora"] and row["target"].endswith("end") for row in rows)


def test_processes_give_the_same_bytes(cfg, tmp_path):
    here, beside = (
        build(replace(cfg, pool=pool, num_train=400, shard=150, workers=workers, cache_dir=str(tmp_path / pool)))
        for pool, workers in (("here", 1), ("processes", 2))
    )
    assert contents(here.folder) == contents(beside.folder)
    assert [Path(name).name for name in here.manifest["shards"]] == [f"train-0000{n}.parquet" for n in range(3)]


@pytest.mark.slow
def test_ray_gives_the_same_bytes(cfg, tmp_path):
    pytest.importorskip("ray")
    here, ray = (
        build(replace(cfg, pool=pool, num_train=400, cache_dir=str(tmp_path / pool))) for pool in ("here", "ray")
    )
    assert contents(here.folder) == contents(ray.folder)


SCRIPT = """
import json, sys
from ewm.config.schema import DataConfig
from tests.data.test_building import build
if __name__ == "__main__":
    build(DataConfig(**json.loads(sys.argv[1])))
"""


@pytest.mark.parametrize("pool", ["here", "processes"])
def test_a_killed_build_goes_on_to_the_bytes_of_an_unbroken_one(cfg, tmp_path, pool):
    cfg = replace(cfg, num_train=900, shard=100, pool=pool)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    whole = build(replace(cfg, cache_dir=str(tmp_path / "whole")))
    killed = 0
    for least in (2, 5):
        process = subprocess.Popen(
            [sys.executable, script, json.dumps(asdict(cfg))], env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            start_new_session=True,
        )  # fmt: skip
        while process.poll() is None and _shards(tmp_path) < least:
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    assert killed
    assert contents(build(cfg).folder) == contents(whole.folder)


def _shards(folder: Path) -> int:
    return len(list(folder.glob("data/.*.building/data/train-*.parquet")))


def test_two_at_once_build_it_once(cfg, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, script, json.dumps(asdict(replace(cfg, num_train=300)))]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    both = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert len(list((tmp_path / "data").iterdir())) == 1


def test_only_what_spreads_the_reward_is_trained_on(cfg, tmp_path):
    all_of_them = build(cfg).examples
    spread = tmp_path / "spread.jsonl"
    rows = [
        {"k": 8, "reward": "gated"},
        *({"id": e.id, "mean": 0.5, "std": n % 3 / 4} for n, e in enumerate(all_of_them[:30])),
    ]
    spread.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(ConfigError, match="data.min_reward_std wants data.spread"):
        build(replace(cfg, min_reward_std=0.3))
    found = build(replace(cfg, min_reward_std=0.3, spread=str(spread)))
    assert {e.id for e in found.examples} == {e.id for e in all_of_them[2:30:3]}
    assert found.manifest["dropped"]["reward spread too small"] == 20
    assert found.manifest["spread"] == rows[0]
    spread.write_text(spread.read_text().replace('"k": 8', '"k": 8, "items": 31'))
    with pytest.raises(ConfigError, match="is not finished: 30 of 31 items"):
        build(replace(cfg, min_reward_std=0.3, spread=str(spread)))
    spread.write_text(spread.read_text().replace(', "items": 31', ""))
    with pytest.raises(ConfigError, match="measured with another reward"):
        build(replace(cfg, min_reward_std=0.3, spread=str(spread)), key="strict")
    assert len(build(replace(cfg, min_reward_std=0.3, num_validation=7), split="validation")) == 7


def test_half_a_file_beyond_the_last_state_is_no_shard(cfg, tmp_path):
    whole = build(replace(cfg, shard=20))
    half = whole.folder / "data" / ".train-00002.parquet"
    half.write_bytes(b"PAR1")
    assert [path.name for path in shards.paths(whole.folder)] == [f"train-0000{n}.parquet" for n in range(3)]
    assert len(list(shards.rows(whole.folder))) == 60


def test_a_count_is_no_weight_beside_a_weight(cfg):
    sources = {"a": {**SOURCES["straight"], "count": 40, "weight": 1.0}, "b": {**SOURCES["loop"], "weight": 1.0}}
    del sources["a"]["weight"]
    taken = Counter(e.source for e in build(replace(cfg, sources=sources)).examples[:20])
    assert taken == {"a": 10, "b": 10}


@pytest.mark.slow
def test_the_corpus_has_the_bytes_that_the_repository_names(tmp_path, capsys):
    told = json.loads((Path(__file__).parents[2] / "experiments/02-data/traces_1m.json").read_text())
    from ewm.data.__main__ import main

    assert main(["build", "data=traces_1m", "data.num_train=10000", f"data.cache_dir={tmp_path}"]) == 0
    made = json.loads((Path(capsys.readouterr().out.strip()) / "manifest.json").read_text())
    if made["versions"] != told["versions"]:
        pytest.skip(f"made with {told['versions']}, here is {made['versions']}")
    assert made["shards"]["data/train-00000.parquet"] == told["shards"]["data/train-00000.parquet"]
