"""The command line."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from ewm.config.schema import TraceConfig
from ewm.tracing.__main__ import main

FUNCTION = "def f(n):\n    return [n] * 2\n"


def test_json_lines_in_order(tmp_path, capsys):
    file = tmp_path / "programs.jsonl"
    file.write_text(
        "".join(json.dumps({"id": f"p{i}", "source": FUNCTION, "entry": f"f({i})"}) + "\n" for i in range(5))
    )
    assert main([str(file)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(r["id"], r["result"]) for r in rows] == [(f"p{i}", f"[{i}, {i}]") for i in range(5)]


def test_standard_input(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO('{"source": "print(1)"}\n'))
    assert main(["-"]) == 0
    assert json.loads(capsys.readouterr().out)["stdout"] == "1\n"


def test_pretty(tmp_path, capsys):
    file = tmp_path / "prog.py"
    file.write_text(FUNCTION)
    assert main([str(file), "--call", "f(3)", "--pretty"]) == 0
    shown = capsys.readouterr().out
    assert "return [n] * 2" in shown
    assert "[3, 3]" in shown


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n"])
def test_pretty_shows_a_program_without_a_statement(tmp_path, capsys, text):
    file = tmp_path / "prog.py"
    file.write_text(text)
    assert main([str(file), "--pretty"]) == 0
    assert "0 events" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line, message",
    [("{", "not JSON"), ("[]", "a program is an object"), ('{"source": "x", "entry": 3}', "entry must be text")],
)
def test_wrong_input(tmp_path, capsys, line, message):
    file = tmp_path / "p.jsonl"
    file.write_text(line)
    assert main([str(file)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "line, message",
    [
        (b"{bad", "p.jsonl:3: not JSON"),
        (b"[" * 100_000, "p.jsonl:3: nested too deeply"),
        (b'{"source": "x = \xff"}', "p.jsonl:3: not UTF-8 text"),
        (b'{"source": "x", "stdin": 3}', "p.jsonl:3: stdin must be text"),
        (b'{"source": 3}', "p.jsonl:3: a program is an object"),
    ],
)
def test_what_stands_before_a_wrong_line_is_traced(tmp_path, capsys, line, message):
    file = tmp_path / "p.jsonl"
    file.write_bytes(b'{"source": "x = 1"}\n{"source": "x = 2"}\n' + line + b'\n{"source": "x = 3"}\n')
    assert main([str(file)]) == 2
    said = capsys.readouterr()
    assert [json.loads(row)["events"][-1]["locals"] for row in said.out.splitlines()] == [{"x": "1"}, {"x": "2"}]
    assert message in said.err


@pytest.mark.parametrize(
    "option, said",
    [
        ("--batch=-5", "trace.batch=-5: must be at least 1."),
        ("--batch=0", "trace.batch=0: must be at least 1."),
        ("--workers=-1", "trace.workers=-1: must be at least 0."),
        ("--cpu-s=nan", "trace.cpu_s=nan: wants a finite number."),
        ("--cpu-s=inf", "trace.cpu_s=inf: wants a finite number."),
        ("--memory-mb=0", "trace.memory_mb=0: must be at least 1."),
        ("--memory-mb=99999999999999", "trace.memory_mb=99999999999999: must be at most 1099511627776."),
        ("--max-elements=99999999999999999999", "trace.max_elements=99999999999999999999: must be at most"),
        ("--isolation=L9", "trace.isolation=L9: no such choice."),
        ("--require=L9", "trace.require=L9: no such choice."),
    ],
)
def test_limits_outside_their_range(tmp_path, capsys, option, said):
    file = tmp_path / "p.py"
    file.write_text("x = 1\n")
    assert main([str(file), option]) == 2
    assert said in capsys.readouterr().err


def test_missing_file_and_level(tmp_path, capsys):
    assert main([str(tmp_path / "no.py")]) == 2
    assert main(["-", "--isolation", "L9"]) == 2
    file = tmp_path / "p.py"
    file.write_text("x = 1\n")
    assert main([str(file), "--isolation", "L0", "--require", "L1"]) == 1
    assert "trace.require=L1" in capsys.readouterr().err


def test_the_config_file_has_every_key_at_its_default():
    file = Path(__file__).parents[2] / "conf/trace/default.yaml"
    assert OmegaConf.to_container(OmegaConf.load(file)) == asdict(TraceConfig())
