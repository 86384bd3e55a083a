from collections import Counter

import pytest

from ewm.config.schema import FormatConfig, TaskConfig, TraceConfig
from ewm.data import benchmarks
from ewm.data.benchmarks import shapes
from ewm.data.benchmarks.ellora5 import KINDS, ORIGINAL, variant
from ewm.programs import Program
from ewm.sources.mix import shape


def load(name, task="trace", format="delta", **keys):
    cfg = {"_target_": f"ewm.data.benchmarks.{name}", **keys}
    return benchmarks.load(
        name,
        cfg,
        trace=TraceConfig(workers=1),
        task=TaskConfig(name=task),
        format=FormatConfig(format),
        style="short",
        count_tokens=len,
    )


def test_heldout_has_n_test_families_of_each_level():
    found = load("heldout", n=5, levels=["straight", "long", "reserved_while_if"])
    assert Counter(e.program.level for e in found) == {"straight": 5, "long": 5, "reserved_while_if": 5}
    assert {e.program.split for e in found} == {"test"}
    assert len({e.program.family for e in found}) == 15
    assert found == load("heldout", n=5, levels=["straight", "long", "reserved_while_if"])
    assert found[:3] == load("heldout", n=3, levels=["straight"])


def test_heldout_takes_levels_written_by_templates():
    found = load("heldout", n=3, levels=["real", "sets", "classes", "loop"])
    assert Counter(e.program.level for e in found) == {"real": 3, "sets": 3, "classes": 3, "loop": 3}
    assert {e.program.split for e in found} == {"test"}
    assert all(e.truth.complete for e in found)
    assert found[-3:] == load("heldout", n=3, levels=["loop"])


def test_ellora5_starts_with_the_five_programs():
    found = load("ellora5", n=25, format="ellora")
    assert [e.program.source for e in found[:5]] == list(ORIGINAL.values())
    assert Counter(e.program.level for e in found) == {f"ellora5_{kind}": 5 for kind in KINDS}
    assert all(e.truth.complete and e.task == "trace" for e in found)
    assert found[0].target == (
        "<execution_trace>\nLine 1: State: {}\nLine 2: State: {width=6}\nLine 3: State: {width=6, height=4}\n"
        "Line 4: State: {width=6, height=4, area=24}\n</execution_trace>"
    )


def test_five_hundred_variants_differ():
    assert len({variant(i).id for i in range(500)}) > 480


@pytest.mark.parametrize("source", ORIGINAL.values())
def test_benchmark_shapes_are_banned_whatever_the_names_and_numbers(source):
    assert shape(Program(source.replace("total", "zzz").replace("5", "77"))) in shapes.banned()


def test_a_benchmark_program_whose_variable_has_the_name_of_a_builtin_is_banned_too():
    assert shape(Program(ORIGINAL["accumulate"].replace("total", "sum"))) in shapes.banned()
