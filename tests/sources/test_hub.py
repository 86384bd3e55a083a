"""Other people's data sets: parquet and JSONL files, the hub (a folder stands in for it), the recipe's own."""

import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from ewm.config import ConfigError
from ewm.sources import Corpus, Hub, hub
from ewm.sources.__main__ import main

ROWS = [
    {"code": "x = 1\ny = x + 1", "licence": "MIT"},
    {"code": "def f(n):\n    return n", "entry": "f(2)"},
    {"code": None},
    {"code": "z = [1]\nz.append(2)"},
]


def write_parquet(path, rows):
    names = dict.fromkeys(name for row in rows for name in row)
    parquet.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), path)
    return path


def test_parquet_and_folders_are_corpora(tmp_path):
    write_parquet(tmp_path / "b.parquet", ROWS[:2])
    (tmp_path / "a.jsonl").write_text(json.dumps({"source": "q = 3"}))
    found = {p.source: p for p in Corpus(str(tmp_path)).programs(0)}
    assert set(found) == {"q = 3", ROWS[0]["code"], ROWS[1]["code"]}
    assert (found[ROWS[0]["code"]].licence, found[ROWS[1]["code"]].entry) == ("MIT", "f(2)")
    before = Corpus(str(tmp_path)).fingerprint()
    write_parquet(tmp_path / "b.parquet", ROWS[:1])
    assert Corpus(str(tmp_path)).fingerprint() != before


def test_a_parquet_file_without_programs_says_what_it_wants(tmp_path):
    write_parquet(tmp_path / "b.parquet", [{"text": "hello"}])
    with pytest.raises(ConfigError, match="It wants a column source or code"):
        list(Corpus(str(tmp_path / "b.parquet")).programs(0))
    (tmp_path / "c.parquet").write_bytes(b"rubbish")
    with pytest.raises(ConfigError, match=r"c\.parquet: no programs"):
        list(Corpus(str(tmp_path / "c.parquet")).programs(0))


@pytest.fixture
def there(tmp_path):
    """A data set as the hub lays it out."""
    folder = tmp_path / "set"
    (folder / "data").mkdir(parents=True)
    write_parquet(folder / "data" / "train-00000.parquet", ROWS)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A set\n")
    return folder


def test_the_hubs_programs_with_their_licence_and_what_was_left_out(there):
    source = Hub(str(there))
    found = {p.source: p for p in source.programs(0)}
    assert set(found) == {row["code"] for row in ROWS if row["code"]}
    assert (found[ROWS[0]["code"]].licence, found[ROWS[1]["code"]].licence) == ("MIT", "apache-2.0")
    assert source.counts == {"rows": 4, "left out: no program": 1}
    assert list(source.programs(0)) != list(source.programs(3))
    assert [p.source for p in Hub(str(there), column="entry").programs(0)] == ["f(2)"]


def test_what_cannot_be_reached_says_so(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    assert not hub.exists("nobody/nothing")
    with pytest.raises(ConfigError, match="nobody/nothing: cannot be had from the hub"):
        next(Hub("nobody/nothing").programs(0))
    with pytest.raises(ValueError, match="OWNER/NAME"):
        Hub("nothing")


def test_a_data_set_is_pushed_with_its_card_only(there, monkeypatch):
    calls = []
    monkeypatch.setattr("huggingface_hub.HfApi.create_repo", lambda self, *a, **k: calls.append((a, k)))
    monkeypatch.setattr("huggingface_hub.HfApi.upload_folder", lambda self, **k: calls.append(k))
    assert hub.push(there, "me/traces") == "https://huggingface.co/datasets/me/traces"
    assert calls[0] == (("me/traces",), {"repo_type": "dataset", "exist_ok": True})
    assert (calls[1]["folder_path"], calls[1]["ignore_patterns"]) == (str(there), [".*"])

    def refuse(self, *a, **k):
        raise OSError("no token")

    monkeypatch.setattr("huggingface_hub.HfApi.create_repo", refuse)
    with pytest.raises(ConfigError, match=r"cannot be written \(no token\)"):
        hub.push(there, "me/traces")


RECIPE = [
    {"code": "x = 1\ny = x + 1", "actual_trace": "Line 1: State: {}\nLine 2: State: {x=1}"},
    {
        "code": "z = [1]\nz.append(2)\nw = 1",
        "actual_trace": "Line 1: State: {}\nLine 2: State: {z=[1, 2]}\nLine 3: State: {z=[1, 2]}",
    },
    {"code": "a = 1\nb = 2", "actual_trace": "Line 1: State: {}"},
    {"code": "while True:\n    pass", "actual_trace": ""},
    {"code": "n = 3"},
]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_the_recipes_traces_are_made_anew_and_the_wrong_ones_counted(tmp_path, capsys, kind):
    path = tmp_path / f"recipe.{kind}"
    if kind == "parquet":
        write_parquet(path, RECIPE)
    else:
        path.write_text("\n".join(map(json.dumps, RECIPE)))
    assert main(["recipe", str(path), "-o", str(tmp_path / "out.jsonl")]) == 0
    said = " ".join(capsys.readouterr().err.split())
    for told in ("as it is │ 1", "differs: a state │ 1", "differs: other lines │ 1", "rows │ 5", "traced │ 4"):
        assert told in said
    kept = list(Corpus(str(tmp_path / "out.jsonl")).programs(0))
    assert {p.source for p in kept} == {row["code"] for row in RECIPE if "while" not in row["code"]}


def test_the_build_takes_the_hubs_programs_if_there_are_any(tmp_path, there, monkeypatch):
    from ewm.config.schema import DataConfig, FormatConfig, TaskConfig, TraceConfig
    from ewm.data import build

    monkeypatch.setattr(hub, "exists", lambda id: id == str(there))
    own = {"g": {"_target_": "ewm.sources.Grammar", "levels": {"straight": 1.0}}}
    made = (TraceConfig(), TaskConfig(), FormatConfig(), "short", len)
    cfg = DataConfig(sources=own, num_train=2, cache_dir=str(tmp_path / "data"), workers=1, hub_id=str(there))
    assert set(build(cfg, *made).manifest["by_source"]) == {"hub"}
    cfg.hub_id = "some/where"
    pushed = []
    monkeypatch.setattr(hub, "push", lambda folder, id: pushed.append((folder, id)))
    assert set(build(cfg, *made).manifest["by_source"]) == {"g"} and not pushed
    cfg.push_to_hub = True
    assert pushed == [(build(cfg, *made).folder, "some/where")]
