"""A small model that thinks: what it is taught, how long it may answer, what a thought that was cut earns."""

from __future__ import annotations

from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from ewm import config, models, rewards
from ewm.config import ConfigError
from ewm.config.schema import HardwareConfig, LoraConfig, ModelConfig
from ewm.data.example import make
from ewm.generation import Completion
from ewm.training import reinforce, rollout
from ewm.training.validation import HeldOut
from tests.formats.tables import LOOP, LOOP_DELTA, LOOP_TRACE
from tests.training.conftest import ListRecord, SmallSet
from tests.training.test_grpo import quick

SHAPE = {
    "model_type": "qwen3", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 16, "max_position_embeddings": 2048, "tie_word_embeddings": True,
}  # fmt: skip
THINKS = ModelConfig("thinks", init="scratch", architecture=SHAPE, dtype="float32", thinking=True, max_length=1500)


@pytest.fixture
def model():
    return models.load(THINKS, LoraConfig(r=4, lora_alpha=8), HardwareConfig("cpu"))


@pytest.fixture
def example():
    return make(LOOP, LOOP_TRACE, "reason", "delta", "sentence", "made")


def test_the_target_goes_on_in_the_thought_that_the_prompt_has_opened(model, example):
    ids, prompt = model.encode_pair(example.messages, example.target)
    text = model.tokenizer.decode(ids)
    assert text.count("<think>") == 1 + example.messages[0]["content"].count("<think>")
    assert model.tokenizer.decode(ids[:prompt]).endswith("<think>\n")
    end = model.tokenizer.decode([model.tokenizer.eos_token_id])
    assert model.tokenizer.decode(ids[prompt:]) == example.target.removeprefix("<think>\n") + end
    trace = replace(example, target="L1\nend")  # task=trace: the thought is closed, the trace is the answer
    ids, prompt = model.encode_pair(trace.messages, trace.target)
    assert model.tokenizer.decode(ids[prompt:]) == "\n</think>\n\nL1\nend" + end


def test_an_answer_may_be_an_eighth_longer_than_the_longest_true_one(model, example):
    ids, prompt = model.encode_pair(example.messages, example.target)
    true = len(ids) - prompt
    room = rollout.longest(model, [example])
    assert true * 9 / 8 - 1 <= room <= true * 9 / 8 + 8 and room % 8 == 0
    model.cfg = replace(THINKS, max_length=len(ids))
    assert rollout.longest(model, [example]) == true
    model.cfg = replace(THINKS, max_length=len(ids) - 1)
    with pytest.raises(ConfigError, match="grpo.max_completion_length=null: the longest true answer has"):
        rollout.longest(model, [example])


def test_it_trains_and_a_cut_thought_earns_nothing(model, example, tmp_path):
    record = ListRecord(tmp_path)
    cfg = quick(max_steps=1, max_completion_length=None, save_steps=0, log_completions_every=1)
    reward = rewards.compose(config.compose(["reward=prefix"]).reward)
    reinforce(model, SmallSet([example]), cfg, reward, record)  # type: ignore[list-item]
    assert record.facts["max_completion_length"] == rollout.longest(model, [example])
    rows = pq.read_table(next((tmp_path / "completions").iterdir())).to_pylist()
    assert all(row["tokens"] <= record.facts["max_completion_length"] for row in rows)
    assert all(row["total"] == 0 for row in rows if row["cut"] or "</think>" not in row["completion"])


@pytest.mark.parametrize("thought, right", [(LOOP_DELTA, 1), (LOOP_DELTA.replace("s=1", "s=2"), 0)])
def test_held_out_curves_read_the_thought_that_is_the_trace(example, thought, right):
    reward = rewards.compose(config.compose(["reward=strict"]).reward)
    held_out = HeldOut([example], lambda: None, reward, n=1, k=1, limit=8, seed=0)
    asked = held_out._judge(0, [Completion("[ANSWER]1[/ANSWER]", 9, False, thought)])
    assert (asked.right, asked.rows[0].total) == (right, right)
    assert asked.rows[0].completion == f"<think>\n{thought}\n</think>\n\n[ANSWER]1[/ANSWER]"
    (cut,) = held_out._judge(0, [Completion("", 9, True, thought)]).rows
    assert cut.total == 0 and "</think>" not in cut.completion  # nobody closed it


def test_a_thinking_model_says_how_long_it_may_think(monkeypatch):
    from ewm.config import library

    monkeypatch.setattr(library, "cuda_devices", lambda: 1)
    line = ["model=qwen3_4b_thinking", "grpo.max_completion_length=null"]
    with pytest.raises(ConfigError, match="no data say how long model=qwen3_4b_thinking thinks"):
        config.compose(line)
    assert config.compose([*line, "task=reason"]).grpo.max_completion_length is None
    with pytest.raises(ConfigError, match="it wants model.thinking=true"):
        config.compose(["model=qwen3_0_6b", "task=reason"])
    with pytest.raises(ConfigError, match="task=reason: model=nano knows trace and output only"):
        config.compose(["task=reason"])
