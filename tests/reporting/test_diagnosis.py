import io
import json

import pytest
from rich.console import Console

from ewm.reporting import diagnosis, report, terminal
from tests.reporting.made import results

FOUND = {"disease": "clipped", "metric": "completions/clipped_ratio", "step": 12, "value": 0.4,
         "message": "40% of the answers are cut at 48 tokens.", "remedy": "Raise grpo.max_completion_length [now 48]."}  # fmt: skip
SENTENCE = f"clipped, step 12: {FOUND['message']} {FOUND['remedy']}"


@pytest.mark.parametrize(
    "facts, said",
    [({"doctor": [FOUND]}, [SENTENCE]), ({"doctor": []}, [diagnosis.HEALTHY]), ({}, []), (None, [])],
)
def test_reports_and_terminal_say_what_the_doctor_found(facts, said, tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"command": "python train.py", "facts": facts}))
    assert diagnosis.read(tmp_path) == said
    out = io.StringIO()
    terminal.show(results(), tmp_path, Console(file=out, width=120))
    origin = report.Origin.of(tmp_path)
    texts = report.markdown(results(), origin), report.html(results(), origin), out.getvalue()
    assert all(sentence in text for sentence in said for text in texts)
    assert said or not any("doctor" in text for text in texts)


def test_without_a_record_nothing_is_said(tmp_path):
    assert diagnosis.read(tmp_path) == []
