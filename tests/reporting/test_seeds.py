"""Seeds of one setting pooled from the rows that real evaluations leave."""

import io
import json

import pytest
import yaml
from rich.console import Console

from ewm.evaluation.comparison import Settings, on_benchmarks
from ewm.reporting import table
from tests.evaluation.made import Made, example, generate, right, wrong


def evaluated(folder, overrides, adapter):
    """A done run whose base is wrong everywhere, asked about 12 reserved and 12 known programs."""
    examples = [example(n, level) for n in range(12) for level in ("reserved_break", "loop")]
    model = Made(examples, base=wrong, adapter=adapter)
    on_benchmarks(
        model, True, {"heldout": {}}, Settings(output_dir=str(folder)), folder, generate=generate,
        load=lambda *_, **__: examples,
    )  # fmt: skip
    (folder / ".hydra").mkdir()
    (folder / ".hydra" / "overrides.yaml").write_text(yaml.safe_dump(overrides))
    (folder / "run.json").write_text(json.dumps({"status": "done"}))


def half(found):
    return right(found) if len(found.program.source.splitlines()) % 2 else wrong(found)


@pytest.fixture
def sweep(tmp_path):
    for seed, adapter in enumerate((right, half, right)):
        evaluated(tmp_path / f"seed={seed}", [f"seed={seed}", "reward=strict"], adapter)
    return tmp_path


def printed(folder):
    out = io.StringIO()
    table.sweep_table(folder, Console(file=out, width=200))
    return out.getvalue()


def test_a_setting_is_pooled_over_its_seeds(sweep):
    assert "3 seeds together" in printed(sweep)
    text = (sweep / "table.md").read_text()
    row = next(line for line in text.splitlines() if line.startswith("| heldout/reserved | exact"))
    cells = [cell.strip() for cell in row.strip("| ").split("|")]
    assert cells[2:4] == ["0.0", "83.3"]  # (100 + 50 + 100) / 3
    assert cells[4].startswith("+83.3 [")
    lowest = float(cells[5])
    assert lowest < 50  # the run that gained half, by its own interval
    low = float(cells[4].partition("[")[2].partition(",")[0])
    assert lowest < low < 83.3
    assert "heldout/loop (known)" in text


def test_runs_of_different_settings_are_not_pooled(sweep):
    evaluated(sweep / "other", ["seed=0", "reward=gated"], right)
    text = printed(sweep)
    assert "reward=strict: 3 seeds together" in text
    assert "reward=gated" not in [line.partition(":")[0] for line in text.splitlines() if "together" in line]


def test_without_seeds_nothing_is_pooled(tmp_path):
    for reward in ("strict", "gated"):
        evaluated(tmp_path / reward, [f"reward={reward}"], right)
    assert "together" not in printed(tmp_path)
