import json
from dataclasses import replace

import pytest

from ewm.config.schema import EngineConfig
from ewm.data.benchmarks.ellora5 import variant
from ewm.evaluation import comparison, overlap
from ewm.evaluation.comparison import Settings, on_benchmarks
from ewm.programs import Program
from ewm.sources import Grammar
from tests.evaluation.made import Made, example, generate, right, wrong

LEVELS = ("straight", "loop", "reserved_break")
EXAMPLES = [example(n, level) for level in LEVELS for n in range(1, 5)]


@pytest.fixture
def run(tmp_path):
    """on_benchmarks() on the made examples; base and adapter as given."""

    def once(folder="run", adapter=True, model=None, examples=EXAMPLES, **settings):
        model = model or Made(examples)
        found = on_benchmarks(
            model, adapter, {"heldout": {"n": 4}},
            Settings(engine=EngineConfig(batch_size=5), output_dir=str(tmp_path / "outputs"), **settings),
            tmp_path / folder, generate=generate, load=lambda name, cfg, **kw: list(examples),
        )  # fmt: skip
        return found, model

    return once


def test_adapter_beats_base_on_the_same_items(run):
    found, model = run()
    assert set(found.groups) == {"heldout", "heldout/known", "heldout/reserved", *(f"heldout/{x}" for x in LEVELS)}
    exact = found.groups["heldout"].metrics["exact"]
    assert (exact.base.mean, exact.adapter.mean, exact.difference.mean, exact.base.n) == (0, 1, 1, 12)
    assert exact.p < 0.001 and exact.test == "mcnemar"
    assert exact.difference.low > 0
    assert found.headline("heldout/reserved/prefix_difference") == pytest.approx(2 / 3)
    assert found.identical == 0
    assert model.asked == {"base": 12, "adapter": 12}


def test_worst_shows_wrong_answers_only_and_two_of_a_level_at_most(run):
    found, _ = run(model=Made(EXAMPLES, adapter=wrong))
    assert sorted(bad.group for bad in found.worst) == [f"heldout/{x}" for x in sorted(LEVELS) for _ in range(2)]
    assert all(bad.divergence == 1 and bad.divergence_kind == "value" for bad in found.worst)
    assert run(folder="second", model=Made(EXAMPLES, adapter=right))[0].worst == ()


def test_base_answers_serve_the_next_run_and_other_weights_do_not(run):
    run()
    assert run("second")[1].asked == {"base": 0, "adapter": 12}
    assert run("third", model=Made(EXAMPLES, weight=2.0))[1].asked == {"base": 12, "adapter": 12}
    assert run("fourth", generation=replace(Settings().generation, max_new_tokens=7))[1].asked["base"] == 12


def test_an_interrupted_evaluation_goes_on_in_the_same_chunks(run, tmp_path):
    first, _ = run()
    path = tmp_path / "run" / "evaluation" / "heldout.jsonl"
    lines = path.read_text().splitlines()
    assert len(lines) == 13
    path.write_text("\n".join(lines[:9]) + '\n{"torn')  # identity, five of the first chunk, three of the second
    again, model = run()
    assert model.asked == {"base": 0, "adapter": 7}
    assert again.groups == first.groups


def test_rows_of_another_adapter_are_put_aside(run, tmp_path):
    run()
    alone, model = run(adapter=None, model=Made(EXAMPLES, has_adapter=False))
    assert alone.adapter is None and alone.groups["heldout"].metrics["exact"].difference is None
    assert model.asked["adapter"] == 0
    folder = tmp_path / "run" / "evaluation"
    assert len(list(folder.glob("heldout.*.old"))) == 1
    assert json.loads((folder / "heldout.jsonl").read_text().splitlines()[1])["adapter"] is None


def test_overlap_with_the_training_data_is_counted(tmp_path):
    families = overlap.Trained({EXAMPLES[0].program.family})
    found = on_benchmarks(
        Made(EXAMPLES), True, {"heldout": {}}, Settings(output_dir=str(tmp_path)), tmp_path, families,
        generate=generate, load=lambda *a, **kw: EXAMPLES,
    )  # fmt: skip
    assert found.overlap == {"heldout": 3}  # the same program stands at three levels here
    assert found.trained_on == "shapes"
    assert overlap.load(tmp_path) == overlap.load(tmp_path / "adapter") == overlap.Trained(families.shapes)


def test_what_a_model_was_trained_on_is_known_or_said_not_to_be(run, tmp_path):
    from ewm.config.schema import EvaluateConfig, ModelConfig
    from ewm.evaluation.entry import trained_on

    assert run()[0].trained_on == ""
    nano, other = ModelConfig("nano"), ModelConfig("hf", "somewhere")
    assert trained_on(EvaluateConfig(model=nano)) == overlap.Trained(split=True)
    assert trained_on(EvaluateConfig(model=other)) == overlap.Trained()
    assert trained_on(EvaluateConfig(model=nano, run=str(tmp_path / "run"))) == overlap.Trained()  # a stream's, say
    overlap.save(tmp_path / "run", overlap.Trained({"a", "b"}))
    for asked in ({"run": str(tmp_path / "run")}, {"adapter": str(tmp_path / "run" / "adapter")}):
        assert trained_on(EvaluateConfig(model=nano, **asked)) == overlap.Trained({"a", "b"})


def test_programs_are_met_by_their_shape():
    accumulate = Program("total = 0\nfor n in range(1, 5):\n    total += n", origin="ellora5:accumulate:0:1")
    trained = overlap.Trained({Program("s = 3\nfor k in range(2, 4):\n    s += k", origin="grammar:loop:0:1").family})
    assert trained.met(accumulate)
    assert not trained.met(Program("x = 1"))


def test_the_split_answers_for_nano_only_where_it_holds():
    nano = overlap.Trained(split=True)
    drawn = {split: next(Grammar({"loop": 1.0}).programs(0, split)) for split in ("train", "test")}
    assert nano.known([drawn["test"], variant(1)]) == "split"
    assert nano.known([drawn["train"]]) == ""
    assert not nano.met(drawn["train"])


def test_settings_come_from_either_config():
    from ewm.config.schema import EvaluateConfig, TrainConfig

    assert Settings.of(TrainConfig(headline="heldout/exact")).headline == "heldout/exact"
    assert Settings.of(EvaluateConfig(seed=3)).seed == 3
    assert comparison.WORST == 10


def test_the_adapter_of_a_run_is_found_or_asked_for(tmp_path):
    from ewm.config.errors import ConfigError
    from ewm.config.schema import EvaluateConfig
    from ewm.evaluation.entry import adapter_of

    assert adapter_of(EvaluateConfig()) is None
    with pytest.raises(ConfigError, match="left no adapter"):
        adapter_of(EvaluateConfig(run=str(tmp_path)))
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
    assert adapter_of(EvaluateConfig(run=str(tmp_path))) == tmp_path / "adapter"
    with pytest.raises(ConfigError, match="what PEFT saves"):
        adapter_of(EvaluateConfig(adapter=str(tmp_path), run=str(tmp_path)))


def test_an_adapter_of_another_base_is_answered_before_a_model_loads(tmp_path, monkeypatch):
    from ewm import models
    from ewm.config.errors import ConfigError
    from ewm.config.schema import EvaluateConfig, ModelConfig
    from ewm.evaluation.entry import evaluate

    monkeypatch.setattr(models, "load", lambda *_: pytest.fail("a model was loaded"))
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "Qwen/Qwen3-0.6B"}')
    with pytest.raises(ConfigError, match="trained on Qwen/Qwen3-0.6B, but model=nano"):
        evaluate(EvaluateConfig(adapter=str(tmp_path), model=ModelConfig("nano")), None)


def test_a_run_that_trained_every_weight_is_evaluated_as_a_model(tmp_path):
    from ewm.config.schema import EvaluateConfig, ModelConfig
    from ewm.evaluation.entry import adapter_of, model_of

    (tmp_path / "run.json").write_text(json.dumps({"config": {"model": {"path": "base"}}}))
    cfg = EvaluateConfig(run=str(tmp_path), model=ModelConfig("m", "base", init="scratch"))
    assert model_of(cfg) == cfg.model  # it left an adapter, or nothing yet
    (tmp_path / "model").mkdir()
    assert adapter_of(cfg) is None
    assert (model_of(cfg).path, model_of(cfg).init) == (str(tmp_path / "model"), "pretrained")
    other = replace(cfg, model=ModelConfig("m", "another"))
    assert model_of(other) == other.model


def test_the_adapter_is_named_only_where_it_lies(run, tmp_path):
    assert run()[0].adapter == "not saved"
    (tmp_path / "second" / "adapter").mkdir(parents=True)
    assert run("second")[0].adapter == str(tmp_path / "second" / "adapter")


def test_every_metric_of_a_trace_is_compared(run):
    found, _ = run()
    metrics = found.groups["heldout"].metrics
    assert {"state_f1", "state_full", "path", "path_exact"} <= metrics.keys()
    assert metrics["path_exact"].test == "mcnemar"
    assert found.headline("heldout/state_full_difference") == metrics["state_full"].difference.mean
