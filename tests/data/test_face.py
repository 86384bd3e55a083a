"""python -m ewm.data, the data card, and that the hub's own library reads a data set."""

import json
import re

import pytest

from ewm.data import card, shards
from ewm.data.__main__ import main

OVERRIDES = ["data=quick", "data.num_train=6", "data.workers=1"]


@pytest.fixture
def folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["build", *OVERRIDES, "data.cache_dir=outputs/data"]) == 0
    (found,) = (tmp_path / "outputs" / "data").iterdir()
    assert capsys.readouterr().out.strip() == f"outputs/data/{found.name}"
    return found


def test_show_tells_what_is_there(folder, capsys):
    assert main(["show", folder.name[:6], "-n", "1"]) == 0
    shown = capsys.readouterr().out
    first = next(shards.rows(folder))
    assert (
        "6 of 6 train examples" in shown and "Apache-2.0" in shown and first["origin"] in re.sub(r"\s*\n\s*", "", shown)
    )
    assert first["target"].splitlines()[0] in shown


def test_mistakes_are_answered(folder, capsys):
    for command, told in [
        (["show", "/nowhere/at/all"], "/nowhere/at/all: no data set."),
        (["show", "zzz"], f"zzz: no data set. There are, below outputs/data: {folder.name}"),
        (["build", "data.sources.known.levels={lop: 1}"], "lop"),
        (["build", "data=quick", "data.also=[cwn]"], "data.also: cwn: no such choice."),
        (["build", "data.min_reward_std=0.1"], "wants data.spread=FILE"),
        (["build", "data.push_to_hub=true"], "wants data.hub_id=OWNER/NAME"),
    ]:
        assert main(command) == 2
        assert told in capsys.readouterr().err


def test_the_hubs_library_reads_the_folder(folder, tmp_path, monkeypatch):
    import datasets
    from huggingface_hub import DatasetCard

    found = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert found["train"]["code"] == [row["code"] for row in shards.rows(folder)]
    about = DatasetCard.load(folder / "README.md").data
    assert (about.license, about.size_categories) == (["apache-2.0"], ["n<1K"])


def test_a_licence_that_the_hub_does_not_know_is_named_in_the_text(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    text = card.text({**manifest, "licences": {"MIT": 3, "Own Licence 1.0": 2, "": 1}})
    assert "license:\n- mit\n- other\n" in text
    assert "MIT 3, Own Licence 1.0 2, not stated 1" in text
