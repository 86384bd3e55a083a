"""Traces that were made before: a hit is what the run gave, and whatever could change a trace is a miss."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewm.config.errors import ConfigError
from ewm.config.schema import ASIDE, TraceConfig
from ewm.programs import Program
from ewm.tracing import Runner
from ewm.tracing.cache import Cache, Memory, code, setting
from ewm.tracing.disk import NAME, Disk
from ewm.tracing.worker import request_of, setup_of

REACHED = {"isolation": "L2", "python": "3.11.7", "notes": {}}
CLOCK = "import time\nx = time.perf_counter_ns()\n"
PROGRAMS = [
    Program("x = 1\nprint(x)\n"),
    Program("def f(n):\n    return [n] * 2\n", "f(3)"),
    Program("x = input()\n", stdin="é\n"),
    Program("def f():\n    1 / 0\n", "f()"),
    Program("x = (\n"),
    Program("raise SystemExit(3)\n"),
    Program("x = 0\nwhile True:\n    x += 1\n"),
    Program("import os\nos.getpid()\nopen('x', 'w')\n"),
    Program("import os\nos._exit(3)\n"),
    Program(CLOCK),
]


def digest(cfg=TraceConfig(), reached=REACHED, **more):
    return setting({**setup_of(cfg), **more}, reached)


def cache(**keys):
    cfg = TraceConfig(**keys)
    return Cache(cfg, setup_of(cfg), REACHED)


def texts(runner, programs):
    return [json.dumps(t.to_json()) for t in runner.trace_all(programs)]


@pytest.mark.parametrize("where", ["memory", "disk", "both"])
def test_a_hit_is_the_run_byte_for_byte(tmp_path, where):
    folder = None if where == "memory" else str(tmp_path)
    cfg = TraceConfig(workers=1, max_events=100, cache=folder, cache_mb=0 if where == "disk" else 1)
    with Runner(cfg) as runner:
        first = texts(runner, PROGRAMS)
        assert runner.cache.hits == 0
        if where == "disk":
            runner.close()
        assert texts(runner, PROGRAMS) == first
        assert runner.cache.hits == len(PROGRAMS)
    if folder:
        with Runner(cfg) as runner:
            assert texts(runner, PROGRAMS) == first
            assert (runner.cache.hits, runner.cache.problem) == (len(PROGRAMS), "")


def test_without_being_asked_nothing_is_kept():
    with Runner(TraceConfig(workers=1)) as runner:
        assert runner.trace(Program(CLOCK)).events != runner.trace(Program(CLOCK)).events
        assert runner.cache is None


def test_equal_programs_under_way_are_run_once():
    with Runner(TraceConfig(workers=2, cache_mb=1)) as runner:
        done = list(runner.trace_all([Program(CLOCK)] * 30 + [Program("x = 1\n")] + [Program(CLOCK)] * 30))
        assert len({json.dumps(t.to_json()) for t in done}) == 2
        assert done[30].events[-1].locals == {"x": "1"}
        assert runner.cache.hits == 59


def test_a_reader_who_leaves_early_leaves_the_cache_usable():
    with Runner(TraceConfig(workers=1, cache_mb=1)) as runner:
        traces = runner.trace_all([Program(CLOCK)] * 3 + PROGRAMS)
        next(traces)
        traces.close()
        assert [t.status for t in runner.trace_all([Program(CLOCK)] * 3)] == ["ok"] * 3


def test_one_who_waits_for_nobody_else_is_run():
    with Runner(TraceConfig(workers=1, cache_mb=1)) as runner:
        slow = runner.trace_all([Program("x = 1\n"), Program(CLOCK)])
        next(slow)  # the second one is under way, and nobody fetches it
        assert runner.trace(Program(CLOCK)).status == "ok"
        assert next(slow).status == "ok"


@pytest.mark.parametrize(
    "source, limits",
    [
        ("sum(iter(int, 1))\n", {"cpu_s": 0.05}),
        ("x = [0] * 10**10\n", {"memory_mb": 64}),
        ("import os\nos.abort()\n", {}),
    ],
)
def test_what_may_differ_next_time_is_run_again(source, limits):
    with Runner(TraceConfig(workers=1, cache_mb=1, **limits)) as runner:
        one, two, three = runner.trace_all([Program(source)] * 3)
        assert one.status == two.status == three.status
        assert len({t.wall_s for t in (one, two, three)}) == 3  # held back, then run
        assert runner.cache.hits == 0


def test_an_untraced_run_is_a_run():
    with Runner(TraceConfig(workers=1, cache_mb=1)) as runner:
        assert len({runner.plain(PROGRAMS[0]).wall_s for _ in range(3)}) == 3
        assert runner.trace(PROGRAMS[0]).events
        assert runner.cache.hits == 0


OTHER = {
    "isolation": "L0",
    "read_paths": ["/x"],
    "sys_path": ["/x"],
    "require": "L0",
    "body": False,
    "cache": "elsewhere",
}


@pytest.mark.parametrize("name", [f.name for f in fields(TraceConfig)])
def test_what_changes_a_trace_changes_the_key(name):
    plain = TraceConfig()
    value = OTHER.get(name, "x" if getattr(plain, name) is None else None)
    value = getattr(plain, name) + 1 if value is None else value
    same = digest(plain) == digest(TraceConfig(**{name: value}))
    assert same == (name in ASIDE or name == "isolation")  # of isolation it counts what was reached


@pytest.mark.parametrize("reached", [{**REACHED, "isolation": "L1"}, {**REACHED, "python": "3.12.1"}])
def test_what_was_reached_changes_the_key(reached):
    assert digest(reached=reached) != digest()
    assert digest(reached={**REACHED, "notes": {"a": "b"}}) == digest()
    assert digest(profile={"read_paths": ["/"]}) != digest()  # whatever else a zygote is told


def test_an_answer_reached_otherwise_is_not_kept():
    kept_here = cache(cache_mb=1)
    for reached, kept in (({**REACHED, "isolation": "L1"}, None), (REACHED, b"answer")):
        assert kept_here.ask(b"request")
        assert not kept_here.ask(b"request")
        kept_here.put(b"request", b"answer", "ok", reached)
        assert kept_here.get(b"request") == kept


def test_a_mended_tracer_hands_out_nothing_old(tmp_path, monkeypatch):
    now = digest()
    monkeypatch.setattr("ewm.tracing.cache.code", lambda: "another")
    assert digest() != now
    folder = tmp_path / "tracing"
    shutil.copytree(Path(__file__).parents[2] / "ewm/tracing", folder)
    before = code(folder)
    assert before == code()
    (folder / "pretty.py").write_text("# shown otherwise\n")
    assert code(folder) == before
    for name in ("tracer.py", "snapshot.py", "zygote.py", "decode.py"):
        (folder / name).write_text((folder / name).read_text() + "# mended\n")
        assert code(folder) != before
        before = code(folder)


@given(
    st.lists(
        st.tuples(st.text(max_size=3), st.text(max_size=2) | st.none(), st.text(max_size=2)), min_size=2, max_size=6
    )
)
@settings(max_examples=50, deadline=None)
def test_other_programs_have_other_keys(parts):
    kept = cache(cache_mb=1)
    requests = {part: request_of(Program(*part), False, ()) for part in parts}
    for part, request in requests.items():
        kept.ask(request)
        kept.put(request, repr(part).encode(), "ok", REACHED)
    assert {part: kept.get(request) for part, request in requests.items()} == {p: repr(p).encode() for p in parts}


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.binary(max_size=900)), max_size=30))
@settings(max_examples=200, deadline=None)
def test_memory_is_bounded_and_forgets_the_least_used(rows):
    memory, model = Memory(2000), {}
    for name, value in rows:
        key = name.encode()
        memory.put(key, value)
        model.pop(key, None)
        model[key] = value
        while sum(len(v) + 250 for v in model.values()) > 2000:
            model.pop(next(iter(model)))
        assert memory.used <= 2000
        if (least := next(iter(model), None)) is not None:  # looked at: used last
            assert memory.get(least) == model[least]
            model[least] = model.pop(least)
    assert [memory.get(key) for key in model] == list(model.values())
    assert len(memory) == len(model)


def test_memory_leaves_what_is_too_big():
    memory = Memory(1000)
    memory.put(b"a", b"1")
    memory.put(b"b", b"2" * 1000)
    assert (memory.get(b"a"), memory.get(b"b")) == (b"1", None)


def filled(folder, count=50):
    disk = Disk(folder, 1 << 30)
    for i in range(count):
        disk.put(b"%d" % i, b"value %d" % i * 20)
    disk.close()
    return disk


def test_disk_keeps(tmp_path):
    disk = filled(tmp_path)
    assert disk.get(b"7") == b"value 7" * 20
    assert disk.get(b"x") is None
    disk.close()
    assert Disk(tmp_path, 1 << 30).get(b"49") == b"value 49" * 20


@pytest.mark.parametrize("damage", ["rubbish", "empty", "short", "middle", "schema", "wal"])
def test_a_damaged_file_is_made_anew(tmp_path, damage):
    filled(tmp_path, 500)
    path = tmp_path / NAME
    data = path.read_bytes()
    if damage == "schema":
        db = sqlite3.connect(path)
        db.executescript("DROP TABLE traces; CREATE TABLE traces (other)")
        db.close()
    elif damage == "wal":
        Path(f"{path}-wal").write_bytes(b"\xff" * 5000)
    else:
        cut = {"rubbish": b"rubbish" * 999, "empty": b"", "short": data[: len(data) // 2 - 300]}
        path.write_bytes(cut.get(damage, data[:4096] + b"\xff" * (len(data) - 4096)))
    disk = Disk(tmp_path, 1 << 30)
    for i in range(500):
        assert disk.get(b"%d" % i) in (None, b"value %d" % i * 20)
    disk.put(b"new", b"1")
    disk.close()
    assert (disk.get(b"new"), disk.problem) == (b"1", "")
    disk.close()


def test_a_damaged_entry_is_a_miss_and_is_replaced(tmp_path):
    disk = filled(tmp_path)
    db = sqlite3.connect(tmp_path / NAME)
    with db:
        db.execute("UPDATE traces SET value = (SELECT value FROM traces WHERE key = ?) WHERE key = ?", (b"1", b"2"))
        db.execute("UPDATE traces SET value = substr(value, 1, 12) WHERE key = ?", (b"3",))
        db.execute("UPDATE traces SET value = 'text' WHERE key = ?", (b"4",))
    db.close()
    assert [disk.get(b"%d" % i) for i in (2, 3, 4)] == [None] * 3
    disk.put(b"2", b"again")
    disk.close()
    assert (disk.get(b"2"), disk.get(b"1")) == (b"again", b"value 1" * 20)
    disk.close()


def test_the_file_is_bounded_and_the_oldest_go_first(tmp_path):
    disk = Disk(tmp_path, 1 << 20)
    for i in range(1000):
        disk.put(b"%d" % i, os.urandom(5000))
        if i % 200 == 199:
            disk.close()
            assert (tmp_path / NAME).stat().st_size < (1 << 20) + 200 * 6000
    kept = [i for i in range(1000) if disk.get(b"%d" % i)]
    assert kept == list(range(kept[0], 1000))
    assert 100 < len(kept) < 220
    disk.close()


def test_what_waits_to_be_written_is_bounded(tmp_path):
    disk = Disk(tmp_path, 1 << 30)
    for i in range(12):
        disk.put(b"%d" % i, os.urandom(3 << 20))
        assert sum(map(len, disk._new.values())) < 9 << 20
    disk.close()
    assert all(len(disk.get(b"%d" % i)) == 3 << 20 for i in range(12))
    disk.close()


def test_a_place_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        Runner(TraceConfig(workers=1, cache=str(tmp_path / "file"))) as runner,
        pytest.raises(ConfigError, match="no folder can be made there"),
    ):
        runner.trace(Program("x = 1\n"))
    (tmp_path / NAME).mkdir()  # a file that cannot be opened is done without
    with Runner(TraceConfig(workers=1, cache=str(tmp_path))) as runner:
        assert runner.trace(Program("x = 1\n")).status == "ok"
    assert "unable to open" in runner.cache.problem


WRITER = """
import sys
from pathlib import Path
from ewm.tracing.disk import Disk
disk = Disk(Path(sys.argv[1]), 1 << 30)
for i in range(600):
    assert disk.get(b"%d" % i) in (None, b"value %d" % i * 20)
    disk.put(b"%d" % i, b"value %d" % i * 20)
disk.close()
assert all(disk.get(b"%d" % i) == b"value %d" % i * 20 for i in range(600)), "lost"
disk.close()
print(disk.problem)
"""


@pytest.mark.parametrize("damaged", [False, True])
def test_several_processes_at_once(tmp_path, damaged):
    if damaged:
        (tmp_path / NAME).write_bytes(b"rubbish" * 999)
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    pipe = subprocess.PIPE
    writers = [subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    assert [w.communicate(timeout=60) for w in writers] == [("\n", "")] * 4
    assert Disk(tmp_path, 1 << 30).get(b"599") == b"value 599" * 20
