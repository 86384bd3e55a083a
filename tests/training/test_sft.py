"""Next-token training: the fast forward is the model's own, loss falls, and a killed run ends like an unbroken one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, Qwen3Config, Qwen3ForCausalLM

from ewm.config.errors import ConfigError
from ewm.config.schema import SftConfig
from ewm.training import attention, fused, optim, pretrain, warm_start
from ewm.training.packing import Packer, lay
from ewm.training.shards import Shards
from tests.training.conftest import ListRecord, TinyModel
from tests.training.streams import counting, failing
from tests.training.test_progress import ListBoard

QUICK = SftConfig(
    enabled=True, max_steps=6, tokens_per_step=512, optimizer="muon", warmup_steps=2, checkpoint_every=2, threads=1
)


def small(seed: int = 0, layers: int = 2) -> Qwen3ForCausalLM:
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=64, hidden_size=64, intermediate_size=96, num_hidden_layers=layers, num_attention_heads=4,
        num_key_value_heads=2, head_dim=32, tie_word_embeddings=True, max_position_embeddings=256,
    )  # fmt: skip
    return Qwen3ForCausalLM(config)


def run(folder: Path, cfg: SftConfig, make_stream: Any = counting) -> tuple[Qwen3ForCausalLM, list[dict[str, float]]]:
    model, lines = small(), []
    board = ListBoard()
    log = lambda values, step: lines.append({**values, "step": step})  # noqa: E731
    pretrain((model, None), make_stream, cfg, folder, log, board=board)
    assert [{**values, "step": step} for step, values in board.points] == lines
    return model, lines


def equal(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_packing_loses_and_repeats_nothing() -> None:
    stream = counting(0)
    packer = Packer(counting, size=256, cells=2, ranks=2)
    steps = [next(iter(packer)) for _ in range(20)]
    sequences = [
        tuple(cell.ids[a:b])
        for step in steps for batch in step for cell in batch.cells
        for a, b in zip(cell.starts, cell.starts[1:], strict=False) if b > a
    ]  # fmt: skip
    drawn = [tuple(next(stream)[0]) for _ in range(packer.position)]
    left = [tuple(ids) for ids, _ in packer.pending]
    assert sorted(sequences + left) == sorted(drawn)
    assert sum(map(len, sequences)) > 0.97 * 20 * 4 * 256


def test_packing_goes_on_from_its_state() -> None:
    whole = iter(Packer(counting, 256, 2))
    first = [next(whole) for _ in range(3)]
    again = Packer(counting, 256, 2, state=first[-1][0].state)
    for expected, got in zip([next(whole) for _ in range(5)], again, strict=False):
        assert [c.ids.tolist() for c in expected[0].cells] == [c.ids.tolist() for c in got[0].cells]


def test_cells_too_small_for_every_example_are_said() -> None:
    with pytest.raises(ValueError, match="1,000 examples in a row are longer than a cell of 8 tokens"):
        next(iter(Packer(counting, size=8, cells=1)))


def test_weights_of_prompt_and_target() -> None:
    cell = lay([([5, 6, 7, 8], 2), ([9, 10, 11], 0)], size=16, prompt_weight=0.5)
    assert cell.targets[:7].tolist() == [6, 7, 8, 0, 10, 11, 0]
    assert cell.weights[:8].tolist() == [0.5, 1, 1, 0, 1, 1, 0, 0]
    assert cell.positions[:7].tolist() == [0, 1, 2, 3, 0, 1, 2]


def test_shards_repeat_with_a_lag_and_resume(tmp_path: Path) -> None:
    shards = Shards(tmp_path, counting, times=2, size=10, lag=3)
    stream = shards(0)
    seen = [next(stream) for _ in range(100)]
    fresh = counting(0)
    expected = [next(fresh) for _ in range(70)]  # rounds 0-2 hold one shard, 3-5 two, and one of round 6
    assert sorted(map(str, seen[:90])) == sorted(map(str, expected[:60] + expected[:30]))
    resumed = shards(47)
    assert [next(resumed) for _ in range(20)] == seen[47:67]


@pytest.mark.skipif(not attention.available(), reason="wants AVX512_BF16 and g++")
def test_fast_forward_is_the_models_own() -> None:
    model = small()
    cell = lay([([n % 64 for n in range(start, start + size)], 3) for start, size in ((0, 5), (9, 70), (2, 131))], 256)
    assert fused.can_fuse(model)
    fast, plain = fused.Fused(model, compile=False), fused.Plain(model)
    logits = fast.logits(cell)
    for a, b in zip(cell.starts, cell.starts[1:], strict=False):
        if b > a:
            reference = model(torch.from_numpy(cell.ids[a:b])[None]).logits[0]
            assert (logits[a:b] - reference).norm() < 0.02 * reference.norm()
    gradients = []
    for losses in (fast, plain):
        model.zero_grad()
        losses(cell).backward()
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    assert (gradients[0] - gradients[1]).norm() < 0.03 * gradients[1].norm()


def test_muon_makes_steps_of_one_size() -> None:
    x = optim.orthogonal(torch.randn(3, 96, 32, generator=torch.Generator().manual_seed(0))).float()
    values = torch.linalg.svdvals(x)
    assert values.min() > 0.6 and values.max() < 1.3


@pytest.mark.parametrize(
    ("step", "progress", "expected"), [(0, 0.0, 0.1), (9, 0.1, 1.0), (50, 0.4, 1.0), (90, 0.7, 0.5), (99, 1.0, 0.0)]
)
def test_rate(step: int, progress: float, expected: float) -> None:
    cfg = SftConfig(warmup_steps=10, decay_share=0.6)
    assert optim.rate(step, progress, cfg) == pytest.approx(expected)


def test_loss_falls_and_the_checkpoint_is_a_plain_model(tmp_path: Path) -> None:
    cfg = replace(QUICK, max_steps=60, learning_rate=1e-2, embedding_learning_rate=1e-2, checkpoint_every=30)
    model, lines = run(tmp_path, cfg)
    assert lines[0]["sft/loss"] > 3.5 and lines[-1]["sft/loss"] < 1.0
    assert [line["step"] for line in lines] == list(range(1, 61))
    stored = AutoModelForCausalLM.from_pretrained(tmp_path / "checkpoint-60")
    assert equal(model, stored)


def test_stopped_and_resumed_equals_unbroken(tmp_path: Path) -> None:
    """Killed by SIGKILL somewhere after the first checkpoint."""
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]\nif __name__ == '__main__':\n"
        "    import torch; torch.set_num_threads(1)\n"
        "    from pathlib import Path; from tests.training import test_sft as t; from tests.training.streams import slowly\n"
        "    t.run(Path(sys.argv[1]), t.QUICK, slowly)"
    )
    script = tmp_path / "killed.py"
    script.write_text(code)
    process = subprocess.Popen([sys.executable, script, tmp_path / "broken", *sys.path[:1], os.getcwd()])
    while not (tmp_path / "broken/checkpoint-2").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        broken, lines = run(tmp_path / "broken", QUICK)
        whole, _ = run(tmp_path / "whole", QUICK)
    finally:
        torch.set_num_threads(threads)
    assert not lines or lines[0]["step"] > 2
    assert equal(broken, whole)


@pytest.mark.slow  # four processes load torch
def test_two_ranks_train_and_resume(tmp_path: Path) -> None:
    cfg = replace(QUICK, ranks=2, tokens_per_step=1024)
    whole, lines = run(tmp_path, cfg)
    assert len(lines) == 6 and lines[-1]["sft/loss"] < lines[0]["sft/loss"]
    (tmp_path / "checkpoint-6").rename(tmp_path / "done")
    resumed, lines = run(tmp_path, cfg)
    assert [line["step"] for line in lines] == [5, 6]
    assert equal(resumed, whole)


def test_an_error_of_the_stream_reaches_the_caller(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no more programs"):
        run(tmp_path, replace(QUICK, max_steps=1000), failing)


def test_an_adapter_is_not_pretrained(tmp_path: Path, tiny_model: TinyModel) -> None:
    with pytest.raises(ConfigError, match="choose lora=none"):
        pretrain(tiny_model, counting, QUICK, tmp_path, lambda values, step: None)


@dataclass(frozen=True)
class Answered:
    messages: list[dict[str, str]]
    target: str


@dataclass(frozen=True)
class AnswerSet:
    examples: list[Answered]


def test_warm_start_trains_the_adapter_alone(tmp_path: Path, tiny_model: TinyModel) -> None:
    dataset = AnswerSet(
        [Answered([{"role": "user", "content": f"<|trace|>\nx = {n}"}], f"L1 x={n}\nend") for n in range(8)]
    )
    before = {name: p.detach().clone() for name, p in tiny_model.model.named_parameters()}
    record = ListRecord(tmp_path)
    cfg = replace(QUICK, max_steps=20, optimizer="adamw", learning_rate=2e-2, checkpoint_every=10)
    board = ListBoard()
    warm_start(tiny_model, dataset, cfg, record, board=board)
    assert board.points == record.lines
    losses = record.series("sft/loss")
    assert losses[-1] < 0.8 * losses[0]
    moved = {name for name, p in tiny_model.model.named_parameters() if not torch.equal(p, before[name])}
    assert moved and all("lora_" in name for name in moved)
