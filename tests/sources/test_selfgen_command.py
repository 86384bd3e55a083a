"""`python -m ewm.sources selfgen` with a toy model: files, funnel, going on, and mistakes before a model loads."""

import json
from types import SimpleNamespace

import pytest

from ewm import generation, models
from ewm.config import ConfigError, compose
from ewm.evaluation import answers
from ewm.generation import Completion
from ewm.programs.corpora import read_jsonl
from ewm.sources import SelfGenerated
from ewm.sources.__main__ import main

FEW = ["selfgen.batch=6", "selfgen.filter.near=null", "trace.workers=1", "seed=0"]


@pytest.fixture
def toy(monkeypatch):
    """nano's place taken by a model that counts its samples; what it was asked."""
    asked = []

    def extend(model, prefixes, sampling, engine, seed):
        asked.append((prefixes, seed))
        lines = ["L1 x = {n}", "L2 y = x * {n}", "L3 z = y + x", "L4 w = z"]
        texts = ["\n".join(lines).format(n=len(asked) * 10 + k) for k in range(len(prefixes) - 1)]
        return [[Completion(text, 9, False)] for text in [*texts, "Hello."]]

    monkeypatch.setattr(models, "load", lambda *_: SimpleNamespace(model=None, open_turn=lambda: "<user>"))
    monkeypatch.setattr(answers, "fingerprint", lambda module: "w1")
    monkeypatch.setattr(generation, "extend", extend)
    return asked


def test_programs_funnel_and_going_on(toy, tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    assert main(["selfgen", "n=8", "-o", str(path), *FEW]) == 0
    made = list(read_jsonl(path))
    assert [p.origin for p in made] == [
        f"selfgen:nano:{b}:{k}" for b, k in [*((0, k) for k in range(5)), *((1, k) for k in range(3))]
    ]
    assert {p.licence for p in made} == {"Apache-2.0"} and len(toy) == 2 and toy[0][0] == ["<user>"] * 6
    about = json.loads((tmp_path / "a.funnel.json").read_text())
    assert about["funnel"] == {"sampled": 12, "no program in the text": 2, "kept, ok": 10, "written": 8}
    assert (about["model"]["weights"], about["seed"], about["new"], about["batches"]) == ("w1", 0, 10, 2)
    assert "kept, ok" in capsys.readouterr().err
    assert main(["selfgen", "n=10", *FEW, "-o", str(path)]) == 0 and len(toy) == 2  # the journal has them
    assert [*read_jsonl(path)][:8] == made
    assert {p.id for p in SelfGenerated(str(path)).programs(0)} <= {p.id for p in read_jsonl(path)}


@pytest.mark.parametrize("key", ["selfgen.filter.min_lines=2", "trace.max_events=99", "seed=7", "generation.top_p=0.5"])
def test_other_settings_want_another_file(toy, tmp_path, capsys, key):
    path = str(tmp_path / "a.jsonl")
    assert main(["selfgen", "n=1", *FEW, "-o", path]) == 0
    before = (tmp_path / "a.jsonl").read_bytes()
    assert main(["selfgen", "n=1", *FEW, key, "-o", path]) == 2
    name, value = key.split("=")
    name = name.rpartition(".")[2]
    assert f"{name} was " in (said := capsys.readouterr().err) and f"is {value}" in said
    assert (tmp_path / "a.jsonl").read_bytes() == before


def test_all_mistakes_before_a_model_loads(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(models, "load", lambda *_: pytest.fail("loaded"))
    wrong = ["n=0", "selfgen.filter.min_line=3", "model=hf", "selfgen.mode=magic", "seed=1,2", "engine=openai"]
    assert main(["selfgen", *wrong, "-o", str(tmp_path / "none" / "a.jsonl")]) == 2
    said = capsys.readouterr().err
    for words in (
        "n=0: must be at least 1", "Did you mean selfgen.filter.min_lines?", "model.path is empty", "selfgen.licence is empty",
        "Possible: prequery, prompted, both", "seed=1,2: several values; one is wanted", "a.jsonl: cannot be written",
        "a server takes whole messages only",
    ):  # fmt: skip
        assert words in said
    assert main(["selfgen", "-o", str(tmp_path / "a.parquet")]) == 2 and "ends in .jsonl" in capsys.readouterr().err
    assert main(["selfgen", "trace.python=/none", "-o", str(tmp_path / "a.jsonl")]) == 2
    assert "trace.python=/none" in capsys.readouterr().err and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "overrides, words",
    [
        (["generation=greedy"], "every batch would be the same"),
        (["generation.n=2"], "a batch has selfgen.batch samples"),
        (["selfgen.mode=both"], "model=nano answers its own tasks only"),
        (["selfgen.filter.near=0"], "must be above 0"),
        (["lora.r=3"], "It is one of train.py, not of python -m ewm.sources selfgen."),
    ],
)
def test_what_cannot_be(overrides, words):
    with pytest.raises(ConfigError) as error:
        compose(overrides, "selfgen")
    assert words in str(error.value)


def test_presets():
    found = {name: compose([f"selfgen={name}"], "selfgen").selfgen for name in ("default", "ellora")}
    recipe = found["ellora"].filter
    assert [recipe.min_lines, recipe.min_assignments, recipe.min_operations, recipe.max_range] == [3, 2, 1, 1000]
    assert [recipe.min_steps, recipe.min_variables, recipe.near] == [0, 0, None]
    assert (found["default"].filter.min_steps, found["default"].filter.near) == (4, 0.7)


def test_a_missing_file_names_its_command(tmp_path):
    with pytest.raises(ValueError, match="python -m ewm.sources selfgen -o .* makes it"):
        SelfGenerated(str(tmp_path / "none.jsonl"))


def test_interrupted(toy, tmp_path, capsys, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(generation, "extend", stopped)
    assert main(["selfgen", "n=1", *FEW, "-o", str(tmp_path / "a.jsonl")]) == 130
    assert "goes on" in capsys.readouterr().err and "a.jsonl" not in [p.name for p in tmp_path.iterdir()]
