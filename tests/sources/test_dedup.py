"""Duplicates, families and near copies."""

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewm.programs import Program
from ewm.programs.grammar import program
from ewm.programs.levels import TRAINED
from ewm.sources import Grammar
from ewm.sources.dedup import Distinct, fingerprint

NEAR = 0.6
BILL = """\
def bill(prices, taxed):
    total = 0
    extras = []
    for price in prices:
        if price in taxed:
            total += price * 3
            extras.append(price)
        else:
            total += price
    if len(extras) > 2:
        total -= min(extras)
    return total
"""
RENAMED = (
    BILL.replace("bill", "work").replace("prices", "things").replace("price", "thing").replace("taxed", "odd")
    .replace("extras", "kept").replace("total", "amount").replace("    ", "  ")
)  # fmt: skip
CHANGED = RENAMED.replace("amount -= min(kept)", "amount = max(kept)")
MORE = RENAMED.replace("  kept = []\n", "  kept = []\n  best = None\n")
OTHER = """\
def words(text):
    found = {}
    for word in text.lower().split():
        found[word] = found.get(word, 0) + 1
    return sorted(found, key=lambda word: -found[word])[:3]
"""
levels = st.sampled_from(TRAINED)
seeds = st.integers(0, 5000)


def reasons(programs, per_family=1, near=NEAR):
    distinct = Distinct(per_family, near)
    return [distinct.reason(fingerprint(each, near is not None)) for each in programs]


@pytest.mark.parametrize("twin", [CHANGED, MORE])
def test_a_near_twin_under_other_names_is_caught(twin):
    assert reasons([Program(BILL), Program(twin)]) == [None, "near copy"]
    assert reasons([Program(BILL), Program(twin)], near=None) == [None, None]


def test_another_program_is_let_through():
    assert reasons([Program(BILL), Program(OTHER)]) == [None, None]


def test_a_family_has_its_share_and_its_members_are_no_near_copies_of_each_other():
    calls = [Program(BILL, f"bill([{n}], [])") for n in range(4)]
    assert reasons([*calls, calls[0]], per_family=3) == [None, None, None, "family is full", "duplicate"]
    mutant = Program(CHANGED, parent=BILL, relation="mutant")
    assert reasons([Program(BILL), mutant], per_family=2) == [None, None]
    assert reasons([Program(BILL), mutant], per_family=1) == [None, "family is full"]


def test_a_near_copy_takes_no_place():
    calls = [Program(CHANGED, f"work([{n}], [])") for n in range(3)]
    assert reasons([Program(BILL), *calls, Program(OTHER)], 2) == [None, *["near copy"] * 3, None]


@given(levels, seeds, st.lists(st.integers(-9, 9), min_size=2, max_size=2, unique=True))
@settings(max_examples=60, deadline=None)
def test_calls_of_one_program_never_part(level, index, given_values):
    made = program(0, index, level)
    first, second = (Program(made.source, f"f({value})", origin=made.origin) for value in given_values)
    assert first.id != second.id
    assert (first.family, first.split) == (second.family, second.split) == (made.family, made.split)


@given(levels, seeds, st.sampled_from(["mutant", "twin"]))
@settings(max_examples=60, deadline=None)
def test_what_is_made_of_a_program_never_parts_from_it(level, index, relation):
    parent = program(0, index, level)
    made = Program(
        f"{parent.source}\nextra = 7",
        parent.entry,
        origin=f"{parent.origin}:x",
        parent=parent.source,
        relation=relation,
    )
    assert (made.family, made.split) == (parent.family, parent.split)
    assert fingerprint(parent).shapes[0] in fingerprint(made).shapes


@given(levels, seeds)
@settings(max_examples=40, deadline=None)
def test_a_program_is_dropped_the_second_time_whatever_its_level(level, index):
    made = program(0, index, level)
    assert reasons([made, made], per_family=9) == [None, "duplicate"]


@given(st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_fingerprint(text):
    assert reasons([Program(text), Program(text)]) == [None, "duplicate"]


def test_few_grammar_programs_are_lost():
    programs = list(islice(Grammar(dict.fromkeys(TRAINED, 1.0)).programs(0), 1000))
    assert reasons(programs, per_family=1000).count("near copy") <= 30
