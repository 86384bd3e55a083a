"""Folders as packages: what is found there, under which licence, and that it is read once."""

import json
from collections import Counter

import pytest

from ewm.programs.corpora import read_jsonl
from ewm.sources import Mine
from ewm.sources.__main__ import main
from ewm.sources.mine import folders, mining

TEXT = '''\
def double(x):
    """
    >>> double(3)
    6
    >>> double(4)
    9
    >>> print(double("a"))
    aa
    """
    return 2 * x


def when():
    """
    >>> when()
    1
    """
    import time
    return time.time()


def forever():
    """
    >>> forever()
    1
    """
    while True:
        pass
'''


@pytest.fixture
def folder(tmp_path):
    """repo/ with two modules of its own, and what is none."""
    root = tmp_path / "repo"
    for name in ("a.py", "sub/b.py", ".hidden/c.py", "build/d.py", "odd-name.py", "env/lib/e.py"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT if name in ("a.py", ".hidden/c.py", "build/d.py") else TEXT.replace("double", "twice"))
    (root / "LICENSE").write_text(
        "MIT License\n\nPermission is hereby granted, free of charge,\nto any person obtaining a copy"
    )
    return root


def test_modules_of_a_folder(folder):
    assert [name for name, _ in folders.modules(folder)] == ["a", "sub.b"]
    found, counts = mining.mine(mining.collection(str(folder)))
    assert [one.program.origin for one in found[:2]] == ["mine:repo.a.double"] * 2
    assert {one.program.licence for one in found} == {"MIT"}
    assert (counts["examples"], counts["programs"], counts["left out: impure: time"]) == (10, 7, 2)
    assert counts["left out: the same program again"] == 1  # forever


@pytest.mark.parametrize("name, text, licence", [
    ("LICENSE", "Apache License\n  Version 2.0, January 2004", "Apache-2.0"),
    ("COPYING", "GNU GENERAL PUBLIC LICENSE\n  Version 3, 29 June 2007", "GPL-3.0"),
    ("LICENSE.txt", "Redistributions in binary form must reproduce ... Neither the name of", "BSD-3-Clause"),
    ("LICENCE.md", "All rights reserved.", "unknown"),
    ("pyproject.toml", '[project]\nlicense = {text = "BSD-3-Clause"}', "BSD-3-Clause"),
    ("pyproject.toml", '[project]\nlicense = {file = "LICENSE"}', "unknown"),
    ("pyproject.toml", "[project", "unknown"),
    ("README", "MIT", "unknown"),
])  # fmt: skip
def test_licences(tmp_path, name, text, licence):
    (tmp_path / name).write_text(text)
    assert folders.licence(tmp_path) == licence


def test_a_licence_can_be_given(folder):
    assert {p.licence for p in Mine([str(folder)], licence="0BSD").programs(0)} == {"0BSD"}


@pytest.mark.parametrize("name, said", [
    ("./not_there", "no such folder"), ("{here}/empty", "no Python files"), ("no_such_package", r"or ./FOLDER"),
])  # fmt: skip
def test_what_is_no_folder_is_said_at_once(tmp_path, capsys, name, said):
    (tmp_path / "empty").mkdir()
    name = name.format(here=tmp_path)
    with pytest.raises(ValueError, match=said):
        Mine([name])
    assert main(["mine", name, "-o", str(tmp_path / "x.jsonl")]) == 2
    assert not (tmp_path / "x.jsonl").exists()


def test_limits_are_checked_before_the_work(folder, capsys):
    assert main(["mine", str(folder), "--max-events", "0", "-o", str(folder / "x.jsonl")]) == 2
    assert "trace.max_events" in capsys.readouterr().err


def test_a_second_start_reads_what_the_first_one_kept(folder, tmp_path, monkeypatch):
    found = mining.collection(str(folder))
    first = mining.mine(found, keep=tmp_path / "kept")
    with monkeypatch.context() as without:
        without.setattr(mining, "candidates", None)
        assert mining.mine(found, keep=tmp_path / "kept") == first
    assert [path.suffix for path in (tmp_path / "kept").iterdir()] == [".jsonl"]
    before = Mine([str(folder)]).fingerprint()
    (folder / "a.py").write_text("def f():\n    '''\n    >>> f()\n    1\n    '''\n    return 1\n")
    assert Mine([str(folder)]).fingerprint() != before
    again, _ = mining.mine(found, keep=tmp_path / "kept")
    assert "mine:repo.a.f" in {one.program.origin for one in again}


def test_processes_change_nothing(folder, monkeypatch):
    found = mining.collection(str(folder))
    alone = mining.mine(found, processes=1)
    monkeypatch.setattr(mining, "MANY", 1)
    assert mining.mine(found, processes=2) == alone


def test_counts_say_what_was_left_out(folder):
    source = Mine([str(folder)], exclude_constructs=["while"])
    assert not source.counts
    programs = list(source.programs(0))
    assert (
        source.counts["programs"] == 7 == len(programs) + source.counts["left out: a construct of exclude_constructs"]
    )
    parts = [len(list(source.programs(0, split))) for split in ("train", "validation", "test")]
    assert source.counts["left out: another split"] == 7 - parts[2]


def test_the_command_compares_and_writes_the_funnel(folder, tmp_path, capsys):
    path = tmp_path / "mined.jsonl"
    assert main(["mine", str(folder), "-o", str(path), "--json", "--licence", "MIT-0"]) == 0
    programs = list(read_jsonl(path))
    assert Counter(p.entry for p in programs) == Counter(
        ["double(3)", "print(double('a'))", "twice(3)", "print(twice('a'))"]
    )
    assert {p.licence for p in programs} == {"MIT-0"}
    figures = json.loads((tmp_path / "mined.funnel.json").read_text())["repo"]
    assert (figures["programs"], figures["traced"], figures["equal"]) == (7, 6, 4)
    assert figures["left out: gives something else"] == 2
    assert figures["left out: event limit"] == 1
    assert figures["equal, literal call and result"] == 2
    assert "4 programs" in capsys.readouterr().err
