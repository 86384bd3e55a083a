"""Audit: whether rewards and metrics can be gamed. Attacks that execute nothing, the order of corruptions, bounds."""

from ewm.evaluation.audit.measure import Case, Held, Measured, Paid, measure
from ewm.evaluation.audit.verdict import Bound, verdict

__all__ = ["Bound", "Case", "Held", "Measured", "Paid", "measure", "verdict"]
