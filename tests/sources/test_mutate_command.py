"""`python -m ewm.sources mutate`: what it writes, and what it refuses before the work."""

import json
from dataclasses import asdict
from itertools import islice

import pytest

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.programs.corpora import read_jsonl, write_jsonl
from ewm.sources import Grammar
from ewm.sources.__main__ import main
from ewm.sources.mutate import first_departure, matching_lines
from ewm.tracing import Runner


@pytest.fixture
def given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_jsonl("given.jsonl", islice(Grammar({"loop": 1.0, "function": 1.0}).programs(0), 30))
    return "given.jsonl"


def rows(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def test_mutants_of_twins_are_compared_with_the_program_that_was_edited(given, capsys):
    assert main(["mutate", given, "--kind", "twin", "--processes", "1"]) == 0
    assert main(["mutate", "twins.jsonl", "-o", "m.jsonl", "--per-program", "2", "--processes", "1"]) == 0
    shown = capsys.readouterr().err
    assert "candidates" in shown and "enough of this program" in shown and "mutants -> m.jsonl" in shown
    found, twins = rows("m.jsonl"), {program.source: program for program in read_jsonl("twins.jsonl")}
    assert len(found) > 20 and [program.id for program in read_jsonl("m.jsonl")] == [row["id"] for row in found]
    assert all(row["parent"] == twins[row["mended"]].parent != row["mended"] for row in found)
    with Runner(TraceConfig(workers=1)) as runner:
        for row in found:
            program = Program.from_json(row)
            traces = [runner.trace(p) for p in (program, Program(row["mended"], program.entry))]
            departure = first_departure(*traces, matching_lines(program.source, row["mended"]))
            assert row.get("localise") == (asdict(departure) if departure else None)
    assert sum("localise" in row for row in found) > 0.9 * len(found)


def test_a_mutants_mended_program_is_its_parent(given):
    assert main(["mutate", given, "--processes", "1"]) == 0
    parents = {program.source for program in read_jsonl(given)}
    assert all(row["parent"] in parents and "mended" not in row for row in rows("mutants.jsonl"))
    first = open("mutants.jsonl", "rb").read()
    assert main(["mutate", given, "--processes", "2"]) == 0 and open("mutants.jsonl", "rb").read() == first


@pytest.mark.parametrize("arguments, message", [
    (["none.jsonl"], "none.jsonl: no such file"),
    (["given.jsonl", "--per-program", "0"], "--per-program=0: must be at least 1"),
    (["given.jsonl", "--processes", "-1"], "--processes=-1: must be at least 0"),
    (["given.jsonl", "-o", "given.jsonl"], "is the file that is read"),
    (["given.jsonl", "-o", "no/out.jsonl"], "cannot be written"),
    (["bad.jsonl"], "bad.jsonl, line 1: no program"),
])  # fmt: skip
def test_what_cannot_be_is_said_first(given, capsys, arguments, message):
    with open("bad.jsonl", "w") as file:
        file.write("{}\n")
    before = open(given, "rb").read()
    assert main(["mutate", *arguments]) == 2
    assert message in capsys.readouterr().err.replace("\n", " ")
    assert open(given, "rb").read() == before
