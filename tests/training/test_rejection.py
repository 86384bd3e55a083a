"""Rejection sampling: what is accepted is learnt from, nothing else; a run cut anywhere ends bit-equal."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ewm.config.schema import AlgoConfig, GrpoConfig
from ewm.formats.prediction import Truth
from ewm.training import checkpoints, keep, reject, tune
from ewm.training.judge import Scored
from ewm.training.rejection import Round, _batches
from tests.training.conftest import ListRecord, SmallScore, SmallSet, build_small_set, build_tiny_model
from tests.training.test_grpo import Stop, adapter_of, after, assert_same, dies_at

SAMPLING = GrpoConfig(num_generations=8, max_completion_length=24, temperature=0.35)


@dataclass(frozen=True)
class Answered:
    """An example as `tune` and `reject` read it."""

    messages: list[dict[str, str]]
    truth: Truth
    target: str


DATA = SmallSet([Answered(e.messages, e.truth, e.truth.prediction.text) for e in build_small_set().examples])


@cache
def begun() -> dict[str, torch.Tensor]:
    """An adapter that has seen the form of an answer: some of its samples are right."""
    model = build_tiny_model()
    with TemporaryDirectory() as folder:
        record = ListRecord(Path(folder))
        tune(model, DATA, AlgoConfig(max_steps=40, tokens_per_step=256, learning_rate=2e-2), record)
    losses = record.series("tuning/loss")
    assert losses[-1] < 0.5 * losses[0]
    return {name: p.detach().clone() for name, p in model.model.named_parameters() if p.requires_grad}


def quick(**changes) -> AlgoConfig:
    settings = dict(name="rejection", rounds=4, prompts=4, tokens_per_step=256, learning_rate=2e-3, warmup_steps=1)
    return AlgoConfig(**{**settings, **changes})


def exact(completion, truth, cut=False) -> SmallScore:
    right = float(completion == truth.prediction.text and not cut)
    return SmallScore(right, {"exact": right})


def trained(folder, cfg, reward=exact, seed=3, sampling=SAMPLING, **lora):
    model, record = build_tiny_model(**lora), ListRecord(folder)
    model.model.load_state_dict(begun(), strict=False)
    reject(model, DATA, cfg, sampling, reward, record, seed)
    keep(model, folder)
    return record


@pytest.mark.slow
def test_what_is_accepted_becomes_more(tmp_path):
    record = trained(tmp_path, quick(rounds=16))
    right = record.series("rewards/total/mean")
    assert len(right) == 16
    assert sum(right[-4:]) > 1.5 * sum(right[:4]) > 0
    assert record.series("rejection/rate") == sorted(record.series("rejection/rate"), reverse=True)
    assert record.series("flops") == sorted(record.series("flops"))


def test_only_good_and_whole_completions_are_kept_and_equal_ones_once():
    rows = [(0, [5, 1], 1.0, False), (0, [5, 1], 1.0, False), (1, [5, 1], 1.0, False), (0, [6, 1], 0.99, False),
            (0, [7, 8], 1.0, True), (0, [9, 1], 1.0 - 1e-12, False)]  # fmt: skip
    scored = [Scored(example, "", len(ids), cut, total, {}) for example, ids, total, cut in rows]
    prompts = [[[2, 3], [4]][example] for example, *_ in rows]
    made = Round(0, prompts, [ids for _, ids, *_ in rows], scored, {})
    assert made.accepted(1.0) == [([2, 3, 5, 1], 2), ([4, 5, 1], 1), ([2, 3, 9, 1], 2)]
    assert ([2, 3, 6, 1], 2) in made.accepted(0.9)


@given(st.lists(st.integers(2, 300), min_size=1, max_size=60), st.integers(1, 3), st.integers(64, 2000))
def test_a_round_gives_every_completion_in_batches_of_a_like_size(lengths, epochs, tokens):
    chosen = [([n] * length, 1) for n, length in enumerate(lengths)]
    made = list(_batches(chosen, quick(epochs=epochs, tokens_per_step=tokens), 5, random.Random(0)))
    seen = Counter(
        tuple(cell.ids[a:b])
        for batch in made
        for cell in batch.cells
        for a, b in zip(cell.starts[:-1], cell.starts[1:], strict=True)
        if b > a
    )
    assert seen == {tuple(ids): epochs for ids, _ in chosen}
    assert [batch.state["done"] for batch in made] == sorted({batch.state["done"] for batch in made})
    assert made[-1].state["done"] == 6
    counts = [sum(int((cell.positions[: cell.starts[-1]] == 0).sum()) for cell in batch.cells) for batch in made]
    assert max(counts) - min(counts) <= 1
    assert all(batch.weight == sum(cell.weights.sum() for cell in batch.cells) > 0 for batch in made)


def test_completions_are_kept_as_those_of_grpo_are(tmp_path):
    trained(tmp_path, quick(rounds=2))
    assert sorted(p.name for p in (tmp_path / "completions").iterdir()) == [
        "rejection-00001.parquet", "rejection-00002.parquet",
    ]  # fmt: skip
    rows = pq.read_table(tmp_path / "completions" / "rejection-00002.parquet").to_pylist()
    assert len(rows) == 4 * 8
    assert {(row["mode"], row["step"]) for row in rows} == {("rejection", 2)}
    assert all(row["total"] == float(row["completion"] == row["truth"] and not row["cut"]) for row in rows)
    trained(tmp_path / "none", quick(rounds=1), sampling=replace(SAMPLING, log_completions_every=0))
    assert not (tmp_path / "none" / "completions").exists()


CUT = [
    ({}, {}), *(pytest.param(*case, marks=pytest.mark.slow) for case in (
        ({}, {"lora_dropout": 0.1}), ({"flops": 8e8, "rounds": 1}, {"lora_dropout": 0.1}), ({"epochs": 2}, {}),
    )),
]  # fmt: skip


@pytest.mark.parametrize("changes, lora", CUT)
def test_a_cut_run_ends_bit_equal(changes, lora, tmp_path):
    whole = trained(tmp_path / "whole", quick(**changes), **lora)
    with pytest.raises(Stop):
        trained(tmp_path / "cut", quick(**changes), dies_at(2 * 32 + 5, exact), **lora)
    folder = tmp_path / "cut" / "checkpoints" / "rejection"
    at = checkpoints.step_of(checkpoints.latest(folder))
    torch.manual_seed(99)
    cut = trained(tmp_path / "cut", quick(**changes), **lora)
    assert_same(adapter_of(tmp_path / "whole"), adapter_of(tmp_path / "cut"))
    mine, theirs = ({k: v for k, v in after(r, at).items() if not k[1].endswith(("minutes", "second"))}
                    for r in (whole, cut))  # fmt: skip
    assert mine == theirs != {}
    again = trained(tmp_path / "cut", quick(**changes), **lora)
    assert not again.series("rejection/loss")  # done is done; last rounds that accept nothing may be asked again
    assert_same(adapter_of(tmp_path / "whole"), adapter_of(tmp_path / "cut"))


@pytest.mark.slow
def test_a_budget_ends_it_and_the_rate_follows(tmp_path):
    record = trained(tmp_path, quick(flops=8e8, rounds=1))
    spent = [values["flops"] for _, values in record.lines]
    assert spent[-2] < 8e8 <= spent[-1]
    for (_, before), (_, line) in zip(record.lines, record.lines[1:], strict=False):
        if "rejection/loss" in line and line["rejection/rate"] and len(record.series("rejection/loss")) > 1:
            assert line["rejection/rate"] == pytest.approx(1 - before["flops"] / 8e8)


def test_where_nothing_is_accepted_the_adapter_is_as_it_began(tmp_path, caplog):
    model = build_tiny_model()
    before = {name: p.clone() for name, p in model.model.named_parameters()}
    never = lambda completion, truth, cut=False: SmallScore(0.5, {})  # noqa: E731
    record = ListRecord(tmp_path)
    assert reject(model, DATA, quick(rounds=2), SAMPLING, never, record) is None
    assert "no completion reached algo.accept=1" in caplog.text
    assert record.series("rejection/round") == [1, 2]
    assert all(torch.equal(p, before[name]) for name, p in model.model.named_parameters())


@pytest.mark.slow
def test_two_seeds_ask_and_draw_differently(tmp_path):
    first, second = (trained(tmp_path / str(seed), quick(rounds=1), seed=seed) for seed in (0, 1))
    assert first.series("completions/mean_length") != second.series("completions/mean_length")


def test_without_an_adapter_every_weight_learns(tmp_path):
    model = build_tiny_model()
    model.model.load_state_dict(begun(), strict=False)
    model.model = model.model.merge_and_unload().requires_grad_(False)
    before = {name: p.clone() for name, p in model.model.named_parameters()}
    reject(
        model, DATA, quick(rounds=2, accept=0.5), SAMPLING, lambda *a, **k: SmallScore(1.0, {}), ListRecord(tmp_path)
    )
    assert all(not torch.equal(p, before[name]) for name, p in model.model.named_parameters() if p.ndim == 2)
