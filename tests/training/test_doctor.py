"""The doctor speaks once, passes every line on, and goes on with a resumed run where it was; two diseases in real runs."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict

import pytest

from ewm.config.schema import GrpoConfig
from ewm.run import RunRecord
from ewm.training import reinforce
from ewm.training.doctor import Doctor
from ewm.training.history import WINDOW, Plan
from ewm.training.rollout import Sampler
from tests.training.conftest import ListRecord, SmallScore, build_small_set, build_tiny_model, share_of_sevens
from tests.training.test_grpo import Stop, dies_at, quick

CUT = "completions/clipped_ratio"


class ListBoard:
    def __init__(self) -> None:
        self.texts: list[tuple[str, str, int]] = []

    def scalars(self, values, step) -> None: ...

    def text(self, tag, text, step) -> None:
        self.texts.append((tag, text, step))


def run_record(folder) -> RunRecord:
    folder.mkdir(parents=True, exist_ok=True)
    return RunRecord(folder, "train", {}, "hash", 0, "command", stage="grpo")


def lines(*shares: float):
    """A line a step, with these shares of cut answers."""
    return [(step, {"grpo/loss": 0.0, "rewards/total/mean": 0.5, CUT: share}) for step, share in enumerate(shares, 1)]


def write(doctor: Doctor, rows) -> None:
    for step, values in rows:
        doctor.log(values, step=step)


def test_a_finding_is_said_once_everywhere(tmp_path, caplog):
    record, board = ListRecord(tmp_path), ListBoard()
    doctor = Doctor(record, Plan(GrpoConfig()), board)
    assert record.facts == {"doctor": []}
    with caplog.at_level(logging.WARNING):
        write(doctor, lines(*[0.5] * 40))
    (finding,) = doctor.findings
    assert (finding.disease, finding.step, finding.metric) == ("clipped", WINDOW, CUT)
    assert record.facts == {"doctor": [asdict(finding)]}
    assert [(tag, step) for tag, _, step in board.texts] == [("doctor", WINDOW)]
    (warning,) = caplog.messages
    assert all(said in text for text in (board.texts[0][1], warning) for said in (finding.message, finding.remedy))
    assert len(record.lines) == 40


@pytest.mark.parametrize("between, times", [(5, 1), (40, 2)])
def test_it_is_said_again_only_after_a_healthy_window(between, times, tmp_path):
    doctor = Doctor(ListRecord(tmp_path), Plan(GrpoConfig()))
    write(doctor, lines(*[0.9] * 15, *[0.0] * between, *[0.9] * 15))
    assert [f.disease for f in doctor.findings] == ["clipped"] * times


def test_a_resumed_run_keeps_what_was_found_and_forgets_what_came_after(tmp_path):
    rows = lines(*[0.9] * 30)
    write(Doctor(run_record(tmp_path), Plan(GrpoConfig())), rows[:13])
    (tmp_path / "metrics.jsonl").open("a").write('{"stage": "grpo", "st')  # a kill in the middle of a line
    for since, steps in ((12, [WINDOW]), (5, [])):
        doctor = Doctor(run_record(tmp_path), Plan(GrpoConfig()), since=since)
        assert [f.step for f in doctor.findings] == steps
        said = json.loads((tmp_path / "run.json").read_text())["facts"]["doctor"]
        assert [entry["step"] for entry in said] == steps
    write(doctor, rows[5:])
    assert [f.step for f in doctor.findings] == [WINDOW]  # with the lines of before, as if it had not been cut


def test_a_run_cut_before_its_first_checkpoint_keeps_the_figure_of_its_base(tmp_path):
    metric = "validation/known/exact"
    Doctor(run_record(tmp_path), Plan(GrpoConfig())).log({metric: 0.9}, step=0)
    doctor = Doctor(run_record(tmp_path), Plan(GrpoConfig()), since=0)  # the curves do not measure it again
    write(doctor, [(step, {metric: 0.1}) for step in (25, 50, 75)])
    assert [point.value for point in doctor.history.heldout.curves[metric]] == [0.9, 0.1, 0.1, 0.1]


def test_a_constant_reward_is_found_in_a_real_run_cut_or_not(tmp_path):
    def constant(completion, truth, cut=False):
        return SmallScore(0.5, {"constant": 0.5})

    found = {}
    for name, reward in (("whole", constant), ("cut", dies_at(16 * 11 + 3, constant))):
        record = run_record(tmp_path / name)
        cfg = quick(max_steps=12, max_completion_length=4, save_steps=5)
        if name == "cut":
            with pytest.raises(Stop):
                reinforce(build_tiny_model(), build_small_set(), cfg, reward, record)
            record = run_record(tmp_path / name)
        reinforce(build_tiny_model(), build_small_set(), cfg, constant, record)
        found[name] = record.facts["doctor"]
    assert [f["step"] for f in found["whole"] if f["disease"] == "no_variance"] == [WINDOW]
    assert found["cut"] == found["whole"]


def test_a_sampler_without_the_adapter_is_found_in_a_real_run(tmp_path, monkeypatch):
    monkeypatch.setattr(Sampler, "merge", lambda self: None)
    record = ListRecord(tmp_path)
    reinforce(build_tiny_model(), build_small_set(), quick(max_steps=3, save_steps=0), share_of_sevens, record)
    first, second = record.series("grpo/canary")  # of the first two rollouts, not of the third
    assert first < 1e-6 and second > 0.01
    assert [(f["disease"], f["step"]) for f in record.facts["doctor"]] == [("stale_sampler", 2)]


@pytest.mark.parametrize(
    "changes",
    [{}, {"bf16": True}, {"beta": 0.1}, {"gradient_checkpointing": True}, {"num_iterations": 2, "max_steps": 5}],
)
def test_the_canary_is_at_ease_where_updates_arrive(changes, tmp_path):
    model, record = build_tiny_model(lora_dropout=0.1), ListRecord(tmp_path)
    reinforce(model, build_small_set(), quick(**{"max_steps": 3, "save_steps": 0, **changes}), share_of_sevens, record)
    gaps = record.series("grpo/canary")
    assert len(gaps) == 2 and max(gaps) < 2e-5 and record.facts["doctor"] == []
