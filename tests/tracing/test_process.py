"""The command line as a process of its own: pipes, signals, terminals, memory, what it loads."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROWS = "".join(json.dumps({"id": f"p{i}", "source": f"x = {i}\nprint(x)\n"}) + "\n" for i in range(3))


def start(*arguments, **keys):
    """The tool as a process of its own, Ctrl-C at its default: what a shell puts into the background has it ignored."""
    command = [sys.executable, "-m", "ewm.tracing", *map(str, arguments)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **keys}
    return subprocess.Popen(
        command, cwd=Path(__file__).parents[2], preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **pipes
    )


def test_start_up_loads_nothing_heavy(tmp_path):
    (tmp_path / "p.py").write_text("x = 1\n")
    code = (
        "import sys\nfrom ewm.tracing.__main__ import main\nassert main([sys.argv[1]]) == 0\n"
        "print({'torch', 'omegaconf', 'hydra', 'rich', 'numpy', 'yaml'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "p.py"], capture_output=True, text=True)
    assert done.stderr == "set()\n"


def test_a_reader_who_leaves_ends_the_run_in_silence(tmp_path):
    (tmp_path / "p.jsonl").write_text(ROWS * 2000)
    tool = start(tmp_path / "p.jsonl", "--workers", 1)
    assert json.loads(tool.stdout.readline())["id"] == "p0"
    tool.stdout.close()
    assert (tool.wait(20), tool.stderr.read()) == (0, "")
    tool.stderr.close()


def test_ctrl_c_leaves_no_process_and_says_where_things_stand(tmp_path):
    (tmp_path / "p.jsonl").write_text(ROWS * 20_000)
    tool = start(tmp_path / "p.jsonl", "--workers", 2, "--output", tmp_path / "t.jsonl")
    part = tmp_path / "t.jsonl.part"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (part.exists() and part.stat().st_size > 10_000):
        time.sleep(0.02)
    zygotes = Path(f"/proc/{tool.pid}/task/{tool.pid}/children").read_text().split()
    tool.send_signal(signal.SIGINT)
    _, said = tool.communicate(timeout=20)
    assert tool.returncode == 130
    assert re.search(
        r"programs in .*: ok [\d,]+\n.*what was done stands in .*t.jsonl.part\n.*interrupted\n$", said, re.DOTALL
    )
    assert len(zygotes) == 2
    assert not [pid for pid in zygotes if Path(f"/proc/{pid}").exists()]
    assert not (tmp_path / "t.jsonl").exists()
    assert len(part.read_text().splitlines()) > 10


def test_progress_is_drawn_on_a_terminal_and_only_there(tmp_path):
    slow = json.dumps({"source": "import time\ntime.sleep(0.02)\n"}) + "\n"
    (tmp_path / "p.jsonl").write_text(slow * 50)
    ours, theirs = pty.openpty()
    tool = start(
        tmp_path / "p.jsonl", "--workers", 1, stderr=theirs, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    )
    os.close(theirs)
    out, _ = tool.communicate(timeout=30)
    shown = b""
    while True:
        try:
            shown += os.read(ours, 1 << 16)
        except OSError:
            break
    os.close(ours)
    assert len(out.splitlines()) == 50
    assert "\x1b" not in out
    assert re.search(rb"\d+ programs in .*?ok \d+.*\x1b", shown)
    assert shown.rstrip().endswith(b"ok 50")


@pytest.mark.slow
def test_a_stream_takes_bounded_memory_also_with_a_slow_reader(tmp_path):
    peaks = []
    for count, wait in ((2000, 0), (40_000, 0), (2000, 4)):
        rows = (json.dumps({"source": f"x = {i}\ny = [x] * 3\n"}) for i in range(count))
        (tmp_path / "p.jsonl").write_text("\n".join(rows))
        tool = start(tmp_path / "p.jsonl", "--workers", 1, stderr=subprocess.DEVNULL)
        time.sleep(wait)
        for number, _ in enumerate(tool.stdout, 1):
            if number == count - 50:
                peaks.append(int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{tool.pid}/status").read_text())[1]))
        assert (tool.wait(20), number) == (0, count)
        tool.stdout.close()
    assert max(peaks) - min(peaks) < 4000  # KiB


def test_a_trace_does_not_depend_on_a_shell_that_ignores_sigint(tmp_path):
    """As nohup and background shells do."""
    (tmp_path / "p.py").write_text("import _thread\n_thread.interrupt_main()\nx = 1\n")
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-m", "ewm.tracing", str(tmp_path / "p.py")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert "KeyboardInterrupt" in done.stdout + done.stderr
