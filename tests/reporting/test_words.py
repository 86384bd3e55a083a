import dataclasses

import pytest

from ewm.reporting import words
from tests.reporting.made import comparison, group, results


@pytest.mark.parametrize(
    "reserved, says",
    [
        ((0.12, 0.08, 0.16), "the adapter beats the base: exact 2.0 % -> 14.0 %, +12.0 points (95 % interval +8.0"),
        ((0.01, -0.01, 0.03), "the adapter does not beat the base"),
        ((-0.02, -0.03, -0.01), "the adapter is worse than the base"),
    ],
)
def test_verdict_on_reserved(reserved, says):
    assert says in words.verdict(results(reserved))


@pytest.mark.parametrize(
    "loop, says",
    [
        ((0.0, -0.03, 0.03), "No known level fell by more than 5 points (lowest lower bound -3.0, loop)"),
        ((-0.02, -0.07, 0.03), "cannot be ruled out (lower bounds: loop -7.0)"),
        ((-0.2, -0.3, -0.1), "Known levels that fell: loop -20.0 [-30.0, -10.0]"),
    ],
)
def test_verdict_on_known_levels(loop, says):
    assert says in words.verdict(results(loop=loop))


def test_verdict_says_when_the_adapter_does_nothing_or_the_data_overlap():
    same = dataclasses.replace(results(), identical=100, overlap={"heldout": 3})
    assert "the adapter changes nothing" in words.verdict(same)
    assert "3 items share a program family" in words.verdict(same)


def test_the_overlap_is_said_without_an_adapter_too():
    alone = dataclasses.replace(results(), adapter=None)
    assert words.verdict(alone) == "The base model was asked alone: there is no adapter to compare."
    met = dataclasses.replace(alone, overlap={"heldout": 3, "ellora5": 0})
    assert words.verdict(met).endswith("CAUTION: 3 items share a program family with the training data.")


@pytest.mark.parametrize(
    "found, says",
    [
        ({}, "overlap with the training data: not known"),
        ({"overlap": {"heldout": 0}}, "overlap with the training data: not known"),
        ({"overlap": {"heldout": 0}, "trained_on": "shapes"}, "0 of 100 items share a program family with it"),
        ({"overlap": {"heldout": 3}, "trained_on": "shapes"}, "3 of 100 items share a program family with it"),
        (
            {"overlap": {"heldout": 0}, "trained_on": "split"},
            "none; nano was pretrained on families of the train split",
        ),
    ],
)
def test_the_notes_say_what_is_known_of_the_overlap(found, says):
    assert says in words.notes(dataclasses.replace(results(), **found))[-1]


def test_rows_have_every_column():
    rows = words.headline_rows(results())
    assert rows[0] == ("heldout", "exact", "40.0 [35.0, 45.0]", "45.0 [40.0, 50.0]", "+5.0 [+2.0, +8.0]", "0.0100",
                       "3.0 literals", "100")  # fmt: skip
    assert rows[4][5] == "<0.0001"
    assert all(len(row) == len(words.HEAD) for row in rows)


def test_terminal_rows_by_benchmark():
    rows = words.benchmark_rows(results())
    assert list(rows) == ["heldout"]
    assert [row[0] for row in rows["heldout"]] == ["heldout"] * 2 + ["known"] * 2 + ["reserved"] * 2 + [
        "loop",
        "reserved_break",
    ]
    assert words.narrow(rows["heldout"][0]) == (
        "heldout",
        "exact",
        "40.0",
        "45.0",
        "+5.0 [+2.0, +8.0]",
        "0.0100",
        "3.0",
        "100",
    )


def test_a_reserved_construct_that_fell_is_said_beside_the_gain():
    found = results()
    fallen = group("heldout/reserved_while_if", "level", comparison(0.5, (-0.03, -0.06, -0.01)), "reserved")
    both = dataclasses.replace(found, groups=found.groups | {fallen.name: fallen})
    assert "but one fell: reserved_while_if -3.0 [-6.0, -1.0]" in words.verdict(both)
    assert "but one fell" not in words.verdict(found)
