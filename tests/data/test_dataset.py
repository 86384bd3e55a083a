import json
from dataclasses import replace
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from ewm import data, formats
from ewm.config import ConfigError
from ewm.config.schema import DataConfig, FormatConfig, TaskConfig, TraceConfig
from ewm.data import cache
from ewm.data import example as examples
from ewm.programs import Program
from ewm.rewards import blind, terms
from ewm.scoring import baselines, metrics, outline
from ewm.sources import Mine

SOURCES = {
    "known": {"_target_": "ewm.sources.Grammar", "levels": {"straight": 1.0, "loop": 1.0}, "weight": 0.5},
    "reserved": {"_target_": "ewm.sources.Grammar", "levels": {"reserved_break": 1.0}, "weight": 0.5, "count": 6},
}


@pytest.fixture
def cfg(tmp_path):
    return DataConfig(sources=SOURCES, num_train=24, num_validation=6, cache_dir=str(tmp_path), workers=1)


def build(cfg, task="trace", format="delta", style="short", level="auto", **keys):
    task = task if isinstance(task, TaskConfig) else TaskConfig(name=task)
    return data.build(cfg, TraceConfig(isolation=level), task, FormatConfig(format), style, len, **keys)


def test_a_smaller_set_is_a_prefix_and_splits_share_no_family(cfg):
    wide = replace(cfg, max_target_tokens=4000, max_prompt_tokens=4000)
    large = build(wide)
    assert len(large) == 24
    assert build(replace(wide, num_train=10)).examples == large.examples[:10]
    validation = build(wide, split="validation")
    assert not large.families & validation.families
    assert {e.program.split for e in large.examples} == {"train"}
    assert {e.program.split for e in validation.examples} == {"validation"}
    assert large.manifest["by_source"] == {"known": 18, "reserved": 6}


def test_it_is_read_from_the_cache_unless_that_is_damaged(cfg, tmp_path, monkeypatch):
    first = build(cfg)
    folder = tmp_path / first.manifest["content"]
    assert json.loads((folder / "manifest.json").read_text()) == first.manifest
    monkeypatch.setattr("ewm.data.dataset.Build", None)
    assert build(cfg) == first
    monkeypatch.undo()
    (folder / "data" / "train-00000.parquet").write_bytes(b"")
    again = build(cfg)
    assert (again, again.examples) == (first, first.examples)
    assert list(tmp_path.iterdir()) == [folder]


def test_what_exceeds_a_budget_is_dropped_and_counted(cfg):
    narrow = build(replace(cfg, max_target_tokens=40, max_prompt_tokens=80))
    assert all(len(e.target) <= 40 and len(e.messages[0]["content"]) <= 80 for e in narrow.examples)
    assert narrow.manifest["dropped"]["target too long"] > 0
    with pytest.raises(ConfigError, match="no example was left of .* too long.*data.max_target_tokens=1"):
        build(replace(cfg, num_train=2, max_target_tokens=1))


def test_blind_scores_are_carried_and_what_is_guessed_leaves(cfg):
    def blind(truth):
        return 1.0 if len(truth.prediction.steps) < 4 else 0.25

    found = build(cfg, blind=blind, key="test")
    assert {e.truth.blind for e in found.examples} == {0.25}
    assert found.manifest["dropped"]["a blind guess is right"] > 0
    assert found.manifest["mean_blind"] == 0.25


def test_the_folder_depends_on_the_text_of_what_gives_a_blind_score():
    used = (blind, terms, baselines, outline, metrics)
    assert {module.__name__.split(".")[1] for module in used} <= set(cache.ROOMS)


@pytest.mark.parametrize("format", formats.NAMES)
@pytest.mark.parametrize("style", ["short", "sentence"])
def test_every_target_is_its_own_truth(cfg, format, style):
    mixed = TaskConfig("mixed", {"trace": 0.5, "output": 0.5})
    found = build(replace(cfg, max_prompt_tokens=4000, max_target_tokens=4000), task=mixed, format=format, style=style)
    assert {e.task for e in found.examples} == {"trace", "output"}
    for e in found.examples:
        said = formats.parse(e.target, e.task, e.format)
        assert said.parsed
        assert (said.steps, said.value) == (e.truth.prediction.steps, e.truth.prediction.value)


def test_what_is_refused_depends_on_the_isolation(cfg):
    levels = {level: build(cfg, level=level).manifest["content"] for level in ("auto", "L0")}
    assert len(set(levels.values())) == 2


REFUSED = {
    "a file": ("def f():\n    return open('data.txt').read()\n", "f()"),
    "the same, caught": ("try:\n    open('data.txt')\nexcept OSError:\n    print('none')\n", None),
    "a socket": ("import asyncio\nasync def f(n):\n    return n\n", "asyncio.run(f(2))"),
    "output that no trace holds": ("import os\nn = os.write(1, b'x')\n", None),
}


@pytest.mark.parametrize("source, entry", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("level", ["auto", "L0"])
def test_what_a_sandbox_refused_is_no_truth(source, entry, level):
    from ewm.tracing import Runner

    program = Program(source, entry)
    with Runner(TraceConfig(workers=1, isolation=level)) as runner:
        trace = runner.trace(program)
    assert examples.make(program, trace, "trace", "delta", "short", "user") == "trace: policy"
    assert not formats.truth(trace, program, "trace", "delta").complete


@pytest.mark.slow
def test_the_default_preset_asks_for_no_more_mined_programs_than_there_are():
    preset = OmegaConf.load(Path(__file__).parents[2] / "conf" / "data" / "default.yaml")
    mined, total = preset.sources.mined, sum(node.weight for node in preset.sources.values())
    there = len(list(Mine(mined.packages).programs(0, "train")))
    assert preset.num_train * mined.weight / total <= there


def test_a_program_that_never_ends_costs_itself_alone():
    program = Program("while True:\n    pass")
    from ewm.tracing import Runner

    with Runner(TraceConfig(workers=1, max_events=100, cpu_s=0.5)) as runner:
        made = examples.make(program, runner.trace(program), "trace", "delta", "short", "user")
    assert made in ("trace: event_limit", "trace: timeout")
