"""What attacks are paid: every attack on every program, under rewards and under the evaluation's metrics.

`measure` takes what scores (a Subject) and programs in one form of answer, and gives for each attack the raw mean and
the mean after chance correction, for the truth what it earns, and the share of order tests that hold. An exact truth
earns 1; a corruption of it less; one that departs from it later no less than one that departs earlier.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from ewm import formats
from ewm.evaluation.audit.attacks import LONG, blind
from ewm.evaluation.audit.orders import departing, with_error, with_wrong_value, worse
from ewm.formats.prediction import Truth
from ewm.rewards import Reward
from ewm.rewards.blind import best
from ewm.rewards.compose import corrected
from ewm.scoring import metrics, stats

RESAMPLES = 1_000
PLACES = 6  # of a program, where an error is tried
METRICS = (
    "exact",
    "prefix",
    "path",
    "path_exact",
    "state_f1",
    "state_full",
    "final_state",
    "output",
    "exception",
    "parse",
)
CORRUPTED, LATE = "a corruption earns less", "a late error costs no more"
ROUNDING = 1e-12
STRICTLY = ("exact", "prefix")  # metrics that a corruption must lower; the others see a part of the answer each

Scorer = Callable[..., Mapping[str, float | None]]  # of (text, truth)


@dataclass(frozen=True)
class Case:
    """A truth, the family of its program, and what a blind guess earns there, by name of the reward."""

    truth: Truth
    family: str
    other: str = ""  # the true text of another program


@dataclass(frozen=True)
class Paid:
    """One attack under one reward or metric. `corrected`: None for a metric."""

    name: str
    attack: str
    raw: stats.Interval
    corrected: stats.Interval | None = None


@dataclass(frozen=True)
class Held:
    """Order tests of one kind under one reward or metric; `failed`: attacks that broke it, with how often."""

    name: str
    kind: str
    n: int
    passed: int
    failed: Mapping[str, int]


@dataclass(frozen=True)
class Measured:
    """One form of answer (`task`, `format`) under some rewards or metrics. `truths`: by name, (n, mean, least)."""

    task: str
    format: str
    n: int
    families: int
    paid: tuple[Paid, ...]
    truths: Mapping[str, tuple[int, float, float]]
    held: tuple[Held, ...]


def rewarded(rewards: Sequence[Reward]) -> Scorer:
    """Totals without chance correction, by the rewards' names. A text is read once for all that read it alike."""
    alike: dict[object, list[Reward]] = defaultdict(list)
    for reward in rewards:
        alike[type(reward).read].append(replace(reward, chance_correct=False))

    def score(text: str, truth: Truth) -> Mapping[str, float | None]:
        found: dict[str, float | None] = {}
        for own in alike.values():
            prediction = own[0].read(text, truth)
            found |= {reward.name: reward.judge(prediction, truth).total for reward in own}
        return found

    return score


def measured(text: str, truth: Truth) -> Mapping[str, float | None]:
    """The evaluation's metrics."""
    found = metrics.score(formats.parse(text, truth.task, truth.format), truth)
    return {name: found[name] for name in METRICS}


def baselines(rewards: Sequence[Reward], truth: Truth) -> Mapping[str, float]:
    """What chance correction starts from, by the rewards' names."""
    return {reward.name: best(replace(reward, chance_correct=False), truth) for reward in rewards}


def measure(
    cases: Sequence[Case],
    score: Scorer,
    blinds: Callable[[Truth], Mapping[str, float]] | None = None,
    strictly: Sequence[str] | None = None,
    every: int = 1,
    advance: Callable[[int], None] = lambda done: None,
) -> Measured:
    """`blinds`: from where each reward is corrected. `strictly`: names that a corruption must lower; None: all.
    `every`: texts longer than LONG are tried on one case in so many."""
    paid: dict[tuple[str, str], list[tuple[float, float, str]]] = defaultdict(list)
    truths: dict[str, list[float]] = defaultdict(list)
    tests: dict[tuple[str, str], list[str | None]] = defaultdict(list)
    for number, case in enumerate(cases):
        start = blinds(case.truth) if blinds else {}
        for attack, text in blind(case.truth, case.other).items():
            if len(text) > LONG and number % every:
                continue
            for name, value in score(text, case.truth).items():
                if value is not None:
                    paid[name, attack].append((value, corrected(value, start.get(name, 0.0)), case.family))
        for name, value in score(case.truth.prediction.text, case.truth).items():
            if value is not None:
                truths[name].append(value)
        for name, kind, failure in _orders(case.truth, partial(score, truth=case.truth), strictly):
            tests[name, kind].append(failure)
        advance(1)
    first = cases[0].truth
    return Measured(
        first.task,
        first.format,
        len(cases),
        len({case.family for case in cases}),
        tuple(_paid(name, attack, found, blinds is not None) for (name, attack), found in paid.items()),
        {name: (len(v), sum(v) / len(v), min(v)) for name, v in truths.items()},
        tuple(_held(name, kind, failures) for (name, kind), failures in tests.items()),
    )


def _paid(name: str, attack: str, found: Sequence[tuple[float, float, str]], correct: bool) -> Paid:
    raw, fair, families = zip(*found, strict=True)
    return Paid(
        name,
        attack,
        stats.bootstrap_mean(raw, families, resamples=RESAMPLES),
        stats.bootstrap_mean(fair, families, resamples=RESAMPLES) if correct else None,
    )


def _held(name: str, kind: str, failures: Sequence[str | None]) -> Held:
    counted: dict[str, int] = defaultdict(int)
    for failure in failures:
        if failure is not None:
            counted[failure] += 1
    return Held(name, kind, len(failures), len(failures) - sum(counted.values()), dict(counted))


def _orders(
    truth: Truth, score: Callable[[str], Mapping[str, float | None]], strictly: Sequence[str] | None
) -> Iterator[tuple[str, str, str | None]]:
    """(name, kind of test, what broke it or None)."""
    top = score(truth.prediction.text)
    at = places(truth) if truth.task == "trace" else []
    wrong = [("a wrong value", text) for place in at if (text := with_wrong_value(truth, place))]
    for how, text in [*worse(truth).items(), *wrong]:
        for name, value in score(text).items():
            true = top[name]
            if value is not None and true is not None:
                below = value < true if strictly is None or name in strictly else value <= true
                yield name, CORRUPTED, None if below else how
    for kind, made in (("a wrong line", with_error), ("wrong values from there on", departing)):
        texts = [text for place in at if (text := made(truth, place)) and well_formed(text, truth)]
        for early, late in pairwise(map(score, texts)):
            for name, value in late.items():
                before = early[name]
                if value is not None and before is not None and (strictly is None or name in strictly):
                    yield name, LATE, None if value >= before - ROUNDING else kind


def well_formed(text: str, truth: Truth) -> bool:
    """A wrong line may break a form that tells one thing on two lines: that is no error of a step."""
    return formats.parse(text, truth.task, truth.format).parsed


def places(truth: Truth) -> list[int]:
    """Steps, from the first that counts to the last, at most PLACES of them."""
    steps = range(truth.given, len(truth.prediction.steps))
    return sorted({steps[i * (len(steps) - 1) // (PLACES - 1)] for i in range(PLACES)}) if steps else []
