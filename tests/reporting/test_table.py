import csv
import io
import json

import pytest
import yaml
from rich.console import Console

from ewm.reporting import table
from ewm.reporting.__main__ import main
from tests.reporting.made import results


@pytest.fixture
def sweep(tmp_path):
    """Three jobs: one done, one killed while running, one that failed before run.json."""
    for reward, status in (("strict", "done"), ("gated", "running"), ("prefix", None)):
        run = tmp_path / f"reward={reward}-1a2b"
        (run / ".hydra").mkdir(parents=True)
        (run / ".hydra" / "overrides.yaml").write_text(yaml.safe_dump([f"reward={reward}", "debug=fast"]))
        if status:
            (run / "run.json").write_text(json.dumps({"status": status, "wall_s": 90.0}))
        if status == "done":
            (run / "evaluation").mkdir()
            results().save(run / "evaluation" / "results.json")
    return tmp_path


def test_one_row_per_run_with_the_swept_keys(sweep):
    rows = table.sweep_table(sweep, Console(file=io.StringIO(), width=300))
    assert [(row["reward"], row["status"]) for row in rows] == [
        ("gated", "stale"), ("prefix", "failed before it began"), ("strict", "done"),
    ]  # fmt: skip
    assert "debug" not in rows[0]
    assert rows[2]["reserved exact"] == "2.0 -> 14.0, +12.0 [+8.0, +16.0]"
    assert rows[2]["minutes"] == "1.5"
    assert rows[0]["reserved exact"] == "-"


def test_p_values_of_several_runs_are_adjusted(sweep):
    rows = table.sweep_table(sweep, Console(file=io.StringIO()))
    assert table.HOLM not in rows[0]  # one run alone is no family of tests
    second = sweep / "reward=gated-1a2b" / "evaluation"
    second.mkdir()
    results(p=0.004).save(second / "results.json")
    rows = table.sweep_table(sweep, Console(file=io.StringIO()))
    assert [row[table.HOLM] for row in rows] == ["0.0040", "-", "<0.0001"]
    results(p=0.00001).save(second / "results.json")
    assert table.sweep_table(sweep, Console(file=io.StringIO()))[0][table.HOLM] == "<0.0001"
    results(p=0.03).save(second / "results.json")
    results(p=0.02).save(sweep / "reward=strict-1a2b" / "evaluation" / "results.json")
    rows = table.sweep_table(sweep, Console(file=io.StringIO()))
    assert [row[table.HOLM] for row in rows] == ["0.0400", "-", "0.0400"]


@pytest.mark.parametrize("name, text", [
    ("run.json", '{"status": "do'),
    ("run.json", "[]"),
    ("run.json", '{"status": "done", "schema": 99}'),
    ("evaluation/results.json", '{"groups": {'),
    ("evaluation/results.json", '{"groups": {}}'),
    ("evaluation/results.json", "[]"),
])  # fmt: skip
def test_a_damaged_folder_ends_nothing_but_its_own_row(sweep, name, text, capsys):
    bad = sweep / "reward=strict-1a2b"
    (bad / name).write_text(text)
    rows = table.sweep_table(sweep, Console(file=io.StringIO(), width=300))
    assert [(row["reward"], row["status"].partition(":")[0]) for row in rows] == [
        ("gated", "stale"), ("prefix", "failed before it began"), ("strict", "unreadable"),
    ]  # fmt: skip
    assert str(bad / name) in rows[2]["status"]
    assert main(["table", str(bad)]) == 0
    capsys.readouterr()
    assert main(["report", str(bad)]) == 2
    assert str(bad / name) in capsys.readouterr().out


def test_why_a_job_never_began_and_values_with_brackets(sweep):
    job = sweep / "reward=prefix-1a2b"
    (job / "failed.txt").write_text("lora.r=[x]: wants a whole number.\nmore\n")
    (job / ".hydra" / "overrides.yaml").write_text(yaml.safe_dump(["benchmark=[heldout,ellora5]"]))
    out = io.StringIO()
    rows = table.sweep_table(sweep, Console(file=out, width=300))
    assert rows[1]["status"] == "failed before it began: lora.r=[x]: wants a whole number."
    assert "[heldout,ellora5]" in out.getvalue()
    assert "1 failed before it began" in out.getvalue()
    (job / ".hydra" / "overrides.yaml").write_text("[")
    assert table.sweep_table(sweep, Console(file=out))[1]["status"].startswith("failed")


def test_files_hold_the_same_rows(sweep):
    table.sweep_table(sweep, Console(file=io.StringIO()))
    assert len((sweep / "table.md").read_text().splitlines()) == 2 + 2 + 3
    with (sweep / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[2]["heldout/reserved/exact_difference_low"]) == 0.08
    assert rows[0]["heldout/reserved/exact_difference_low"] == ""


def test_plot_if_matplotlib_is_there(sweep):
    pytest.importorskip("matplotlib")
    table.sweep_table(sweep, Console(file=io.StringIO()))
    assert (sweep / "plot.png").stat().st_size > 1000


def test_command_line_answers_mistakes(tmp_path, capsys):
    assert main(["table", str(tmp_path / "none")]) == 2
    assert "no folder" in capsys.readouterr().out
    assert main(["report", str(tmp_path)]) == 2
    assert "evaluate.py run=" in capsys.readouterr().out
