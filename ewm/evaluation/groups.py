"""Items -> groups with n, intervals, paired difference, test and baselines.

An item's metric counts in a comparison only where base and adapter both have it, so that both stand on the same items.
The interval follows families; McNemar does not, so with several items of a family read the interval, not p.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ewm.evaluation.items import Item, Scored
from ewm.evaluation.results import METRICS, Comparison, Estimate, Group
from ewm.programs.presets import ALL
from ewm.scoring import stats

RESAMPLES = 2_000
RIGHT_OR_WRONG = ("exact", "path_exact", "final_state", "output", "exception", "parse")  # McNemar's metrics
OF_A_LEVEL = ("exact", "prefix", "state_f1", "output")  # whole benchmarks, known and reserved have all


def groups(items: Sequence[Item]) -> dict[str, Group]:
    """Every group of every benchmark, by name."""
    found: dict[str, Group] = {}
    for benchmark in dict.fromkeys(i.benchmark for i in items):
        own = [i for i in items if i.benchmark == benchmark]
        for name, kind, members in split(benchmark, own):
            found.setdefault(name, group(name, kind, members))
    return found


def level_kind(level: str) -> str:
    """known (trained), reserved, extrapolation (never trained), or "" for what is no grammar level."""
    found = ALL.get(level)
    if found is None:
        return ""
    return "reserved" if found.reserved else "known" if found.trained else "extrapolation"


def group(name: str, kind: str, items: Sequence[Item]) -> Group:
    """One group: every metric that some item has (the main ones of a level or a source)."""
    wanted = OF_A_LEVEL if kind in ("level", "source") else METRICS
    metrics = {metric: found for metric in wanted if (found := compared(metric, items))}
    return Group(
        name=name,
        kind=kind,
        n=len(items),
        families=len({i.family for i in items}),
        incomplete=sum(not i.complete for i in items),
        base_cut=sum(i.base.cut for i in items),
        adapter_cut=sum(bool(i.adapter and i.adapter.cut) for i in items),
        metrics=metrics,
        level_kind=level_kind(name.rpartition("/")[2]) if kind == "level" else "",
    )


def compared(metric: str, items: Sequence[Item]) -> Comparison | None:
    """Base, adapter, difference and baselines of one metric, on the items that have it."""
    usable = [i for i in items if _has(i.base, metric) and (i.adapter is None or _has(i.adapter, metric))]
    if not usable:
        return None
    families = [i.family for i in usable]
    base = [_value(i.base, metric) for i in usable]
    names = usable[0].baselines
    baselines = {
        name: sum(i.baselines.get(name, {}).get(metric) or 0.0 for i in usable) / len(usable) for name in names
    }
    if any(i.adapter is None for i in usable):
        return Comparison(mean(base, families), baselines=baselines)
    adapter = [_value(i.adapter, metric) for i in usable]
    p, test = tested(metric, base, adapter)
    return Comparison(
        mean(base, families), mean(adapter, families), difference(base, adapter, families), p, test, baselines
    )


def mean(values: Sequence[float], families: Sequence[str]) -> Estimate:
    """Wilson for right/wrong where each item is its own family, otherwise the bootstrap over families."""
    if _binary(values) and len(set(families)) == len(families):
        low, high = stats.wilson(int(sum(values)), len(values))
        return Estimate(sum(values) / len(values), low, high, len(values), "wilson")
    return _estimate(stats.bootstrap_mean(values, families, resamples=RESAMPLES), 0.0)


def difference(base: Sequence[float], adapter: Sequence[float], families: Sequence[str]) -> Estimate:
    """adapter - base on the same items, bootstrap over families."""
    return _estimate(stats.paired_difference(adapter, base, families, resamples=RESAMPLES), -1.0)


def _estimate(found: stats.Interval, least: float) -> Estimate:
    return Estimate(found.mean, max(least, found.low), min(1.0, found.high), found.n, "bootstrap")


def tested(metric: str, base: Sequence[float], adapter: Sequence[float]) -> tuple[float | None, str]:
    """McNemar for right or wrong; a graded metric has its interval only."""
    if metric not in RIGHT_OR_WRONG:
        return None, ""
    return stats.mcnemar([v > 0.5 for v in base], [v > 0.5 for v in adapter]), "mcnemar"


def split(benchmark: str, items: Sequence[Item]) -> Iterator[tuple[str, str, list[Item]]]:
    """(name, kind, members) of every group of a benchmark's items."""
    yield benchmark, "all", list(items)
    for kind in ("known", "reserved"):
        if members := [i for i in items if level_kind(i.level) == kind]:
            yield f"{benchmark}/{kind}", kind, members
    levels = [name for name in ALL if any(i.level == name for i in items)]
    levels += [level for level in dict.fromkeys(i.level for i in items) if level and level not in ALL]
    for level in levels:
        yield f"{benchmark}/{level}", "level", [i for i in items if i.level == level]
    sources = list(dict.fromkeys(i.source for i in items))
    for source in sources if len(sources) > 1 else ():
        yield f"{benchmark}/{source}", "source", [i for i in items if i.source == source]


def _has(answer: Scored, metric: str) -> bool:
    return answer.scores.get(metric) is not None


def _value(answer: Scored | None, metric: str) -> float:
    value = answer.scores[metric] if answer else None
    assert value is not None
    return value


def _binary(values: Sequence[float]) -> bool:
    return all(v in (0.0, 1.0) for v in values)
