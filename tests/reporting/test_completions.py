"""The view of a run's completions: which are chosen, where a mark points, what a terminal is not told, bad input."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from ewm.formats.prediction import Prediction, Truth
from ewm.reporting import completions
from ewm.reporting.__main__ import main
from ewm.reporting.answered import changed, steps
from ewm.training import samples
from ewm.training.judge import Scored

PROMPTS = ["ask zero", "ask one", "ask [bold]two[/bold]"]
TRUTHS = [Truth(Prediction(text=f"L1 x={n}\nL2 y={n}\nend"), "trace", "delta") for n in range(3)]


def table(run: Path, step: int, rows: list[tuple[int, str, float]], mode: str = "train") -> None:
    scored = [Scored(example, text, 9, False, total, {"path": total, "state": None}) for example, text, total in rows]
    samples.write(run / "completions", mode, step, scored, PROMPTS, TRUTHS, ())


@pytest.fixture
def run(tmp_path):
    table(tmp_path, 1, [(0, "nothing", 0.0), (0, "L1 x=0", 0.4), (1, "L1 x=1\nL2 y=1\nend", 1.0)])
    table(tmp_path, 2, [(2, "\x1b[2J[red]no\tyes", 0.5), (0, "L1 x=0\nL2 y=7\nend", 0.7), (0, "L1 x=0\nL2", 0.5)])
    table(tmp_path, 3, [(1, "L1 x=1\nL2 y=1\nend", 1.0)])
    return tmp_path


def seen(run: Path, *arguments: str, width: int = 100) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    assert completions.main([str(run), *arguments], console) == 0
    return console.export_text()


def test_the_most_changed_example_is_compared_with_itself(run):
    ((first, last),) = changed(steps(run, "train"), 3)  # example 1 stayed, example 2 was seen once
    assert {row.example for row in first + last} == {0}
    assert ([row.step for row in first], [row.step for row in last]) == ([1, 1], [2, 2])
    assert "example 0: mean reward 0.200 at step 1, 0.600 at step 2" in seen(run)


def test_best_and_worst_are_of_different_examples(run):
    text = seen(run, "--step", "2", "-n", "1")
    best, worst = text[text.index("Best") : text.index("Most changed")].split("Worst")
    assert "example 0" in best and "reward 0.700 (path 0.70, state -), 9 tokens" in best
    assert "example 0" in worst and "reward 0.500" in worst and "L2  <- departs here" in worst and "L2 y=0" in worst
    assert "example 2" not in best + worst


@pytest.mark.parametrize("width", [100, 50])
def test_a_mark_points_where_they_part(run, width):
    lines = seen(run, "--step", "2", "-n", "1", width=width).splitlines()
    marked = [line for line in lines if "<- departs here" in line]
    assert "L2 y=7  <- departs here" in marked[0] and "L2  <- departs here" in marked[1]
    assert any(line.startswith("true  ") and "completion" in line for line in lines) == (width == 100)


def test_a_terminal_is_told_nothing_by_a_model(run):
    text = seen(run, "--step", "2")
    assert "\x1b" not in text and r"\x1b[2J[red]no\tyes" in text and "[bold]two[/bold]" in text


def test_what_rejection_sampled_is_shown_by_round(tmp_path):
    table(tmp_path, 1, [(0, "nothing", 0.0), (1, "L1 x=1\nL2 y=1\nend", 1.0)], "rejection")
    assert "rejection completions of step 1: 2" in seen(tmp_path) == seen(tmp_path, "--mode", "rejection")


@pytest.mark.parametrize("opened", ["", "<think>\n"])
def test_a_thought_that_is_the_trace_is_held_against_the_truth(tmp_path, monkeypatch, opened):
    said = "L1 x=0\nL2 y=0\nend\n</think>\n\n[ANSWER]0[/ANSWER]"
    monkeypatch.setitem(globals(), "TRUTHS", [Truth(Prediction(text=f"<think>\n{said}"), "reason", "delta")])
    table(tmp_path, 1, [(0, opened + said, 1.0)])
    assert "departs" not in (text := seen(tmp_path)) and text.count("L2 y=0") == 4  # both, of the best and the worst
    table(tmp_path, 1, [(0, opened + said.replace("y=0", "y=7"), 0.5)])
    assert "L2 y=7  <- departs here" in seen(tmp_path)
    table(tmp_path, 1, [(0, opened + "L1 x=0", 0.0)])  # cut
    assert "<- ends too early" in (text := seen(tmp_path)) and text.count("L1 x=0") == 4


def test_a_departure_far_down_is_shown():
    truth = "\n".join(f"L{n} x={n}" for n in range(90))
    console = Console(width=80, record=True, file=io.StringIO())
    completions.beside(console, truth, [("said", truth.replace("L70 x=70", "L70 x=7"))])
    assert "L70 x=7  <- departs here" in (text := console.export_text()) and "L1 x=1 " not in text


@pytest.mark.parametrize(
    "truth, answer, at",
    [("a\nb", "a\nb", None), ("a\nb", "a", 1), ("a", "a\nb", 1), ("", "a", 0), ("5", "[ANSWER]5[/ANSWER]", None)],
)
def test_departure(truth, answer, at):
    assert completions.departure(truth, answer) == at


@pytest.mark.parametrize("arguments, words", [
    (["{run}/nowhere"], "is no folder. Give a run's folder"),
    (["{run}/completions"], "GRPO writes them, unless grpo.log_completions_every=0"),
    (["{run}", "--mode", "validation"], "holds no completions/validation-*.parquet. There are some of --mode train."),
    (["{run}", "--step", "9"], "--step 9: no train completions of it. Nearest: 1, 2, 3."),
    (["{run}", "-n", "0"], "-n 0: must be at least 1."),
])  # fmt: skip
def test_bad_input_is_answered(run, capsys, arguments, words):
    assert main(["completions", *(a.format(run=run) for a in arguments)]) == 2
    assert words in capsys.readouterr().out


def test_a_damaged_table_is_named(run, capsys):
    (run / "completions" / "train-00003.parquet").write_bytes(b"PAR1 rubbish")
    assert main(["completions", str(run)]) == 2
    assert "train-00003.parquet cannot be read" in capsys.readouterr().out
