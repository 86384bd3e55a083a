"""Dataclasses out of conf/, identities, what an evaluation takes over from a run, the help page."""

import dataclasses
import json

import pytest

from ewm.config import ConfigError, compose, digest, help, keys, library
from ewm.config.errors import nearest
from ewm.config.limits import CHOICES, RANGES
from ewm.config.load import compose_dict
from ewm.config.schema import SelfgenConfig, TraceConfig, TrainConfig


def test_plain_dataclasses():
    cfg = compose(["lora.r=32", "reward=strict"])
    assert (cfg.lora.r, cfg.reward.name) == (32, "strict")
    assert type(cfg.reward.terms) is dict
    assert all(type(term) is dict for term in cfg.reward.terms.values())


def test_every_problem_in_one_error():
    with pytest.raises(ConfigError) as error:
        compose(["lora.r=0", "grpo.loss_type=foo"])
    assert len(error.value.problems) == 2


def test_digest_is_the_config_wherever_it_writes():
    plain = digest(compose())
    assert digest(compose(["output_dir=/elsewhere"])) == plain
    assert digest(compose(["seed=1"])) != plain
    assert digest(compose(["lora.r=16"])) == plain  # the default, said aloud


def test_evaluation_takes_over_the_run_and_overrides_win(tmp_path):
    trained = compose(["model=nano_scratch", "format=ellora", "trace.max_events=77"])
    (tmp_path / "run.json").write_text(json.dumps({"config": dataclasses.asdict(trained)}))
    cfg = compose([f"run={tmp_path}", "trace.cpu_s=1", "format=delta"], "evaluate")
    assert cfg.model.name == "nano_scratch"
    assert (cfg.trace.max_events, cfg.trace.cpu_s) == (77, 1.0)
    assert cfg.format.name == "delta"
    cfg = compose([f"run={tmp_path}", "+task.mix.output=0.5", "task.name=mixed"], "evaluate")
    assert cfg.task.mix == {"trace": 1.0, "output": 0.5}
    cfg = compose([f"run={tmp_path}", "+task.mix.output=0.5", "~task.mix.trace", "task.name=mixed"], "evaluate")
    assert cfg.task.mix == {"output": 0.5}


@pytest.mark.parametrize("text, words", [
    ('{"config": {"mo', "run.json cannot be read"),
    ('{"status": "done"}', "run.json lacks config"),
    ('{"config": 3}', "run.json has no mapping under config"),
    ('{"config": {}, "schema": 7}', "run.json has schema 7"),
    ('{"config": {"trace": {"cpu_s": 1, "old": 2}}}', "trace has keys that this version does not know: old."),
    ('{"config": {"trace": 4}}', "trace is no mapping"),
    ('{"config": {"trace": {"cpu_s": "soon"}}}', "cpu_s"),
])  # fmt: skip
def test_a_damaged_run_is_answered_with_its_file(tmp_path, text, words):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ConfigError, match=words):
        compose([f"run={tmp_path}"], "evaluate")


def test_a_section_chosen_anew_is_not_read_from_the_run(tmp_path):
    (tmp_path / "run.json").write_text('{"config": {"trace": {"old": 2}}}')
    assert compose([f"run={tmp_path}", "trace=default"], "evaluate").trace == TraceConfig()


@pytest.mark.parametrize("override, said", [
    ("lora.rnk=3", "lora.rnk: no such key. Did you mean lora.r?"),
    ("reward=strct", "Did you mean strict?"),
    ("lora.r=abc", "lora.r=abc: wants a whole number."),
    ("lora.r=[1", "cannot be read"),
])  # fmt: skip
def test_mistakes_in_overrides_are_config_errors(override, said):
    with pytest.raises(ConfigError) as error:
        compose(["seed=1", override])
    assert any(said in line for line in error.value.problems)


def test_limits_name_keys_that_exist():
    known = {*keys.all_keys(TrainConfig), *keys.all_keys(SelfgenConfig)}
    assert set(CHOICES) | set(RANGES) <= known


def test_library_keys_are_read_without_importing():
    assert {"beta", "epsilon", "learning_rate", "loss_type", "vllm_mode"} <= library.grpo_keys().keys()
    assert {"r", "lora_alpha", "alpha_pattern", "task_type"} <= library.lora_keys().keys()


@pytest.mark.parametrize(
    "word, known, expected",
    [
        ("strct", ["strict", "gated"], "strict"),
        ("lora.rnk", ["lora.r", "lora.lora_alpha", "grpo.rank"], "lora.r"),
        ("grpo.lr", ["grpo.learning_rate", "lora.r"], "grpo.learning_rate"),
        ("zzz", ["strict"], None),
    ],
)
def test_nearest(word, known, expected):
    assert nearest(word, known) == expected


def test_help_lists_every_group_and_key():
    page = help.page(compose_dict(["lora.r=5"], "train"))
    assert all(f"\n  {key}=" in page for key in keys.all_keys(TrainConfig))
    assert "lora.r=5" in page
    assert "nano*" in page
    assert max(map(len, page.splitlines())) <= help.WIDTH
