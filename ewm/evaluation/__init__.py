"""Runs models on benchmarks: base and adapter on the same items, with intervals, a paired test and baselines."""

from ewm.evaluation.comparison import Settings, compare, on_benchmarks
from ewm.evaluation.entry import evaluate
from ewm.evaluation.results import Results

__all__ = ["Results", "Settings", "compare", "evaluate", "on_benchmarks"]
