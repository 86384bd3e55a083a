"""Which checkpoint ships."""

import pytest

from ewm.models.nano.__main__ import newest


def test_the_last_complete_checkpoint_ships(tmp_path):
    for step, complete in ((250, True), (1000, True), (1250, False)):
        folder = tmp_path / "checkpoints" / "sft" / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        if complete:
            (folder / "model.safetensors").touch()
    last = tmp_path / "checkpoints" / "sft" / "checkpoint-1000"
    assert newest(tmp_path) == last == newest(last)


def test_a_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="no checkpoint"):
        newest(tmp_path)
