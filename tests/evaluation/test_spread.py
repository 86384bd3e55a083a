import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ewm.config import ConfigError
from ewm.evaluation import spread
from ewm.evaluation.__main__ import main
from tests.evaluation.made import example

ABOUT = {"schema": 1, "model": "toy", "k": 4}


def answers(texts):
    return [SimpleNamespace(text=text, cut=False, thinking="") for text in texts]


def ask(asked):
    def one(chunk):
        asked.extend(e.id for e in chunk)
        return [answers(["0", "1", "1", "0"] if n % 2 else ["1"] * 4) for n, _ in enumerate(chunk)]

    return one


def reward(text, truth, cut=False):
    return SimpleNamespace(total=float(text))


def test_the_spread_is_the_sample_standard_deviation_and_is_asked_once(tmp_path):
    examples, asked = [example(n) for n in range(4)], []
    rows = spread.measure(examples, ask(asked), reward, ABOUT, tmp_path / "s.jsonl", 4)
    assert sorted(row["std"] for row in rows) == [0.0, 0.0, pytest.approx(0.57735), pytest.approx(0.57735)]
    assert {row["mean"] for row in rows} == {0.5, 1.0}
    assert [row["id"] for row in rows] == [e.id for e in examples]
    lines = (tmp_path / "s.jsonl").read_text().splitlines()
    (tmp_path / "s.jsonl").write_text("\n".join(lines[:3]) + '\n{"torn')
    again = spread.measure(examples, ask(asked), reward, ABOUT, tmp_path / "s.jsonl", 4)
    assert len(asked) == 4 + 2  # the torn file had two
    assert [row["id"] for row in again] == [row["id"] for row in rows]


def test_the_thought_counts_where_it_is_the_trace(tmp_path):
    asked = example(0)
    reason = replace(asked, truth=replace(asked.truth, task="reason"))
    said = [SimpleNamespace(text="5", cut=False, thinking=thought) for thought in ("L1", "L2")]

    def first_line(text, truth, cut=False):
        return SimpleNamespace(total=float("L1" in text))

    for one, best in ((reason, 1.0), (asked, 0.0)):
        (row,) = spread.measure([one], lambda chunk: [said], first_line, ABOUT, tmp_path / f"{best}.jsonl", 4)
        assert (row["mean"], row["best"]) == (best / 2, best)


def test_a_file_of_another_measurement_is_left_alone(tmp_path):
    (tmp_path / "s.jsonl").write_text(json.dumps(ABOUT) + "\n")
    with pytest.raises(ConfigError, match="holds the spread of something else"):
        spread.measure([], ask([]), reward, {**ABOUT, "k": 8}, tmp_path / "s.jsonl", 4)


def test_greedy_has_no_spread(capsys):
    assert main(["spread", "generation=greedy"]) == 2
    assert "temperature above 0" in capsys.readouterr().err
