"""A profile opens paths for reading and for imports, and nothing else, at every level."""

from __future__ import annotations

import os

import pytest

from ewm.config.schema import TraceConfig
from ewm.programs import Program
from ewm.tracing import Runner

LEVELS = ["L0", "L1", "L2", "L3"]


@pytest.fixture
def place(tmp_path):
    """lib/ with a package, a module named as one of the standard library's, data, and a secret beside it."""
    package = tmp_path / "lib/pack"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from pack.inner import double\nfrom importlib import resources\n")
    (package / "inner.py").write_text("def double(x):\n    y = 2 * x\n    return y\n")
    (tmp_path / "lib/textwrap.py").write_text("raise RuntimeError('shadowed')\n")
    (tmp_path / "data.txt").write_text("data")
    (tmp_path / "secret.txt").write_text("secret")
    os.symlink(tmp_path / "lib", tmp_path / "link")
    return tmp_path


def cfg(level, place, **more):
    return TraceConfig(workers=1, isolation=level, sys_path=[f"{place}/link"], read_paths=[f"{place}/data.txt"], **more)


USE = """\
import pack, textwrap
def f(x):
    return pack.double(x) + len(textwrap.dedent(' a'))
"""


@pytest.mark.parametrize("level", LEVELS)
def test_a_package_can_be_used_and_nothing_beside_it(level, place):
    outside = [
        f"open('{place}/secret.txt')",
        f"open('{place}/lib/pack/inner.py', 'a')",
        f"open('{place}/data.txt', 'w')",
        f"open('{place}/link/new.txt', 'w')",
        f"open('{place}/lib/../secret.txt')",
        f"import os; os.listdir('{place}')",
        f"import os; os.remove('{place}/data.txt')",
        f"import os; os.rename('{place}/data.txt', '{place}/lib/data.txt')",
        "open('/etc/passwd')",
    ]
    with Runner(cfg(level, place)) as runner:
        if runner.isolation["isolation"] != level:
            pytest.skip(f"this machine gives {runner.isolation}")
        used = runner.trace(Program(USE, "f(4)"))
        read = runner.trace(Program(f"x = open('{place}/data.txt').read()\n"))
        listed = runner.trace(Program(f"import os\nx = sorted(os.listdir('{place}/lib'))\n"))
        refused = list(runner.trace_all(Program(f"x = 1\n{line}\n") for line in outside))
    assert (used.status, used.result, used.isolation) == ("ok", "9", level)
    assert {e.function for e in used.events} == {"<module>", "f"}  # the package's own lines are no part of the trace
    assert read.events[-1].locals["x"] == "'data'"
    assert listed.events[-1].locals["x"] == "['pack', 'textwrap.py']"
    assert [t.status for t in refused] == ["policy"] * len(outside)
    assert sorted(p.name for p in place.iterdir()) == ["data.txt", "lib", "link", "secret.txt"]
    assert (place / "data.txt").read_text() == "data"


def test_pure_programs_see_the_standard_library_first(place):
    sources = ["import textwrap\nx = textwrap.dedent(' a')\n"] * 8
    with Runner(cfg("auto", place)) as runner:
        assert {t.events[-1].locals.get("x") for t in runner.trace_all(map(Program, sources))} == {"'a'"}


def test_without_a_profile_nothing_of_it_is_there(place):
    with Runner(TraceConfig(workers=1)) as runner:
        assert runner.trace(Program(USE, "f(4)")).exception["type"] == "ModuleNotFoundError"
        assert runner.trace(Program(f"open('{place}/data.txt')\n")).status == "policy"


@pytest.mark.parametrize(
    "paths, said",
    [
        ({"read_paths": ["/"]}, "trace.read_paths=/: must be a plain path"),
        ({"read_paths": ["/tmp/.."]}, "trace.read_paths=/tmp/..: must be a plain path"),
        ({"read_paths": ["relative"]}, "trace.read_paths=relative: must be an absolute path"),
        ({"read_paths": ["/nonexistent"]}, "trace.read_paths=/nonexistent: does not exist"),
        ({"sys_path": ["/etc/passwd"]}, "trace.sys_path=/etc/passwd: is no folder"),
    ],
)
def test_paths_are_checked_before_anything_starts(paths, said):
    with pytest.raises(ValueError, match=said):
        Runner(TraceConfig(**paths))


def test_a_link_to_the_root_is_the_root(tmp_path):
    os.symlink("/", tmp_path / "all")
    with pytest.raises(ValueError, match="must be a plain path"):
        Runner(TraceConfig(read_paths=[f"{tmp_path}/all"]))
