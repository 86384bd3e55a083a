"""TensorBoard of one run: curves, texts and HParams through one SummaryWriter in <run>/tensorboard.

`SummaryWriter.add_hparams` opens a writer and a folder of its own; here the same three summaries go into this run's
file, so that a run is one line of the HParams table. `purge_step` hides what a killed run wrote beyond its checkpoint;
TensorBoard hides by step, whatever the curve, so a training run has a folder each for SFT and for the rest (`boards`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from ewm.run import STAGES
from ewm.training import checkpoints


class Writer:
    """The board of one run folder. Nothing is written, not even the folder, before the first value."""

    def __init__(self, run: Path, purge_step: int | None = None, below: str = "") -> None:
        self.folder = run / "tensorboard" / below
        self._purge_step = purge_step
        self._writer: Any = None

    def scalars(self, values: Mapping[str, float | None], step: int) -> None:
        """One point on each curve; what is absent or not finite is left out."""
        for name, value in values.items():
            if value is not None and math.isfinite(value):
                self._open().add_scalar(name, value, step)

    def text(self, tag: str, text: str, step: int) -> None:
        """A markdown text."""
        self._open().add_text(tag, text, step)

    def hparams(self, swept: Mapping[str, Any], metrics: Mapping[str, float | None]) -> None:
        """The swept keys and the headline metrics of this run. Metrics appear as curves too, as the page wants it."""
        from torch.utils.tensorboard.summary import hparams

        found = {name: float(v) for name, v in metrics.items() if v is not None and math.isfinite(v)}
        keys = {name: v if isinstance(v, bool | int | float | str) else str(v) for name, v in swept.items()}
        for summary in hparams(keys, found):
            self._open().file_writer.add_summary(summary)
        for name, value in found.items():
            self._open().add_scalar(name, value, 0)
        self.flush()

    def flush(self) -> None:
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> Any:
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self.folder), purge_step=self._purge_step)
        return self._writer


@contextmanager
def boards(run: Path) -> Iterator[tuple[Writer, Writer]]:
    """Of the warm start, and of the algorithm and all else; each without what lies beyond the checkpoint that its stage
    goes on from."""
    sft, *algos = (checkpoints.next_step(run / "checkpoints" / stage) for stage in STAGES)
    with Writer(run, sft, "sft") as first, Writer(run, max(algos)) as second:  # a run has one algorithm
        yield first, second
