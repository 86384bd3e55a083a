import io
import json
from types import SimpleNamespace

from rich.console import Console

from ewm import reporting
from ewm.evaluation.results import Results
from ewm.reporting import report, terminal
from tests.reporting.made import results


def test_side_by_side_marks_the_first_difference():
    lines = report.side_by_side("L1 x=1\nL2 y=3\nend", "L1 x=1\nL2 y=4")
    assert [line[report.WIDTH + 1] for line in lines[1:]] == ["|", "X", "X"]
    assert report.side_by_side("a" * 99, "")[1].startswith("a" * (report.WIDTH - 3) + "...")


def test_both_reports_say_what_was_found_and_how_to_repeat_it(tmp_path):
    run = {"command": "python train.py reward=strict", "git_commit": "abc123", "machine": "2 cores", "seed": 3}
    best = {"step": 20, "metric": "validation/pass@1", "value": 0.25}
    run["facts"] = {"validation": {"change": "Held-out, step 0 to 40", "best": best, "kept_step": 20}}
    (tmp_path / "run.json").write_text(json.dumps(run))
    noted = {}
    reporting.write(results(), SimpleNamespace(folder=tmp_path, note=noted.update))
    assert noted["metrics"]["heldout/reserved/exact_difference"] == 0.12
    text, page = (tmp_path / "report.md").read_text(), (tmp_path / "report.html").read_text()
    assert "| heldout/reserved | state_full | 2.0 [" in text
    for said in (
        "beats the base",
        "python train.py reward=strict",
        "abc123",
        "2 cores",
        "heldout/reserved",
        "+12.0",
        "Held-out, step 0 to 40",
        "The adapter is that of step 20; validation/pass@1 was best at step 20: 25.0.",
    ):
        assert said in text and said in page
    assert "L2 y=<b>4" in text
    assert "<b>4" not in page and "L2 y=&lt;b&gt;4" in page
    assert "http" not in page  # one file, nothing fetched


def test_results_read_back_equal(tmp_path):
    results().save(tmp_path / "results.json")
    assert Results.load(tmp_path / "results.json") == results()


def test_terminal_ends_with_the_verdict_and_the_tensorboard_command(tmp_path):
    out = io.StringIO()
    terminal.show(results(), tmp_path / "outputs" / "train" / "x", Console(file=out, width=160))
    assert "the adapter beats the base" in out.getvalue()
    assert out.getvalue().strip().endswith(f"tensorboard --logdir {tmp_path / 'outputs'}")
