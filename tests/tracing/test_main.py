"""The command line."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
from dataclasses import asdict, fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from ewm.config.schema import TraceConfig
from ewm.tracing.__main__ import main
from ewm.tracing.events import load
from ewm.tracing.inputs import InputError, Inputs
from ewm.tracing.options import FORMATS, parse

pytestmark = pytest.mark.usefixtures("one_core")
FUNCTION = "def f(n):\n    return [n] * 2\n"


@pytest.fixture
def one_core(monkeypatch):
    """One zygote a call is enough here."""
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0})


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
        ("--memory-mb=0", "trace.memory_mb=0: must be at least 16"),
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


ROWS = "".join(json.dumps({"id": f"p{i}", "source": f"x = {i}\nprint(x)\n"}) + "\n" for i in range(3))


def ids(text):
    return [json.loads(line)["id"] for line in text.splitlines()]


@pytest.mark.parametrize(
    "text, arguments, stdout",
    [
        (ROWS, [], ["0\n", "1\n", "2\n"]),
        ("\n\n  " + ROWS, [], ["0\n", "1\n", "2\n"]),
        ("\n# a program\nprint(7)\n", [], ["7\n"]),
        ("{print(8)}\n", ["--program"], ["8\n"]),
        ("{1: print(9)}\ndef f(): print(10)\n", ["--call", "f()"], ["9\n10\n"]),
        ("", [], []),
        (" \n", ["--program"], [""]),
    ],
)
@pytest.mark.parametrize("place", ["-", None, "file.gz"])
def test_what_the_input_is(tmp_path, monkeypatch, capsys, text, arguments, stdout, place):
    names = [place] if place == "-" else []
    if place and place != "-":
        names = [str(tmp_path / place)]
        Path(names[0]).write_bytes(gzip.compress(text.encode()) if place.endswith("gz") else text.encode())
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main([*names, *arguments]) == 0
    assert [json.loads(line)["stdout"] for line in capsys.readouterr().out.splitlines()] == stdout


def test_several_inputs_in_order(tmp_path, monkeypatch, capsys):
    (tmp_path / "a.jsonl").write_text(ROWS)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf" + ROWS.replace('"p', '"q').encode()))
    (tmp_path / "c.py").write_bytes(b"# -*- coding: latin-1 -*-\nx = '\xe9'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO('{"id": "s", "source": ""}'))
    assert main(["c.py", "a.jsonl", "-", "b.jsonl.gz"]) == 0
    said = capsys.readouterr()
    assert ids(said.out) == ["c.py", "p0", "p1", "p2", "s", "q0", "q1", "q2"]
    assert json.loads(said.out.splitlines()[0])["events"][-1]["locals"] == {"x": "'é'"}
    assert re.fullmatch(r"ewm.tracing: 8 programs in .* s( \(.*/s\))?: ok 8\n", said.err)


def test_what_the_program_reads(tmp_path, monkeypatch, capsys):
    (tmp_path / "p.py").write_text("x = input()\n")
    (tmp_path / "in.txt").write_text("from a file\n")
    (tmp_path / "p.jsonl").write_text('{"source": "x = input()"}\n{"source": "x = input()", "stdin": "own"}\n')
    monkeypatch.chdir(tmp_path)
    seen = []
    for command in (["p.py", "--stdin", "a text"], ["p.py", "--stdin-file", "in.txt"], ["p.jsonl", "--stdin", "given"]):
        assert main(command) == 0
        seen += [json.loads(line)["events"][-1]["locals"]["x"] for line in capsys.readouterr().out.splitlines()]
    assert seen == ["'a text'", "'from a file'", "'given'", "'own'"]


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["-", "-"], "standard input can be read once"),
        (["-", "--stdin-file", "-"], "standard input can be read once"),
        (["p.py", "--stdin-file", "none"], "none: No such file"),
        (["p.py", "none.jsonl"], "none.jsonl: no such file"),
        (["."], "Is a directory"),
        (["cut.jsonl.gz"], "cut.jsonl.gz: Compressed file ended"),
        (["not.jsonl.gz"], "not.jsonl.gz: Not a gzipped file"),
        (["bad.py"], "bad.py: not text in the encoding that it declares"),
        (["coding.py"], "coding.py: not text in the encoding that it declares"),
        (["bad"], "bad: not UTF-8 text"),
        (["p.jsonl", "--call", "f()"], "--call goes with a prog.py"),
        (["p.py", "--output", "."], "--output .: Is a directory"),
        (["p.py", "--output", "no/file"], "--output no/file: No such file"),
        (["p.py", "--output", "/dev/full"], "No space left"),
        (["p.py", "--cache", "p.py"], "trace.cache=p.py: no folder can be made there"),
        (["p.py", "--cache-mb=-1"], "trace.cache_mb=-1: must be at least 0."),
    ],
)
def test_what_a_person_must_mend(tmp_path, monkeypatch, capsys, arguments, said):
    (tmp_path / "p.py").write_text("x = 1\n")
    (tmp_path / "p.jsonl").write_text(ROWS)
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(ROWS.encode())[:-12])
    (tmp_path / "not.jsonl.gz").write_text("hello")
    (tmp_path / "bad.py").write_bytes(b"x = '\xff'\n")
    (tmp_path / "coding.py").write_bytes(b"# coding: klingon\n")
    (tmp_path / "bad").write_bytes(b"x = '\xff'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    "option", ["--max-rows=-1", "--format=xml", "--body=maybe", "--pretty --format=jsonl", "--nope"]
)
def test_wrong_flags(tmp_path, capsys, option):
    with pytest.raises(SystemExit) as end:
        main(["p.py", *option.split()])
    assert end.value.code == 2


def test_wrong_lines_may_be_left_out(tmp_path, capsys):
    file = tmp_path / "p.jsonl"
    file.write_text("[]\n" + ROWS + "{\n" * 40 + '{"id": "last", "source": "x = 1"}\n')
    assert main([str(file), "--skip-bad"]) == 0
    said = capsys.readouterr()
    assert ids(said.out) == ["p0", "p1", "p2", "last"]
    lines = said.err.splitlines()
    assert len(lines) == 21
    assert "p.jsonl:1: a program is an object" in lines[0]
    assert "p.jsonl:5: not JSON" in lines[1]
    assert "further ones are only counted" in lines[19]
    assert lines[20].endswith(": ok 4; 41 wrong lines left out")


LINE = st.sampled_from(
    [b'{"source": "x"}', b'{"source": 1}', b"[[[", b"\xff", b"# coding: utf-7", b"\xef\xbb\xbf", b"\0", b"9" * 5000]
)


@given(
    st.lists(LINE | st.binary(max_size=12), max_size=6).map(b"\n".join),
    st.sampled_from(["a.jsonl", "a.py", "a", "a.gz"]),
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_programs_or_an_error_that_says_where(tmp_path_factory, data, name):
    path = tmp_path_factory.getbasetemp() / name
    for written in {data, gzip.compress(data)}:
        path.write_bytes(written)
        args, _ = parse([str(path)])
        skipped = []
        try:
            for _, program in Inputs(args, skipped.append):
                program.source.encode()
        except InputError as error:
            skipped.append(error)
        assert all(str(error).startswith(str(path)) for error in skipped)


def test_formats_agree(tmp_path, capsys):
    file = tmp_path / "p.jsonl"
    rows = [{"id": "é", "source": FUNCTION, "entry": "f(3)"}, {"id": "\x1b[2J", "source": "raise ValueError('a\\nb')"}]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    shown = {}
    for name in FORMATS:
        assert main([str(file), "--format", name, "--quiet"]) == 0
        shown[name] = capsys.readouterr().out
        (tmp_path / name).write_text(shown[name])
    full, compact = ([{**t.to_json(), "wall_s": 0, "cpu_s": 0} for t in load(tmp_path / n)] for n in FORMATS[:2])
    assert full == compact
    assert len(shown["compact"]) < len(shown["jsonl"])
    first, second = shown["summary"].splitlines()
    assert re.fullmatch(r"ok +5 events +[\d.]+ ms  é  \[3, 3\]", first)
    assert re.fullmatch(r"exception +2 events +[\d.]+ ms  \\x1b\[2J  ValueError: a\\nb", second)


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz"])
def test_an_output_file_is_whole(tmp_path, capsys, name):
    (tmp_path / "p.jsonl").write_text(ROWS)
    (tmp_path / "cut.jsonl").write_text(ROWS + "{")
    out = tmp_path / name
    out.write_text("before")
    assert main([str(tmp_path / "cut.jsonl"), "--output", str(out)]) == 2
    assert out.read_text() == "before"
    part = Path(f"{out}.part")
    assert f"what was done stands in {part}" in capsys.readouterr().err
    data = gzip.decompress(part.read_bytes()) if name.endswith("gz") else part.read_bytes()
    assert len(data.splitlines()) == 3
    assert main([str(tmp_path / "p.jsonl"), "--output", str(out)]) == 0
    assert [t.id for t in load(out)] == ["p0", "p1", "p2"]
    assert sorted(os.listdir(tmp_path)) == sorted(["p.jsonl", "cut.jsonl", name])
    assert capsys.readouterr().out == ""


def test_a_device_is_written_not_replaced(tmp_path, capsys):
    (tmp_path / "p.py").write_text("x = 1\n")
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE)
    assert main([str(tmp_path / "p.py"), "--output", str(tmp_path / "pipe")]) == 0
    assert json.loads(reader.communicate(timeout=10)[0])["status"] == "ok"


def test_help_is_80_columns_and_has_a_word_for_every_flag(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    for field in fields(TraceConfig):
        flag = f"--{field.name.replace('_', '-')}"
        said = re.search(rf"^  {flag} \S+\s+(\S.*?)\(default", shown, flags=re.MULTILINE | re.DOTALL)
        assert said and len(said[1].split()) > 1, flag


def test_the_cache_is_told_at_the_end(tmp_path, capsys):
    (tmp_path / "p.jsonl").write_text(ROWS)
    command = [str(tmp_path / "p.jsonl"), "--cache", str(tmp_path / "c")]
    texts = []
    for hits in (0, 3):
        assert main(command) == 0
        said = capsys.readouterr()
        assert said.err.endswith(f"; {hits} from the cache\n")
        texts.append(said.out)
    assert texts[0] == texts[1]


def test_progress_where_no_terminal_is(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("ewm.tracing.progress.EVERY", 0.0)
    (tmp_path / "p.jsonl").write_text(ROWS)
    assert main([str(tmp_path / "p.jsonl"), "--progress"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert lines[1].startswith("ewm.tracing: 100%, 2 programs in")
    assert main([str(tmp_path / "p.jsonl"), "--progress", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
