"""train.py and evaluate.py with stages that only write down that they ran: which are run, what is left, what is drawn."""

import json
import time
from collections import Counter
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import evaluate
import train
from ewm import data, evaluation, models, training
from ewm.config.load import compose_dict
from tests.reporting.made import results


class Killed(BaseException):
    """Like SIGKILL for whoever only catches Exception."""


@dataclass
class Stub:
    """As much of a Model as the entries touch."""

    model: object = None
    device: str = "cpu"
    prompt_style: str = "short"

    def without_weights(self):
        return self

    def count_tokens(self, text):
        return len(text)

    def encode_pair(self, messages, target=None):
        return [], 0


@pytest.fixture
def stages(tmp_path, monkeypatch):
    """The stages that ran. SFT and GRPO take six steps each, a checkpoint every other step, from the last one on;
    `die_at` ends a stage at a step."""
    ran = SimpleNamespace(names=[], die_at={}, trained_on=[])

    def stage(name, short, at, board_at):
        def run(*arguments):
            cfg, board = arguments[at], arguments[board_at]
            if short == "grpo" and not cfg.enabled or name == "warm_start" and not cfg.enabled:
                return
            ran.names.append(name)
            folder = next(tmp_path.rglob("run.json")).parent / "checkpoints" / short
            step = max([0, *(int(p.name.partition("-")[2]) for p in folder.glob("checkpoint-*"))])
            while step < 6:
                step += 1
                board.scalars({f"{short}/loss": float(step)}, step)
                if step == ran.die_at.get(short):
                    raise Killed
                if step % 2 == 0:
                    (folder / f"checkpoint-{step}").mkdir(parents=True)

        monkeypatch.setitem(vars(training), name, run)

    stage("pretrain", "sft", 2, 6)
    stage("warm_start", "sft", 2, 5)
    stage("reinforce", "grpo", 2, 7)
    stage("tune", "tuning", 2, 5)
    stage("reject", "rejection", 2, 8)
    monkeypatch.setitem(vars(training), "keep", lambda model, folder: ran.names.append("keep"))
    monkeypatch.setattr(models, "load", lambda *a, **k: Stub())
    monkeypatch.setattr(data, "build", lambda *a, **k: SimpleNamespace(shapes=frozenset("s")))
    monkeypatch.setattr(data, "endless", lambda *a, **k: None)
    monkeypatch.setattr(evaluation, "compare", lambda *a: ran.trained_on.append(a[3]) or results())
    monkeypatch.setattr(evaluation, "evaluate", lambda *a, **k: results())
    return ran


def call(entry, folder, *overrides):
    return entry.main(compose_dict([f"output_dir={folder}", *overrides], entry.__name__))


def drawn(folder):
    """tag -> steps, of one board."""
    page = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    return {tag: [event.step for event in page.Scalars(tag)] for tag in page.Tags()["scalars"]}


@pytest.mark.parametrize(
    "overrides, ran",
    [
        ([], ["reinforce"]),
        (["sft=short"], ["warm_start", "reinforce"]),
        (["algo=sft"], ["tune", "keep"]),
        (["sft=short", "algo=rejection"], ["warm_start", "reject", "keep"]),
        (["sft=short", "grpo.enabled=false"], ["warm_start", "keep"]),
        (["sft=pretrain", "lora=none", "grpo.enabled=false"], ["pretrain", "keep"]),
    ],
)
def test_stages_that_are_enabled_are_run_and_the_last_one_leaves_what_it_trained(stages, tmp_path, overrides, ran):
    call(train, tmp_path, *overrides)
    assert stages.names == ran
    assert stages.trained_on == [None if "pretrain" in ran else {"s"}]  # what a stream drew is not known one by one


def test_a_killed_run_draws_every_step_once(stages, tmp_path):
    for stages.die_at in ({"sft": 5}, {"grpo": 3}, {}):
        if stages.die_at:
            with pytest.raises(Killed):
                call(train, tmp_path, "sft=short")
        else:
            call(train, tmp_path, "sft=short")
        time.sleep(1.1)  # TensorBoard reads files by name, and a name has whole seconds
    (board,) = tmp_path.rglob("tensorboard")
    assert drawn(board / "sft") == {"sft/loss": [1, 2, 3, 4, 5, 6]}
    assert drawn(board)["grpo/loss"] == [1, 2, 3, 4, 5, 6]
    assert Counter(stages.names) == {"warm_start": 3, "reinforce": 2}


@pytest.mark.parametrize("entry", [train, evaluate], ids=["train", "evaluate"])
def test_the_board_ends_with_the_headline_figures(stages, tmp_path, entry):
    call(entry, tmp_path)
    (record,) = tmp_path.rglob("run.json")
    figures = json.loads(record.read_text())["metrics"]
    assert figures.keys() <= drawn(record.parent / "tensorboard").keys()
    assert figures
