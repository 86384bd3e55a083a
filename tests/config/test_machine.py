"""What is answered before a run by trying the machine, by Hydra's own flags, and by Hydra itself."""

from pathlib import Path

import pytest
from hydra.errors import HydraException

from ewm.config import preflight
from ewm.config.preflight import problems


@pytest.mark.parametrize("config_name, overrides, said", [
    ("train", ["output_dir=/proc/x"], "output_dir=/proc/x: nothing can be written in /proc ("),
    ("train", ["output_dir=README.md"], "output_dir=README.md: README.md is no folder. Give a folder that can be made"),
    ("train", ["hydra.run.dir=/proc/x"], "hydra.run.dir=/proc/x: nothing can be written in /proc"),
    ("train", ["trace.require=L2", "trace.isolation=L0"], "trace.require=L2, but this machine gives L0 (asked: L0). Possible here:"),
    ("evaluate", ["output_dir=/proc/x"], "output_dir=/proc/x: nothing can be written in /proc"),
])  # fmt: skip
@pytest.mark.parametrize("more", [[], ["lora.r=0"]])
def test_what_this_machine_cannot_give(config_name, overrides, said, more, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])
    more = more if config_name == "train" else []
    found = problems([*overrides, *more], config_name, on_machine=True)
    assert said in found[-1]
    assert len(found) == 1 + len(more)


def test_a_sweep_that_has_no_place():
    assert "/proc" in problems(["seed=1,2", "output_dir=/proc/x"], multirun=True, on_machine=True)[0]


def test_a_place_is_tried_and_left_as_it_was(tmp_path):
    assert problems([f"output_dir={tmp_path}/new"], on_machine=True) == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments, said", [
    (["--config-dir", "/nonexistent"], "--config-dir=/nonexistent: no such folder."),
    (["--config-path", "/x"], "--config-path=/x: the configuration is conf/. Possible: --config-dir=FOLDER"),
    (["--config-name", "foo"], "--config-name=foo: none of train.py. Possible here: train."),
    (["--config-name", "evaluate"], "--config-name=evaluate: none of train.py."),
    (["--resolve"], "--resolve: wants --cfg job"),
    (["--cfg", "job", "-m"], "--multirun --cfg: one of them at a time."),
])  # fmt: skip
def test_hydras_own_flags(arguments, said, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["train.py", *arguments])
    with pytest.raises(SystemExit) as ended, preflight("train"):
        pass
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_errors_of_hydra_are_messages_too(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["evaluate.py"])
    with pytest.raises(SystemExit) as ended, preflight("evaluate"):
        raise HydraException("no\n such thing")
    assert ended.value.code == 2
    errors = capsys.readouterr().err
    assert "  no such thing\n" in errors
    assert errors.endswith("All keys and presets: python evaluate.py --help\n")
