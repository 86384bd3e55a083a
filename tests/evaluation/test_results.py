import math
from dataclasses import replace

import pytest

from ewm.evaluation.results import Results, split_headline
from tests.reporting.made import results


@pytest.mark.parametrize(
    "name, expected",
    [
        ("heldout/reserved/exact_difference", ("heldout/reserved", "exact", "difference")),
        ("heldout/state_f1_base", ("heldout", "state_f1", "base")),
        ("heldout/state_f1", ("heldout", "state_f1", "own")),
        ("heldout/state_full_base", ("heldout", "state_full", "base")),
        ("heldout/path_exact", ("heldout", "path_exact", "own")),
        ("ellora5/loop/final_state_adapter", ("ellora5/loop", "final_state", "adapter")),
    ],
)
def test_split_headline(name, expected):
    assert split_headline(name) == expected


@pytest.mark.parametrize("name", ["exact", "heldout/", "heldout/exct_difference", ""])
def test_no_headline(name):
    with pytest.raises(ValueError, match="reads like"):
        split_headline(name)


def test_headline_gives_the_number_or_nan(caplog):
    found = results()
    assert found.headline() == pytest.approx(0.12)
    assert found.headline("heldout/exact") == pytest.approx(0.45)
    assert math.isnan(found.headline("cruxeval/exact_base"))
    assert "groups here: heldout" in caplog.text


def test_round_trip():
    assert Results.from_json(results().to_json()) == Results.from_json(Results.from_json(results().to_json()).to_json())
    assert results().scalars()["heldout/reserved/exact_difference"] == pytest.approx(0.12)


def test_a_base_asked_alone_has_its_own_figure_for_a_headline(caplog):
    found = results()
    group = found.groups["heldout"]
    alone = replace(group, metrics={"exact": replace(group.metrics["exact"], adapter=None, difference=None)})
    only_base = replace(found, groups={"heldout": alone})
    assert only_base.headline("heldout/exact_difference") == alone.metrics["exact"].base.mean
    assert not caplog.text
