"""What was written can be read back, from one file."""

from __future__ import annotations

import math

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from ewm.reporting.tensorboard import Writer


def read(folder) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0}).Reload()


def test_scalars_texts_and_hparams_share_one_file(tmp_path):
    with Writer(tmp_path) as board:
        board.scalars({"rewards/path/mean": 0.25, "absent": None, "broken": math.nan}, step=1)
        board.scalars({"rewards/path/mean": 0.5}, step=2)
        board.text("completions/train", "**reward 1**", step=2)
        board.hparams(
            {"reward": "gated", "lora.r": 32, "grpo.extra": {"delta": 2}}, {"heldout/exact": 0.3, "gone": None}
        )
    assert len(list((tmp_path / "tensorboard").rglob("events.*"))) == 1
    page = read(tmp_path / "tensorboard")
    assert [(e.step, e.value) for e in page.Scalars("rewards/path/mean")] == [(1, 0.25), (2, 0.5)]
    assert set(page.Tags()["scalars"]) == {"rewards/path/mean", "heldout/exact"}
    assert page.Tensors("completions/train/text_summary")[0].tensor_proto.string_val[0] == b"**reward 1**"
    content = page.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    keys = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
    assert keys["reward"].string_value == "gated"
    assert keys["lora.r"].number_value == 32


def test_a_resumed_run_hides_what_lies_beyond_its_checkpoint(tmp_path):
    with Writer(tmp_path) as board:
        for step in range(5):
            board.scalars({"loss": float(step)}, step)
    with Writer(tmp_path, purge_step=3) as board:
        board.scalars({"loss": 30.0}, 3)
    assert [(e.step, e.value) for e in read(tmp_path / "tensorboard").Scalars("loss")] == [
        (0, 0.0), (1, 1.0), (2, 2.0), (3, 30.0),
    ]  # fmt: skip


def test_nothing_is_written_before_the_first_value(tmp_path):
    Writer(tmp_path).close()
    assert not list(tmp_path.iterdir())
