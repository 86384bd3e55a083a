"""What a person sees of a stage, and what goes to its board."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ewm.config.schema import SftConfig
from ewm.training.progress import Meter, shown


class ListBoard:
    def __init__(self) -> None:
        self.points: list[tuple[int, dict[str, float]]] = []

    def scalars(self, values, step) -> None:
        self.points.append((step, dict(values)))

    def text(self, tag, text, step) -> None: ...


def lines(steps, total, **settings) -> list[str]:
    out = io.StringIO()
    meter = Meter("SFT", total, Console(file=out, width=80, **settings))
    for step in steps:
        meter.show(step, f"loss {step}")
    meter.close()
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    "steps, total, said",
    [
        (range(1, 101), 100, [1, *range(10, 101, 10)]),
        (range(1, 4), 3, [1, 2, 3]),
        (range(57, 101), 100, [57, 60, 70, 80, 90, 100]),  # went on from a checkpoint
        ([], 100, []),
    ],
)
def test_without_a_terminal_there_is_a_line_every_tenth(steps, total, said):
    assert lines(steps, total) == [f"SFT {step}/{total}  loss {step}" for step in said]


def test_on_a_terminal_there_is_a_bar():
    assert "50/100" in "".join(lines(range(1, 51), 100, force_terminal=True))


@pytest.mark.parametrize("max_minutes, count", [(None, 1), (2.0, 4)])
def test_a_line_of_sft_goes_to_the_log_the_board_and_the_terminal(max_minutes, count):
    out, board, kept = io.StringIO(), ListBoard(), []
    cfg = SftConfig(max_steps=1000, max_minutes=max_minutes)
    with shown("SFT", cfg, lambda values, step: kept.append((step, values)), board, Console(file=out)) as log:
        for step in range(1, 5):
            log({"sft/loss": 0.5, "sft/tokens_per_second": 1234.5, "sft/minutes": step / 2}, step)
    assert kept == board.points and [step for step, _ in kept] == [1, 2, 3, 4]
    assert len(out.getvalue().splitlines()) == count
    assert out.getvalue().startswith("SFT 1/1000  loss 0.500  1234 tokens/s  0.5 min")
