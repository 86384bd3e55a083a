import sys
from collections import Counter

import pytest

from ewm.programs import split_of
from ewm.programs.constructs import constructs
from ewm.programs.corpora import read_jsonl
from ewm.sources import Mine
from ewm.sources.__main__ import main
from ewm.sources.mine import doctests, packages
from ewm.sources.mine.module import Module
from ewm.sources.mine.repository import Repository

MODULE = '''
"""Two functions.

>>> double(4)
8
"""
import math
from os import path
import sys as system
from functools import lru_cache

LIMIT: int = 3
LIMITS = [LIMIT, 2]
if LIMIT > 2:
    CHANGED = 1


def double(x: int) -> int:
    """Twice.

    >>> xs = [1, 2]
    >>> double(xs)
    [1, 2, 1, 2]
    >>> mod.double(3) + 1
    7
    >>> double(object())
    Traceback (most recent call last):
    TypeError
    >>> print(double(2))
    4
    >>> unknown(double(1))
    2
    """
    return helper(x)


@lru_cache
def floor(x):
    """
    >>> floor(2.5)
    2
    """
    LIMITS.append(1)
    return math.floor(x)


def helper(x):
    def inner(path):
        return path * 2
    return inner(x)


def reads(name):
    """
    >>> reads("a")
    'a'
    """
    return path.basename(name)


def changed():
    """
    >>> changed()
    1
    """
    return CHANGED


def listed(root):
    """
    >>> listed(".")
    []
    """
    import os
    return os.listdir(root)


def hidden():
    """
    >>> hidden()
    1
    """
    import os
    return 1
'''

CHANGES = """\
LIMIT = 3
if LIMIT > 2:
    CHANGED = 1
def changed():
    return CHANGED"""
DOUBLE = """\
def double(x):
    return helper(x)
def helper(x):

    def inner(path):
        return path * 2
    return inner(x)"""
FLOOR = """\
from functools import lru_cache
import math
LIMIT = 3
LIMITS = [LIMIT, 2]
@lru_cache
def floor(x):
    LIMITS.append(1)
    return math.floor(x)"""


def found(text, name="pkg.mod"):
    """(candidates, funnel) of a module without neighbours."""
    counts = Counter()
    return list(doctests.candidates(Repository([]), Module(name, text), counts)), counts


def test_a_doctest_becomes_a_program_that_holds_all_it_needs():
    programs, counts = found(MODULE)
    entries = ["double(4)", "double([1, 2])", "double(3) + 1", "double(object())", "print(double(2))"]
    assert [one.entry for one in programs if one.function == "double"] == entries
    assert [one.source for one in programs] == [DOUBLE] * 5 + [FLOOR, CHANGES]
    assert counts["examples"] == 12
    assert [counts[step] for step in ("calls the package", "self-contained", "pure", "short")] == [11, 10, 7, 7]
    assert counts["left out: impure: environment"] == 3
    assert counts["left out: a name that the module does not define"] == 1


def test_modules_of_the_standard_library_are_found_and_none_is_imported():
    before = set(sys.modules)
    names = [name for name, _ in packages.modules("stdlib")]
    assert "textwrap" in names
    assert not any(name.startswith(("test.", "idlelib")) for name in names)
    programs = list(Mine(["stdlib"]).programs(0))
    assert len(programs) > 30
    assert not {"turtle", "antigravity", "this"} & (set(sys.modules) - before)
    assert {p.licence for p in programs} == {"PSF-2.0"}
    assert all(p.origin.startswith("mine:") and p.entry for p in programs)


def test_splits_part_families_and_packages():
    mine = Mine(["stdlib"])
    parts = {split: list(mine.programs(1, split)) for split in ("train", "validation", "test")}
    for split, programs in parts.items():
        assert {p.split for p in programs} <= {split}
    for program in [*parts["train"], *parts["validation"]]:
        unit = program.origin.removeprefix("mine:").partition(".")[0]
        assert split_of(f"package:{unit}") != "test"
    assert parts["train"] == list(mine.programs(1, "train"))


def test_constructs_can_be_kept_out():
    programs = list(Mine(["stdlib"], exclude_constructs=["while_if", "break"]).programs(0))
    assert programs
    assert all({"while_if", "break"}.isdisjoint(constructs(p.source)) for p in programs)


def test_a_package_that_is_not_there():
    with pytest.raises(ValueError, match="nothing_like_it is not installed"):
        list(Mine(["nothing_like_it"]).programs(0))
    with pytest.raises(ValueError, match="give the top-level package, os"):
        list(Mine(["os.path"]).programs(0))


def test_the_command_asks_for_a_place_before_the_work(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Mine, "programs", None)  # not reached
    assert main(["mine", "stdlib", "nothing_like_it", "-o", str(tmp_path / "none" / "x.jsonl")]) == 2
    errors = capsys.readouterr().err
    assert "nothing_like_it is not installed" in errors
    assert "none/x.jsonl: cannot be written (No such file or directory). Name a file in a folder that exists." in errors
    (tmp_path / "old.jsonl").write_text("old")
    for place in ("new.jsonl", "old.jsonl"):
        assert main(["mine", "nothing_like_it", "-o", str(tmp_path / place)]) == 2
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_the_command_writes_what_can_be_traced(tmp_path, capsys):
    path = tmp_path / "mined.jsonl"
    assert main(["mine", "stdlib", "-o", str(path)]) == 0
    assert len(list(read_jsonl(path))) > 20
    assert "self-contained" in capsys.readouterr().err
    assert main(["mine", "nothing_like_it", "-o", str(path)]) == 2
