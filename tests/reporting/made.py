"""Results made by hand for the tests of reporting."""

from __future__ import annotations

from ewm.evaluation.results import Bad, Comparison, Estimate, Group, Results


def estimate(mean: float, low: float, high: float, n: int = 100) -> Estimate:
    return Estimate(mean, low, high, n, "bootstrap")


def comparison(base: float, difference: tuple[float, float, float] | None, p: float | None = 0.01) -> Comparison:
    first = estimate(base, base - 0.05, base + 0.05)
    if difference is None:
        return Comparison(first, baselines={"literals": 0.03})
    mean = base + difference[0]
    other = estimate(mean, mean - 0.05, mean + 0.05)
    return Comparison(first, other, estimate(*difference), p, "mcnemar", {"literals": 0.03, "empty": 0.0})


def group(name: str, kind: str, found: Comparison, level_kind: str = "") -> Group:
    return Group(name, kind, 100, 90, 2, 3, 4, {"exact": found, "prefix": found, "state_full": found}, level_kind)


def results(
    reserved: tuple[float, float, float] = (0.12, 0.08, 0.16),
    loop: tuple[float, float, float] = (0.0, -0.03, 0.03),
    p: float = 0.00001,
) -> Results:
    groups = [
        group("heldout", "all", comparison(0.4, (0.05, 0.02, 0.08))),
        group("heldout/known", "known", comparison(0.6, (0.0, -0.02, 0.02))),
        group("heldout/reserved", "reserved", comparison(0.02, reserved, p)),
        group("heldout/loop", "level", comparison(0.7, loop), "known"),
        group("heldout/reserved_break", "level", comparison(0.02, reserved), "reserved"),
    ]
    bad = Bad("abc", "heldout/loop", "x = 1\ny = x | 2", None, "L1 x=1\nL2 y=3\nend", "L1 x=1\nL2 y=<b>4", True,
              {"exact": 0.0, "prefix": 1 / 3}, 1, "value")  # fmt: skip
    return Results(
        groups={g.name: g for g in groups}, items=100, identical=40, model="nano", adapter="trained here",
        endpoint="heldout/reserved/exact_difference", generation={"temperature": 0.0}, worst=(bad,),
    )  # fmt: skip
