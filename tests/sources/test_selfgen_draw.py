"""Batches of a toy model: counted, told apart, and the same after a kill; one process a journal; giving up."""

import os
import signal
import subprocess
import sys

import pytest

from ewm.config import ConfigError
from ewm.config.schema import FilterConfig, TraceConfig
from ewm.sources.selfgen.draw import draw
from ewm.sources.selfgen.extract import read_answer
from ewm.sources.selfgen.journal import Journal, hold
from ewm.tracing.runner import Runner

SETTINGS = {"origin": "selfgen:toy", "licence": "MIT", "seed": 0, "filter": {"near": 0.7}}
LOOSE = FilterConfig(min_steps=0, near=None)
KILLED = """
import os, signal, sys
from pathlib import Path
from test_selfgen_draw import drawn, toy
def killing(batch):
    if batch == 2:
        with open(sys.argv[1], "a") as file: file.write('{"batch": 2, "cou')
        os.kill(os.getpid(), signal.SIGKILL)
    return toy(batch)
drawn(Path(sys.argv[1]), generate=killing)
"""
NEVER = "a = b = 1\nwhile a:\n    a += 1"


def toy(batch):
    """Two new programs, one that does not end, each batch the same, and two texts without any."""
    shape = "\n".join(["y = x * 2"] * (batch + 1))
    new = [f"x = {batch}\n{shape}\nz = y + x", f"a = {batch}\n{shape.replace('x', 'a')}\nb = [][a]\nc = 1"]
    return [*new, NEVER, "No, thanks.", None]


def drawn(path, n=8, generate=toy, filters=LOOSE, patience=3, settings=SETTINGS):
    with hold(path), Runner(TraceConfig(workers=1, max_events=100)) as runner:
        return draw(generate, read_answer, filters, runner, Journal(path, settings), n, patience)


def test_each_sample_is_counted_once(tmp_path):
    kept, counts = drawn(tmp_path / "j")
    assert len(kept) == 8 and counts["sampled"] == sum(counts.values()) - counts["sampled"] == 20
    assert {counts[why] for why in counts if why != "sampled"} == {4}
    assert {*counts} == {
        "sampled", "kept, ok", "kept, exception", "no program in the text", "cut short", "run: event_limit",
    }  # fmt: skip
    assert (kept[3].origin, kept[3].licence) == ("selfgen:toy:1:1", "MIT")


def test_a_larger_n_goes_on(tmp_path):
    few, _ = drawn(tmp_path / "j", 3)
    assert drawn(tmp_path / "j")[0] == drawn(tmp_path / "k")[0] and drawn(tmp_path / "k", 3)[0] == few


def test_killed_and_resumed_is_the_unbroken_one(tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, os.path.dirname(__file__)])}
    died = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a")], env=environment, timeout=60)
    assert died.returncode == -signal.SIGKILL
    assert (tmp_path / "a").read_text().endswith('"cou')
    assert drawn(tmp_path / "a") == drawn(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_is_there_already_is_not_kept_again(tmp_path):
    long = "\n".join(f"v{i} = {i} + v{i - 1}" for i in range(1, 30))
    texts = [
        f"v0 = 1\n{long}",
        f"w0 = 1\n{long.replace('v', 'w')}",  # other names
        f"v0 = 1\n{long}\nend = v3",  # a line more
        f"v0 = 1\n{long}",
    ]
    kept, counts = drawn(tmp_path / "j", 1, lambda batch: texts, FilterConfig())
    assert [p.source for p in kept] == texts[:1]
    assert (counts["twin of an earlier one"], counts["near copy of an earlier one"], counts["duplicate"]) == (1, 1, 1)
    assert drawn(tmp_path / "k", 2, lambda batch: texts, FilterConfig(near=None))[1]["kept, ok"] == 2


def test_it_gives_up_and_says_what_there_is(tmp_path):
    def exhausted(batch):
        return toy(0)

    with pytest.raises(ConfigError, match="3 batches without a new program, 2 of n=8 .*n=2 writes the 2 programs"):
        drawn(tmp_path / "j", generate=exhausted)
    assert len(drawn(tmp_path / "j", 2, exhausted)[0]) == 2
    with pytest.raises(ConfigError, match="no program in the text 3.*there is no program yet"):
        drawn(tmp_path / "k", generate=lambda batch: ["No."])


def test_other_settings_are_refused_by_name(tmp_path):
    drawn(tmp_path / "j", 1)
    before = (tmp_path / "j").read_bytes()
    with pytest.raises(ConfigError, match=r"\(filter.near was 0.7, is 0.9; seed was 0, is 1\)"):
        drawn(tmp_path / "j", 1, settings={**SETTINGS, "seed": 1, "filter": {"near": 0.9}})
    assert (tmp_path / "j").read_bytes() == before
    (tmp_path / "k").write_text("rubbish\n")
    with pytest.raises(ConfigError, match="no journal of programs"):
        drawn(tmp_path / "k", 1)


def test_one_process_has_it(tmp_path):
    code = f"from pathlib import Path\nfrom ewm.sources.selfgen.journal import hold\nwith hold(Path({str(tmp_path / 'j')!r})): 0"
    with hold(tmp_path / "j"):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "is in use by another process" in done.stderr
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
