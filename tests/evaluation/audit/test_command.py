import json

import pytest

from ewm.evaluation.__main__ import main
from tests.scoring.made import ENTRY, SOURCE

ROWS = [
    {"code": "def f(a, b):\n    c = a + b\n    if c > 2:\n        c -= 1\n    return c", "input": "1, 2"},
    {"source": SOURCE, "entry": ENTRY},
    {"source": "x = [3, 1]\nx.sort()\ny = sum(x)\nprint(y)"},
]
GAMED = """\
# @package _global_
plugins: [paid_by_length]
reward:
  name: paid_by_length
  terms:
    length: {_target_: paid_by_length.steps, weight: 1.0}
    path: {weight: 0.0}
    state: {weight: 0.0}
    result: {weight: 0.0}
"""
TERM = "def steps(prediction, truth):\n    return min(1.0, len(prediction.steps) / 100)\n"


@pytest.fixture
def audit(tmp_path, capsys):
    file = tmp_path / "programs.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))

    def audit(*arguments, n=3):
        given = ["audit", *arguments, "--programs", str(file), "--n", str(n), "-o", str(tmp_path / "audit.md")]
        code = main([*given, "trace.workers=1", f"data.cache_dir={tmp_path}"])
        out, err = capsys.readouterr()
        made = tmp_path / "audit.md"
        return code, " ".join(out.split()), err, made.read_text() if made.exists() else ""

    audit.file = file
    return audit


def test_a_preset_that_holds(audit):
    code, out, _, made = audit("reward=prefix", "format=delta", "task=trace")
    assert (code, "all 8 bounds hold" in out) == (0, True)
    assert "3 real programs of 3 families" in out
    assert "| delta | prefix | a corruption earns less |" in made
    assert "| lines in order, then | " in made
    assert "## delta, metrics" in made


def test_the_recipe_in_its_own_format(audit):
    code, out, _, made = audit("reward=ellora")
    assert (code, "all 6 bounds hold" in out) == (0, True)
    assert "| ellora | ellora | constant trace, longer is paid 0.80, as is known |" in made
    assert "| keywords | 0.400 " in made


def test_too_few_programs_fail(audit):
    code, out, _, _ = audit("reward=strict", "task=output", n=4)
    assert code == 1
    assert "FAILS all at least 4 programs: 3" in out


def test_a_term_of_ones_own_that_can_be_gamed_fails(audit, tmp_path, monkeypatch):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "gamed.yaml").write_text(GAMED)
    (tmp_path / "paid_by_length.py").write_text(TERM)
    monkeypatch.syspath_prepend(str(tmp_path))
    code, out, _, _ = audit("--config-dir", str(tmp_path), "experiment=gamed", "format=delta", "task=trace")
    assert code == 1
    assert "paid_by_length no blind attack is paid above 0.05 after correction: 1.000 over-long" in out
    assert "paid_by_length every complete truth earns 1" in out
    assert "FAILS delta metrics" not in out


@pytest.mark.parametrize(
    "line, words", [("{", "line 4: no program"), ('{"entry": "f()"}', "nothing under"), ('{"code": 3}', "code is 3")]
)
def test_a_line_that_is_no_program(audit, line, words):
    audit.file.write_text(audit.file.read_text() + line)
    code, _, err, _ = audit("reward=strict", n=9)
    assert code == 2
    assert words in err and "--programs" in err


def test_mistakes_in_words(audit):
    code, _, err, _ = audit("reward=strct")
    assert (code, "Did you mean strict?" in err) == (2, True)
    audit.file.unlink()
    assert audit("reward=strict")[0] == 2


@pytest.mark.slow
def test_every_preset_on_300_real_programs(tmp_path, capsys):
    """Of the standard library and CodeI/O; fewer where reasoning-gym is not installed, and then it fails for that alone."""
    code = main(["audit", f"data.cache_dir={tmp_path}"])
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAILS")]
    assert failed == [] and code == 0 or all(line.startswith("FAILS all at least") for line in failed)
