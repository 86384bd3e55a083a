import json

import pytest

from ewm.config.schema import FormatConfig, TaskConfig, TraceConfig
from ewm.data import benchmarks
from ewm.evaluation.answers import Answer
from ewm.evaluation.groups import group, groups, level_kind, mean
from ewm.evaluation.items import item
from tests.evaluation.made import example, right, wrong


def rows(count=20, level="loop", adapter=right, **kwargs):
    found = []
    for n in range(1, count + 1):
        e = example(n, level, **kwargs)
        found.append(
            item("heldout", e, Answer(wrong(e), 1, False), Answer(adapter(e), 1, n == 1), {"same": lambda t: "end"})
        )
    return found


def test_wilson_only_where_each_item_is_its_own_family():
    assert mean([1.0, 0.0, 1.0], ["a", "b", "c"]).method == "wilson"
    assert mean([1.0, 0.0, 1.0], ["a", "b", "b"]).method == "bootstrap"
    assert mean([0.5, 0.2, 1.0], ["a", "b", "c"]).method == "bootstrap"
    assert mean([0.5, 0.5], ["a", "b"]).low >= 0.0


def test_group_counts_cuts_and_incomplete_truths():
    found = group("heldout", "all", rows())
    assert (found.n, found.families, found.base_cut, found.adapter_cut, found.incomplete) == (20, 20, 0, 1, 0)
    assert found.metrics["exact"].adapter.mean == pytest.approx(19 / 20)  # the cut one is wrong
    assert found.metrics["exact"].baselines == {"same": 0.0}
    assert "output" not in found.metrics  # nothing is returned or printed
    partly = group("heldout", "all", rows() + rows(5, complete=False))
    assert (partly.incomplete, partly.n, partly.metrics["exact"].base.n) == (5, 25, 20)


def test_calls_of_one_function_are_one_family_of_a_benchmark(tmp_path):
    codes = [("def f(a):\n    return a + 1", (1, 2, 3)), ("def f(a):\n    return [a] * 2", (4,))]
    given = [{"code": code, "input": str(n)} for code, inputs in codes for n in inputs]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given))
    cfg = {"_target_": "ewm.data.benchmarks.cruxeval_o", "path": str(tmp_path / "own.jsonl")}
    found = benchmarks.load(
        "own", cfg, trace=TraceConfig(workers=1), task=TaskConfig(), format=FormatConfig(), style="short"
    )
    answers = [Answer(e.target if n else "0", 1, False) for n, e in enumerate(found)]
    items = [item("own", e, answer, None, {"one": lambda t: "2"}) for e, answer in zip(found, answers, strict=True)]
    (own,) = groups(items).values()
    exact = own.metrics["exact"]
    assert (own.name, own.n, own.families) == ("own", 4, 2)
    assert (exact.base.mean, exact.base.method, exact.baselines) == (0.75, "bootstrap", {"one": 0.25})
    assert exact.base.low < 0.75 < exact.base.high


def test_groups_by_level_and_kind():
    found = groups(rows(4, "loop") + rows(4, "reserved_break") + rows(4, "long") + rows(4, "kind of its own"))
    assert list(found) == [
        "heldout", "heldout/known", "heldout/reserved",
        "heldout/loop", "heldout/long", "heldout/reserved_break", "heldout/kind of its own",
    ]  # fmt: skip
    assert found["heldout/known"].n == 4
    assert [level_kind(x) for x in ("loop", "reserved_break", "long", "real", "x")] == [
        "known",
        "reserved",
        "extrapolation",
        "extrapolation",
        "",
    ]


def test_mcnemar_is_for_right_or_wrong_alone():
    found = group("heldout", "all", rows()).metrics
    assert found["exact"].test == "mcnemar"
    assert (found["prefix"].p, found["prefix"].test) == (None, "")
    assert set(group("heldout/loop", "level", rows()).metrics) == {"exact", "prefix", "state_f1"}
