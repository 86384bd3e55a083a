"""Run folders: made, locked, left with an honest status, opened again."""

import json
import multiprocessing
import os
import signal
import time

import pytest

from ewm import ranks, run
from ewm.config import ConfigError, compose, digest


@pytest.fixture(scope="module")
def base():
    return compose()


@pytest.fixture
def cfg(base, tmp_path, monkeypatch):
    from copy import deepcopy

    mine = deepcopy(base)
    mine.output_dir = str(tmp_path)
    monkeypatch.setattr(run, "_chosen", {})
    return mine


def recorded(folder):
    return json.loads((folder / "run.json").read_text())


def logged(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def fail(cfg, error):
    """A run that ends with this error; its folder."""
    with pytest.raises(type(error)), run.open(cfg) as record:
        for step in (1, 2, 3):
            record.log({"grpo/loss": step / 10}, step)
        raise error
    return record.folder


def again():
    """What a new process would see."""
    run._chosen.clear()


def test_a_run_that_ends(cfg, tmp_path):
    with run.open(cfg) as record:
        assert recorded(record.folder)["status"] == "running"
        assert run.is_locked(record.folder)
        record.log({"grpo/loss": 0.5}, step=1)
        record.note(device="cpu", headline=0.25)
    row = recorded(record.folder)
    assert record.folder.parent == tmp_path / "train" / "default"
    assert record.folder.name.endswith(digest(cfg)[:8])
    assert (row["status"], row["stage"], row["step"], row["device"]) == ("done", "grpo", 1, "cpu")
    assert (row["config_hash"], row["seed"], row["facts"]) == (digest(cfg), 0, {"headline": 0.25})
    assert row["versions"]["torch"]
    assert row["wall_s"] > 0
    assert row["config"]["lora"]["r"] == 16
    assert not run.is_locked(record.folder)
    assert sorted(p.name for p in record.folder.iterdir()) == [".lock", "metrics.jsonl", "run.json"]


def test_done_is_never_overwritten(cfg, monkeypatch):
    with run.open(cfg) as first:
        pass
    again()
    assert run.choose(cfg, "train") != first.folder
    monkeypatch.setattr(run, "_folder_of", lambda *_: first.folder)
    with pytest.raises(ConfigError, match="never overwritten"), run.open(cfg):
        pass
    assert recorded(first.folder)["sessions"] == 1


@pytest.mark.parametrize("error, status", [(RuntimeError("no"), "failed"), (KeyboardInterrupt(), "interrupted")])
def test_the_same_command_goes_on(cfg, error, status, capsys):
    folder = fail(cfg, error)
    assert recorded(folder)["status"] == status
    assert ("The same command goes on" in capsys.readouterr().err) == (status == "interrupted")
    again()
    with run.open(cfg) as record:
        assert record.folder == folder
        record.log({"grpo/loss": 0.25}, step=2)  # from the checkpoint at step 1
    row = recorded(folder)
    assert (row["status"], row["sessions"], row["error"]) == ("done", 2, None)
    assert [(line["step"], line["grpo/loss"]) for line in logged(folder)] == [(1, 0.1), (2, 0.25)]


def test_stages_are_dropped_apart(cfg):
    folder = fail(cfg, RuntimeError("no"))
    again()
    with run.open(cfg) as record:
        record.log({"sft/loss": 1.0}, step=1)
        record.log({"grpo/loss": 9.0}, step=3)
        record.log({"sft/loss": 0.5}, step=2)
        record.log({"validation/reward": 0.5}, step=4)
    assert [(line["stage"], line["step"]) for line in logged(folder)] == [
        ("grpo", 1), ("grpo", 2), ("sft", 1), ("grpo", 3), ("sft", 2), ("grpo", 4),
    ]  # fmt: skip


def test_another_config_gets_another_folder(cfg):
    folder = fail(cfg, RuntimeError("no"))
    again()
    cfg.seed = 1
    with run.open(cfg) as record:
        assert record.folder != folder


def test_a_folder_of_another_config_is_refused(cfg, monkeypatch):
    folder = fail(cfg, RuntimeError("no"))
    cfg.seed = 1
    monkeypatch.setattr(run, "_folder_of", lambda *_: folder)
    with pytest.raises(ConfigError, match="belongs to another configuration"), run.open(cfg):
        pass


def test_a_damaged_record_is_answered_with_its_file(cfg, monkeypatch):
    folder = fail(cfg, RuntimeError("no"))
    row = recorded(folder)
    monkeypatch.setattr(run, "_folder_of", lambda *_: folder)
    for text, words in (
        (json.dumps(row)[:100], "cannot be read"),
        ("[]", "no JSON object"),
        (json.dumps({k: v for k, v in row.items() if k not in ("facts", "step")}), "lacks step, facts"),
        (json.dumps(row | {"schema": 9}), "schema 9"),
    ):
        (folder / "run.json").write_text(text)
        again()
        assert words == "lacks step, facts" or run.choose(cfg, "train") != folder
        with pytest.raises(ConfigError, match=f"{folder}/run.json.*{words}"), run.open(cfg):
            pass
        assert (folder / "run.json").read_text() == text


def take(cfg, start, folders):
    start.wait()
    with run.open(cfg) as record:
        folders.put(str(record.folder))
        start.wait()  # until all have one


@pytest.mark.parametrize("left", [None, "interrupted", "nothing"])
def test_equal_commands_at_once_get_a_folder_each(cfg, left):
    if left == "interrupted":
        fail(cfg, KeyboardInterrupt())
    elif left == "nothing":
        (run.Path(cfg.output_dir) / "train" / "default" / f"20260101-000000-{digest(cfg)[:8]}").mkdir(parents=True)
    again()
    context = multiprocessing.get_context("fork")
    start, folders = context.Barrier(5, timeout=60), context.Queue()
    processes = [context.Process(target=take, args=(cfg, start, folders)) for _ in range(5)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 5
    assert len({folders.get() for _ in range(5)}) == 5
    assert len(list((run.Path(cfg.output_dir) / "train" / "default").iterdir())) == 5


def hold(cfg, ready):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell starts what it puts into the background
    with run.open(cfg):
        ready.set()
        time.sleep(60)


@pytest.mark.parametrize("blow, status", [(signal.SIGKILL, "stale"), (signal.SIGTERM, "interrupted")])
def test_lock_ends_with_its_process(cfg, blow, status):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    holder = context.Process(target=hold, args=(cfg, ready))
    holder.start()
    assert ready.wait(60)
    (folder,) = (p for p in (run.Path(cfg.output_dir) / "train" / "default").iterdir())
    assert run.is_locked(folder)
    assert run.status(folder) == "running"
    assert run.choose(cfg, "train") != folder  # one more process with the same command gets a folder of its own
    os.kill(holder.pid, blow)
    holder.join()
    again()
    assert run.status(folder) == status
    assert run.choose(cfg, "train") == folder


def test_other_ranks_write_nothing(cfg, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    with pytest.raises(ConfigError, match="rank 0"), run.open(cfg):
        pass
    monkeypatch.setenv("WORLD_SIZE", "2")
    ranks.tell(cfg.output_dir, run.FOLDER, str(run.Path(cfg.output_dir) / "given"))
    with run.open(cfg) as record:
        record.log({"sft/loss": 1.0}, step=1)
    assert record.folder.name == "given"
    assert not record.folder.exists()


def test_choices_for_the_table_of_runs(cfg):
    with run.open(cfg) as record:
        record.overrides = ["grpo.beta=0.1", "name=x", "+grpo.extra.a=1"]
    said = record.choices()
    assert (said["lora.r"], said["grpo.beta"], said["grpo.extra.a"]) == (16, "0.1", "1")
    assert "name" not in said
