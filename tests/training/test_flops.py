"""What a run is said to have spent is what went through the model; a budget ends it, and its rate falls with it."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from ewm.training import reinforce
from ewm.training.checkpoints import latest
from ewm.training.flops import Ledger, passed
from tests.training.conftest import ListRecord, build_small_set, build_tiny_model, share_of_sevens
from tests.training.test_grpo import Stop, adapter_of, after, assert_same, dies_at, quick


@pytest.mark.parametrize("tied", [True, False])
def test_the_table_is_looked_up_and_the_head_is_not(tied):
    config = Qwen3Config(vocab_size=50, hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                         num_key_value_heads=1, head_dim=4, tie_word_embeddings=tied)  # fmt: skip
    inside = 8 * 8 + 2 * 8 * 4 + 8 * 8 + 3 * 8 * 16 + 2 * 8 + 2 * 4 + 8
    assert passed(Qwen3ForCausalLM(config)) == inside + 50 * 8


def test_the_adapter_counts():
    adapted = build_tiny_model().model
    lora = sum(p.numel() for name, p in adapted.named_parameters() if "lora_" in name)
    before = passed(adapted)
    assert 0 < lora == before - passed(adapted.unload())


@pytest.mark.parametrize("beta, passes", [(0.0, 1), (0.1, 2)])
def test_a_step_of_grpo(beta, passes, tmp_path):
    """Sampling, with beta the reference, then there and back; the prompt of a group once each time."""
    model, data, record = build_tiny_model(), build_small_set(), ListRecord(tmp_path)
    cfg = quick(max_steps=1, log_completions_every=1, beta=beta)
    reinforce(model, data, cfg, lambda completion, truth, cut=False: type("S", (), {"total": 0.5, "terms": {}}), record)
    (path,) = (tmp_path / "completions").iterdir()
    rows = pq.read_table(path).to_pylist()
    prompts = sum(len(model.encode(data.examples[index].messages)) for index in {row["example"] for row in rows})
    tokens = prompts + sum(row["tokens"] for row in rows)
    parameters = passed(build_tiny_model().model)
    assert record.series("flops") == [(2 * passes + 6) * parameters * tokens]


def test_what_earns_nothing_does_not_come_back(tmp_path):
    """One prompt whose completions differ, one whose completions are all alike."""
    model, data, record = build_tiny_model(), build_small_set(2), ListRecord(tmp_path)

    def reward(completion, truth, cut=False):
        alike = truth.prediction.text.startswith("L1 x=0")
        return type("S", (), {"total": 0.5 if alike else len(completion) % 7 / 7, "terms": {}})

    reinforce(model, data, quick(max_steps=1, log_completions_every=1), reward, record)
    rows = pq.read_table(tmp_path / "completions" / "train-00001.parquet").to_pylist()
    lengths = [len(model.encode(example.messages)) for example in data.examples]
    tokens = {n: lengths[n] + sum(row["tokens"] for row in rows if row["example"] == n) for n in (0, 1)}
    assert any(row["advantage"] for row in rows if row["example"] == 1)
    assert record.series("flops") == [passed(build_tiny_model().model) * (4 * sum(tokens.values()) + 4 * tokens[1])]


def test_a_budget_ends_grpo_and_its_rate_falls_with_what_is_left(tmp_path):
    free = ListRecord(tmp_path / "free")
    reinforce(build_tiny_model(), build_small_set(), quick(max_steps=2), share_of_sevens, free)
    budget = 2.2 * free.series("flops")[-1]
    record = ListRecord(tmp_path / "bound")
    reinforce(build_tiny_model(), build_small_set(), quick(max_steps=1), share_of_sevens, record, flops=budget)
    spent, rates = record.series("flops"), record.series("grpo/learning_rate")
    assert 3 <= len(spent) <= 6 and spent[-2] < budget <= spent[-1]
    left = [1 - before / budget for before in [0.0, *spent[:-1]]]
    assert rates == pytest.approx([5e-2 * share for share in left], abs=5e-2 / 5000)


@pytest.mark.parametrize("call, kept", [(16 * 3 + 5, 2), pytest.param(None, 8, marks=pytest.mark.slow)])
def test_a_cut_run_under_a_budget_ends_bit_equal(call, kept, tmp_path):
    cfg, budget = quick(), 7.5e8
    whole, cut = ListRecord(tmp_path / "whole"), ListRecord(tmp_path / "cut")
    reinforce(build_tiny_model(), build_small_set(), cfg, share_of_sevens, whole, seed=3, flops=budget)
    if call:
        with pytest.raises(Stop):
            reinforce(build_tiny_model(), build_small_set(), cfg, dies_at(call), cut, seed=3, flops=budget)
    else:  # ended, but nobody wrote down that it had
        reinforce(build_tiny_model(), build_small_set(), cfg, share_of_sevens, cut, seed=3, flops=budget)
    assert [whole.lines[-1][0], latest(tmp_path / "cut" / "checkpoints" / "grpo").name] == [8, f"checkpoint-{kept}"]
    lines = len(cut.lines)
    torch.manual_seed(99)
    reinforce(build_tiny_model(), build_small_set(), cfg, share_of_sevens, cut, seed=3, flops=budget)
    assert len(cut.lines) - lines == 8 - kept
    assert_same(adapter_of(tmp_path / "whole"), adapter_of(tmp_path / "cut"))
    assert after(whole, 0) == after(cut, 0)


def test_without_a_budget_nothing_is_ever_exhausted():
    ledger = Ledger(parameters=10)
    ledger.forward(3)
    ledger.backward(3)
    assert (ledger.spent, ledger.share, ledger.exhausted) == (180, 0.0, False)
