"""Batches of a toy model: counted, told apart, and the same after a kill."""

import os
import signal
import subprocess
import sys

import pytest

from ewm.config import ConfigError
from ewm.config.schema import TraceConfig
from ewm.sources.selfgen.draw import draw
from ewm.sources.selfgen.extract import read_answer
from ewm.sources.selfgen.filters import Filters
from ewm.tracing.runner import Runner

SETTINGS = {"origin": "selfgen:toy", "seed": 0}
KILLED = """
import os, signal, sys
from pathlib import Path
from test_selfgen_draw import SETTINGS, Filters, Runner, TraceConfig, draw, read_answer, toy
def killing(batch):
    if batch == 2:
        with open(sys.argv[1], "a") as file: file.write('{"batch": 2, "cou')
        os.kill(os.getpid(), signal.SIGKILL)
    return toy(batch)
with Runner(TraceConfig(workers=1)) as runner:
    draw(killing, read_answer, Filters(), runner, Path(sys.argv[1]), SETTINGS, 8)
"""


def toy(batch):
    shape = "\n".join(["y = x * 2"] * (batch + 1))
    return [
        f"x = {batch}\n{shape}\nz = y + x",
        f"a = {batch}\n{shape.replace('x', 'a')}\nb = [][a]\nc = 1",
        "No, thanks.",
    ]


def drawn(path, n=8):
    with Runner(TraceConfig(workers=1)) as runner:
        return draw(toy, read_answer, Filters(), runner, path, SETTINGS, n)


def test_each_sample_is_counted_once(tmp_path):
    kept, counts = drawn(tmp_path / "j")
    assert len(kept) == 8 and counts["sampled"] == sum(counts.values()) - counts["sampled"] == 12
    assert counts["kept, ok"] == counts["kept, exception"] == counts["no program in the text"] == 4


def test_killed_and_resumed_is_the_unbroken_one(tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, os.path.dirname(__file__)])}
    died = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a")], env=environment, timeout=60)
    assert died.returncode == -signal.SIGKILL
    assert (tmp_path / "a").read_text().endswith('"cou')
    assert drawn(tmp_path / "a") == drawn(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_other_settings_are_refused(tmp_path):
    drawn(tmp_path / "j", 1)
    with Runner(TraceConfig(workers=1)) as runner, pytest.raises(ConfigError, match="other settings"):
        draw(toy, read_answer, Filters(), runner, tmp_path / "j", {**SETTINGS, "seed": 1}, 1)
