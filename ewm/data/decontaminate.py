"""Stand-in."""

from __future__ import annotations

from ewm.data.benchmarks.shapes import banned


class Benchmarks:
    digest = "x"

    @classmethod
    def load(cls) -> Benchmarks:
        return cls()

    def reason(self, fp) -> str | None:
        return "in a benchmark: ellora5" if fp.shape in banned() else None

    def names(self) -> dict[str, str]:
        return {"ellora5": "505"}
