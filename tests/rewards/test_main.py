import json

import pytest

from ewm.rewards.__main__ import main
from tests.rewards.test_ellora import TRACE as RECIPE_TRACE
from tests.scoring.made import ENTRY, SOURCE, TRACE


@pytest.fixture
def run(tmp_path, capsys):
    def run(rows, *overrides):
        file = tmp_path / "rows.jsonl"
        file.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
        code = main(["score", *overrides, "trace.workers=1", str(file)])
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return run


def test_rows_are_scored_in_order(run):
    program = {"source": SOURCE, "entry": ENTRY}
    code, rows, _ = run([{**program, "completion": TRACE}, {**program, "completion": "end"}], "reward=gated")
    assert code == 0
    assert [row["total"] for row in rows] == [1.0, 0.0]
    assert rows[0]["terms"] == {"path": 1.0, "state": 1.0, "result": 1.0}


def test_an_isolation_that_is_not_to_be_had_is_a_message(run):
    row = {"source": SOURCE, "entry": ENTRY, "completion": "1"}
    code, rows, errors = run([row], "trace.require=L2", "trace.isolation=L0")
    assert (code, rows) == (2, [])
    assert errors.startswith("trace.require=L2, but this machine gives L0")


def test_output(run):
    rows = [{"source": SOURCE, "entry": ENTRY, "completion": c} for c in ("1", "2")]
    assert [row["total"] for row in run(rows, "reward=strict", "task=output")[1]] == [1.0, 0.0]


def test_ellora_reads_its_own_trace(run):
    code, rows, _ = run([{"actual_trace": RECIPE_TRACE, "completion": RECIPE_TRACE}], "reward=ellora")
    assert code == 0
    assert rows[0]["total"] == pytest.approx(0.9)
    assert rows[0]["ellora_accuracy"] == 1.0


@pytest.mark.parametrize("reward", ["strict", "gated", "prefix", "shaped"])
def test_a_trace_alone_does_for_no_other_reward(run, reward):
    code, rows, _ = run([{"actual_trace": RECIPE_TRACE, "completion": RECIPE_TRACE}], f"reward={reward}")
    assert code == 1
    assert rows == [
        {"error": f"line 1: reward={reward} wants source and entry; actual_trace alone does for reward=ellora only"}
    ]


def test_the_keys_of_an_answer(run):
    row = {"source": SOURCE, "entry": ENTRY, "completion": TRACE}
    assert run([row], "reward=strict")[1] == [{"total": 1.0, "terms": {"exact": 1.0}}]
    assert list(run([row], "reward=ellora")[1][0]) == ["total", "terms", "ellora_accuracy"]


def test_a_program_that_fails_earns_nothing_under_ellora(run):
    failing = [{"source": source, "completion": "State: {x=1}"} for source in ("x = 1\ny = 1 / 0", "x = (")]
    code, rows, _ = run(failing, "reward=ellora")
    assert code == 0
    assert [row["total"] for row in rows] == [0.0, 0.0]


@pytest.mark.parametrize(
    "row, words",
    [
        ({"actual_trace": RECIPE_TRACE, "completion": ""}, "wants source and entry"),
        ({"source": "x = 1"}, "is no JSON object"),
        ("[" * 100_000, "is no JSON object"),
        ("not json", "is no JSON object"),
        ({"source": "x = (", "completion": ""}, "syntax_error"),
        ({"source": "x = 1", "completion": "", "entry": 5}, "entry is 5: it must be text"),
        ({"source": "x = 1", "completion": "", "stdin": 5}, "stdin is 5: it must be text"),
    ],
)
def test_a_row_that_cannot_be_scored_is_answered_in_words(run, row, words):
    good = {"source": SOURCE, "entry": ENTRY, "completion": TRACE}
    code, rows, _ = run([row, good], "reward=prefix")
    assert code == 1
    assert words in rows[0]["error"]
    assert rows[0]["error"].startswith("line 1: ")
    assert rows[1]["total"] == 1.0


def test_wrong_arguments(run, capsys):
    assert main([]) == 2
    assert main(["score", "reward=gated"]) == 2
    assert main(["score", "reward=gated", "/nonexistent.jsonl"]) == 2
    assert run([], "reward=strct")[0] == 2


@pytest.mark.parametrize("override, said", [
    ("lora.rnk=3", "Did you mean lora.r?"), ("reward=strct", "Did you mean strict?"),
])  # fmt: skip
def test_mistakes_in_overrides_in_words(run, override, said):
    code, _, errors = run([], override)
    assert code == 2
    assert said in errors


def test_file_names_and_bytes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seed=1.jsonl").write_text("")
    assert main(["score", "reward=strict", "seed=1.jsonl"]) == 0
    (tmp_path / "latin.jsonl").write_bytes(b'{"source": "\xe9"}\n')
    assert main(["score", "latin.jsonl"]) == 2
    assert "latin.jsonl: not UTF-8 text" in capsys.readouterr().err


def test_help(capsys):
    assert main(["score", "--help"]) == main(["-h"]) == 0
    assert "FILE.jsonl" in capsys.readouterr().out
