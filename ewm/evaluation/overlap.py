"""What is known of the families that a model was trained on, and which benchmark items share one of them.

Programs are compared by shape (names and constants erased), so that a benchmark's program meets its near copies in
training data whatever their origin. What is not known is said to be so, never counted as no overlap.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ewm.data.benchmarks.shapes import banned
from ewm.programs import Program, split_of
from ewm.sources.mix import shape

FILE = "families.json"
SHAPES, SPLIT, UNKNOWN = "shapes", "split", ""  # Results.trained_on


@dataclass(frozen=True)
class Trained:
    """`shapes`: of every program trained on, None if they are not known. `split`: then at least that all of them were
    of the train split and none had a benchmark's shape, as the shipped nano's pretraining draws them."""

    shapes: Collection[str] | None = None
    split: bool = False

    def met(self, program: Program) -> bool:
        """Known to share a family with the training data."""
        return self.shapes is not None and (shape(program) in self.shapes or program.family in self.shapes)

    def known(self, programs: Collection[Program]) -> str:
        """How it is known which of these programs have been met: SHAPES, SPLIT (none has), or UNKNOWN."""
        if self.shapes is not None:
            return SHAPES
        if self.split and all(split_of(found) != "train" or found in banned() for found in map(shape, programs)):
            return SPLIT
        return UNKNOWN


NOT_KNOWN = Trained()


def save(run: Path, trained: Trained) -> None:
    """Leave the shapes, where they are known, with what a run's evaluation left."""
    if trained.shapes is not None:
        (run / "evaluation" / FILE).write_text(json.dumps(sorted(trained.shapes)), encoding="utf-8")


def load(folder: Path) -> Trained:
    """What the run that the folder is, or lies in, was trained on; not known if it does not say."""
    for place in (folder, *folder.absolute().parents):
        if (path := place / "evaluation" / FILE).exists():
            return Trained(frozenset(json.loads(path.read_text(encoding="utf-8"))))
    return NOT_KNOWN
