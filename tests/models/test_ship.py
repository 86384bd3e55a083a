"""Which checkpoint ships."""

import pytest

from ewm.data.stream import families, family_digest
from ewm.models.nano.__main__ import followed, history, newest, shipped, stage
from ewm.models.nano.tokenizer import FOLDER
from ewm.programs.curriculum import Curriculum


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


def made(seed, position, init="scratch"):
    """A stage as a run leaves it."""
    config = {
        "model": {"init": init},
        "data": {"seed": seed, "sources": {"grammar": {"levels": {"loop": 2.0, "branch": 1.0}, "first": {"loop": 3}}}},
    }
    run = {"config": config, "command": "python train.py", "git_commit": "c", "versions": {}, "machine": "m"}
    return stage(run, {"step": 7, "tokens": 100, "seconds": 60.0, "data": {"position": position}})


def test_weights_that_went_on_name_every_stage_and_digest_the_families_of_all():
    first, second = made(0, 40), made(1, 30, "pretrained")
    assert (first["began"], second["began"]) == ("scratch", "nano")
    found = history([first, second])
    curriculum = Curriculum({"loop": 2.0, "branch": 1.0}, {"loop": 3})
    both = families(0, curriculum, 40) | families(1, curriculum, 30)
    assert found["sha256"] == family_digest(both)["sha256"] != history([second])["sha256"]
    assert (found["tokens"], found["stages"]) == (200, [first, second])


def test_a_run_that_is_shipped_again_takes_its_own_place():
    first, second, third = made(0, 40), made(1, 30, "pretrained"), made(2, 20, "pretrained")
    assert followed([], first) == followed([first, second], first) == [first]
    assert followed([first], second) == followed([first, second], second) == [first, second]
    assert followed([first, second], third) == [first, second, third]
    later = {**second, "steps": 9, "tokens": 200}  # the same run, from a later checkpoint
    assert followed([first, second], later) == [first, later]


def test_what_ships_began_from_nothing_and_says_its_stages():
    stages = shipped(FOLDER)
    assert [one["began"] for one in stages] == ["scratch"] + ["nano"] * (len(stages) - 1)
