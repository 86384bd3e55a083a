from dataclasses import replace
from itertools import islice

import pytest

from ewm.programs import Program
from ewm.programs.corpora import read_jsonl, write_jsonl
from ewm.sources import Corpus, Grammar, Mine, mix
from ewm.sources.mine import held_out


def test_near_copies_and_benchmarks_stay_out():
    distinct = mix.Distinct(2, banned={mix.shape(Program("q = 'a'"))})
    texts = ["a = 1", "a = 1", "b = 1", "c = 1", "z = 'word'", "a = b = 1"]
    reasons = [distinct.reason(Program(text)) for text in texts]
    assert reasons == [None, "duplicate", None, "family is full", "in a benchmark", None]


def test_levels_are_checked():
    with pytest.raises(ValueError, match="no grammar level strait"):
        Grammar({"strait": 1.0})
    with pytest.raises(ValueError, match="sum to zero"):
        Grammar({"straight": 0.0})


def test_first_levels_come_first_and_leave_the_rest_as_it_was():
    plain, ordered = (
        Grammar({"straight": 1.0, "loop": 1.0}),
        Grammar({"straight": 1.0, "loop": 1.0}, first={"lookup": 7}),
    )
    a, b = (list(islice(source.programs(0), 30)) for source in (plain, ordered))
    assert {program.level for program in b[:7]} == {"lookup"} and b[7:] == a[7:]
    with pytest.raises(ValueError, match="no grammar level lokup"):
        Grammar({"straight": 1.0}, first={"lokup": 7})


def test_a_corpus_names_the_line_that_is_no_program(tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text('{"source": "x = 1"}\n\n{"entry": "f()"}\n')
    with pytest.raises(ValueError, match="line 3: no program"):
        list(read_jsonl(path))
    path.write_text('{"source": "x = 1", "more": 1}\n')
    assert list(read_jsonl(path)) == [Program("x = 1")]


def test_a_corpus_gives_training_nothing_of_a_package_that_is_held_out(tmp_path):
    mined = list(Mine(["stdlib"]).programs(0))
    held = {p.id for p in mined if held_out(p)}
    assert any(p.split == "train" for p in mined if p.id in held)
    path = tmp_path / "mined.jsonl"
    write_jsonl(path, mined)
    given = {split: {p.id for p in Corpus(str(path)).programs(0, split)} for split in ("train", "validation", "test")}
    assert given["train"] and not (given["train"] | given["validation"]) & held
    assert given["test"] & held
    assert {p.id for p in Corpus(str(path)).programs(0)} == {p.id for p in mined}


def test_a_corpus_gives_training_no_held_out_grammar_program_without_its_origin(tmp_path):
    held = list(islice(Grammar({"loop": 1.0}).programs(0, "test"), 60))
    path = tmp_path / "loop.jsonl"
    write_jsonl(path, [replace(p, origin="") for p in held])
    given = {split: list(Corpus(str(path)).programs(0, split)) for split in ("train", "validation", "test")}
    assert (given["train"], given["validation"]) == ([], [])
    assert given["test"]
