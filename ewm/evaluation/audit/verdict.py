"""What an audit must find: bounds on what was measured, each with the figure that it stands on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ewm.evaluation.audit.measure import Held, Measured

MOST_BLIND = 0.05
NEAR = 0.02
KNOWN_BAD = {"constant trace, longer": 0.80, "keywords": 0.40}  # its reward is four fifths form
EPSILON = 1e-9
SHOWN = 4  # corruptions that broke an order
TRUTH = "every complete truth earns 1 (the least)"
BLIND = f"no blind attack is paid above {MOST_BLIND} after correction"


@dataclass(frozen=True)
class Bound:
    """What must hold of a reward (or of the metrics) in one form of answer, what was found, and where it broke."""

    name: str
    form: str
    what: str
    found: str
    holds: bool
    why: str = ""


def verdict(rewards: Sequence[Measured], metrics: Sequence[Measured], n: int, wanted: int) -> list[Bound]:
    """Every bound, the failing ones included."""
    bounds = [Bound("all", "", f"at least {wanted} programs", str(n), n >= wanted)]
    for measured in rewards:
        bounds += _rewards(measured)
    for measured in metrics:
        bounds += _metrics(measured)
    return bounds


def _rewards(measured: Measured) -> Iterator[Bound]:
    form = form_of(measured)
    for name, (_, _, least) in measured.truths.items():
        if name == "ellora":
            yield from _known_bad(measured)
            continue
        yield Bound(name, form, TRUTH, f"{least:.3f}", least >= 1 - EPSILON)
        fair = [(p.corrected.mean, p.attack) for p in measured.paid if p.name == name and p.corrected]
        worst, attack = max(fair)
        yield Bound(name, form, BLIND, f"{worst:.3f}", worst <= MOST_BLIND, attack)
        yield from (_order(name, form, held) for held in measured.held if held.name == name)


def _metrics(measured: Measured) -> Iterator[Bound]:
    form = form_of(measured)
    least, where = min((least, name) for name, (_, _, least) in measured.truths.items())
    yield Bound("metrics", form, TRUTH, f"{least:.3f}", least >= 1 - EPSILON, where)
    for kind in dict.fromkeys(held.kind for held in measured.held):
        own = [held for held in measured.held if held.kind == kind]
        failed = {f"{held.name}: {what}": times for held in own for what, times in held.failed.items()}
        n, passed = sum(held.n for held in own), sum(held.passed for held in own)
        yield _order("metrics", form, Held("metrics", kind, n, passed, failed))


def _order(name: str, form: str, held: Held) -> Bound:
    worst = sorted(held.failed.items(), key=lambda item: (-item[1], item[0]))
    broken = ", ".join(f"{what} {times}" for what, times in worst[:SHOWN]) + (" ..." if len(worst) > SHOWN else "")
    return Bound(name, form, held.kind, f"{held.passed} of {held.n}", held.passed == held.n, broken)


def _known_bad(measured: Measured) -> Iterator[Bound]:
    for attack, known in KNOWN_BAD.items():
        found = next(p.raw.mean for p in measured.paid if p.name == "ellora" and p.attack == attack)
        said = f"{attack} is paid {known:.2f}, as is known"
        yield Bound("ellora", form_of(measured), said, f"{found:.3f}", abs(found - known) <= NEAR)


def form_of(measured: Measured) -> str:
    """The form of the answers."""
    return measured.format if measured.task == "trace" else measured.task
