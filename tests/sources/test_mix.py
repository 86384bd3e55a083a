from dataclasses import replace
from itertools import islice

import pytest

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.programs.corpora import read_jsonl, write_jsonl
from ewm.sources import Corpus, Grammar, Mine, mix
from ewm.sources.dedup import Distinct, fingerprint
from ewm.sources.mine import held_out
from ewm.tracing import IsolationError


def test_near_copies_and_benchmarks_stay_out():
    distinct = Distinct(2, banned={mix.shape(Program("q = 'a'"))})
    texts = ["a = 1", "a = 1", "b = 1", "c = 1", "z = 'word'", "a = b = 1"]
    reasons = [distinct.reason(fingerprint(Program(text), near=False)) for text in texts]
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


GRAMMAR = {"_target_": "ewm.sources.Grammar", "levels": {"loop": 1.0}}


@pytest.mark.parametrize("kind", ["Mutants", "Twins", "Mine", "nested"])
def test_what_a_source_runs_is_run_in_the_isolation_of_the_config(tmp_path, kind):
    (tmp_path / "own.py").write_text("def one():\n    return 1\n")
    (tmp_path / "test_own.py").write_text("from own import one\n\ndef test():\n    assert one() == 1\n")
    mined = {"_target_": "ewm.sources.Mine", "packages": [str(tmp_path)]}
    nodes = {
        "Mutants": {"_target_": "ewm.sources.Mutants", "source": GRAMMAR},
        "Twins": {"_target_": "ewm.sources.Twins", "source": GRAMMAR},
        "Mine": mined,
        "nested": {"_target_": "ewm.sources.Twins", "source": mined},
    }
    for trace in (TraceConfig(isolation="L0"), TraceConfig(isolation="L0", require="L1")):
        (source,) = mix.build({"x": nodes[kind]}, trace=trace).values()
        if trace.require is None:
            assert next(source.programs(0))
            continue
        with pytest.raises(IsolationError, match="trace.require=L1"):
            next(source.programs(0))
