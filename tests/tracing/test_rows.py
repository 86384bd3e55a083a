"""Rows of JSON lines that carry more than a program; outputs that would destroy an input."""

from __future__ import annotations

import json

from ewm.tracing.__main__ import main


def test_a_row_may_carry_edits(tmp_path, capsys):
    file = tmp_path / "p.jsonl"
    file.write_text(
        '{"source": "x = 1\\ny = x + 1\\n", "edits": [[1, "x", "5"]]}\n{"source": "x", "edits": [[0, "x", "f()"]]}\n'
    )
    assert main([str(file), "--quiet"]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out)["events"][-1]["locals"] == {"x": "5", "y": "6"}
    assert "p.jsonl:2: edits: x=f(): wants a literal" in said.err


def test_an_edit_that_cannot_be_made_names_its_program(tmp_path, capsys):
    file = tmp_path / "p.jsonl"
    file.write_text('{"id": "good", "source": "x = 1"}\n{"id": "bad", "source": "x = 1", "edits": [[99, "x", "5"]]}\n')
    assert main([str(file), "--quiet"]) == 2
    assert "bad: edits: x at event 99" in capsys.readouterr().err


def test_an_input_is_not_overwritten(tmp_path, capsys):
    file = tmp_path / "prog.py"
    file.write_text("x = 1\n")
    assert main([str(file), "--output", str(file)]) == 2
    assert file.read_text() == "x = 1\n"
    assert "that is an input" in capsys.readouterr().err
