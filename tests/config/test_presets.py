"""Every preset composes, and says in its first comment which command runs it."""

import shlex

import pytest

from ewm.config import check, compose, groups, library
from ewm.config.check import check_data
from ewm.config.load import compose_dict, to_dataclass

EVALUATE_ONLY = {("engine", "openai")}
PRESETS = [(group, option) for group in groups.groups() for option in groups.options(group)]
WITH = {  # what a preset wants beside it
    ("model", "hf"): ["model.path=some/model"],
    ("engine", "openai"): ["engine.base_url=http://x"],
    ("engine", "vllm"): ["grpo.enabled=false", "sft=short"],
    ("sft", "pretrain"): ["lora=none"],
    ("task", "reason"): ["model=qwen3_4b_thinking"],
    ("reward", "ellora"): ["format=ellora"],
    ("grpo", "ellora"): ["model=qwen3_0_6b"],
    **{("benchmark", name): [f"headline={name}/exact_difference"] for name in ("ellora5", "humaneval", "cruxeval_o")},
}


@pytest.fixture
def with_gpu(monkeypatch, tmp_path):
    monkeypatch.setattr(library, "cuda_devices", lambda: 1)
    monkeypatch.setattr(library, "installed", lambda package: True)
    (tmp_path / "rows.jsonl").write_text('{"code": "def f(a): return a", "input": "1", "output": "1"}')
    for package in ("ewm.data.benchmarks", "ewm.data.benchmarks.cruxeval"):
        monkeypatch.setattr(f"{package}.located", lambda name: [tmp_path / "rows.jsonl"])


@pytest.mark.parametrize("group, option", PRESETS)
def test_composes(group, option, with_gpu):
    overrides = [f"{group}={option}", *WITH.get((group, option), [])]
    entry = "evaluate" if (group, option) in EVALUATE_ONLY else "train"
    checked = check_data if "ewm.data build" in groups.command(group, option) else check
    assert checked(to_dataclass(compose_dict(overrides, entry), overrides)) == []


@pytest.mark.parametrize("option", groups.options("experiment"))
def test_experiment_runs_as_it_stands(option, with_gpu):
    assert compose([f"experiment={option}"]).name == option


@pytest.mark.parametrize("group, option", PRESETS)
def test_first_comment_is_its_command(group, option):
    command = groups.command(group, option)
    assert any(entry in command for entry in ("train.py", "evaluate.py", "python -m ewm.data build")), command
    words = [word for word in shlex.split(command) if "=" in word]
    named = f"{group}={option}" in words or any(option in word or word.startswith(f"{group}.") for word in words)
    inside_an_experiment = any(word.startswith("experiment=") for word in words)
    assert named or inside_an_experiment


def test_presets_come_after_the_primary_file():
    cfg = compose(["experiment=nano_base", "debug=fast"])
    assert (cfg.model.init, cfg.grpo.enabled, cfg.sft.stream, cfg.lora.enabled) == ("scratch", False, True, False)
    assert cfg.sft.max_steps == 2
    assert compose(["experiment=quickstart", "name=mine"]).name == "mine"


def test_benchmark_items_caps_every_benchmark():
    cfg = compose(["benchmark=[heldout,ellora5]", "benchmark_items=2"])
    assert [b["n"] for b in cfg.benchmarks.values()] == [2, 2]


def test_the_recipe_has_its_numbers(with_gpu):
    cfg = compose(["experiment=ellora_recipe6"])
    g = cfg.grpo
    assert (g.num_generations, g.temperature, g.beta, g.learning_rate, g.max_steps) == (4, 0.5, 0.1, 2e-5, 111)
    assert (cfg.lora.r, cfg.lora.lora_alpha, cfg.model.quantization, cfg.data.num_train) == (64, 128, "nf4", 298)
    assert (g.max_completion_length, cfg.data.max_prompt_tokens) == (
        1024,
        1024,
    )  # TRL's max_prompt_length is the filter
    assert g.per_device_train_batch_size * g.gradient_accumulation_steps == g.num_generations  # a prompt a step
