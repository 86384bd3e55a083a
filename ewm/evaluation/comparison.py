"""Base model and adapter on the same items: ask, score, keep every row, group.

Rows go to <run>/evaluation/<benchmark>.jsonl as they come; the same call later asks only for what is missing. Answers
of the base model live under outputs/cache and serve the next run too. It prints nothing but a progress bar.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.progress import Progress

from ewm.config.schema import EngineConfig, FormatConfig, GenerationConfig, TaskConfig, TraceConfig
from ewm.data import benchmarks as loaders
from ewm.data.example import Example
from ewm.evaluation import answers, overlap
from ewm.evaluation.groups import groups
from ewm.evaluation.items import Guess, Item, item
from ewm.evaluation.results import Bad, Results
from ewm.scoring import baselines

WORST = 10
WORST_PER_LEVEL = 2


@dataclass(frozen=True)
class Settings:
    """How items are made and asked; the same names as in the configuration."""

    task: TaskConfig = field(default_factory=TaskConfig)
    format: FormatConfig = field(default_factory=FormatConfig)
    trace: TraceConfig = field(default_factory=TraceConfig)
    generation: GenerationConfig = field(default_factory=GenerationConfig)
    engine: EngineConfig = field(default_factory=EngineConfig)
    plugins: Sequence[str] = ()
    output_dir: str = "outputs"
    seed: int = 0
    headline: str = "heldout/exact_difference"

    @classmethod
    def of(cls, cfg: Any) -> Settings:
        """From a TrainConfig or an EvaluateConfig."""
        return cls(**{name: getattr(cfg, name) for name in cls.__dataclass_fields__ if hasattr(cfg, name)})


def compare(model: Any, cfg: Any, record: Any, trained_on: Collection[str] | None = None) -> Results:
    """The adapter that this model carries against its base (the base alone if it carries none), as configured.

    `trained_on`: shapes of the training data, None if they are not known.
    """
    benchmarks, trained = cfg.benchmarks, overlap.Trained(trained_on)
    return on_benchmarks(model, model.has_adapter, benchmarks, Settings.of(cfg), Path(record.folder), trained)


def on_benchmarks(
    model: Any,
    adapter: bool | str | Path | Any,
    benchmarks: Mapping[str, Mapping[str, Any]],
    settings: Settings,
    folder: Path,
    trained: overlap.Trained = overlap.NOT_KNOWN,
    generate: Callable[..., Any] | None = None,
    load: Callable[..., list[Example]] = loaders.load,
) -> Results:
    """Base and adapter on every benchmark.

    `adapter`: a folder, a Model that carries one, True (this model carries one) or None/False (the base alone).
    `trained`: what is known of the training data, to count the overlap.
    """
    if generate is None:
        from ewm import generation  # here, so that reading results does not load torch

        generate = generation.generate
    began = time.monotonic()
    carrier = _carrier(model, adapter)
    examples = {name: load_examples(name, cfg, settings, model, load) for name, cfg in benchmarks.items()}
    base, own, identity = _askers(model, carrier, settings, generate)
    items: list[Item] = []
    with Progress(transient=True) as bar:
        for name, own_examples in examples.items():
            step = bar.add_task(f"evaluating {name}", total=len(own_examples))
            path = folder / "evaluation" / f"{name}.jsonl"
            items += answered(
                name, own_examples, base, own, path, identity, settings.engine.batch_size,
                advance=lambda n, step=step: bar.advance(step, n),  # type: ignore[misc]
            )  # fmt: skip
    results = Results(
        groups=groups(items),
        items=len(items),
        identical=sum(i.adapter is not None and i.adapter.text == i.base.text for i in items),
        model=model.cfg.name,
        adapter=None if carrier is None else _whereabouts(adapter, folder),
        endpoint=settings.headline,
        seed=settings.seed,
        generation=asdict(settings.generation),
        worst=worst(items, {e.id: e for own_examples in examples.values() for e in own_examples}),
        overlap={name: sum(trained.met(e.program) for e in found) for name, found in examples.items()},
        trained_on=trained.known([e.program for found in examples.values() for e in found]),
        seconds=round(time.monotonic() - began, 1),
    )
    (folder / "evaluation").mkdir(exist_ok=True)
    overlap.save(folder, trained)
    results.save(folder / "evaluation" / "results.json")
    return results


def load_examples(
    name: str, cfg: Mapping[str, Any], settings: Settings, model: Any, load: Callable[..., list[Example]]
) -> list[Example]:
    """The items of one benchmark, written as this model reads them."""
    return load(
        name, dict(cfg), trace=settings.trace, task=settings.task, format=settings.format,
        style=model.cfg.prompt_style, count_tokens=model.count_tokens, plugins=settings.plugins,
    )  # fmt: skip


def answered(
    name: str,
    examples: Sequence[Example],
    base: answers.Ask,
    adapter: answers.Ask | None,
    path: Path,
    identity: str,
    size: int,
    advance: Callable[[int], None] = lambda n: None,
) -> list[Item]:
    """Items in the order of the examples; those already in the file are not asked again."""
    done = _done(path, identity)
    guesses = _guesses()
    for chunk in answers.chunks(examples, size):
        if any(e.id not in done for e in chunk):
            first = base(chunk)
            second = adapter(chunk) if adapter else [None] * len(chunk)
            fresh = [item(name, e, b, a, guesses) for e, b, a in zip(chunk, first, second, strict=True)]
            answers.append_rows(path, [i.to_json() for i in fresh])
            done.update({i.id: i for i in fresh})
        advance(len(chunk))
    return [done[e.id] for e in examples]


def worst(items: Sequence[Item], examples: Mapping[str, Example]) -> tuple[Bad, ...]:
    """The ten lowest prefixes with a complete truth, short programs first, at most two of a level."""
    ranked = sorted(
        ((i, i.adapter or i.base) for i in items if i.complete and i.id in examples),
        key=lambda pair: (_rank(pair[1].scores), len(examples[pair[0].id].target), pair[0].id),
    )
    taken: dict[str, int] = {}
    found: list[Bad] = []
    for one, answer in ranked:
        where = f"{one.benchmark}/{one.level or one.source}"
        if _rank(answer.scores) >= 1 or taken.get(where, 0) >= WORST_PER_LEVEL:
            continue
        taken[where] = taken.get(where, 0) + 1
        example = examples[one.id]
        found.append(
            Bad(
                one.id,
                where,
                example.program.source,
                example.program.entry,
                example.target,
                answer.text,
                answer.cut,
                answer.scores,
                answer.divergence,
                answer.divergence_kind,
            )  # fmt: skip
        )
    return tuple(found[:WORST])


def _rank(scores: Mapping[str, float | None]) -> float:
    for metric in ("prefix", "output", "exact"):
        if (value := scores.get(metric)) is not None:
            return value
    return 1.0


def _carrier(model: Any, adapter: Any) -> Any | None:
    if adapter is None or adapter is False:
        return None
    if adapter is True:
        return model
    return model.with_adapter(adapter) if isinstance(adapter, (str, Path)) else adapter


def _whereabouts(adapter: Any, folder: Path) -> str:
    """Where the adapter lies."""
    path = Path(adapter) if isinstance(adapter, (str, Path)) else folder / "adapter"
    return str(path) if path.exists() else "not saved"


def _askers(
    model: Any, carrier: Any | None, settings: Settings, generate: Callable[..., Any]
) -> tuple[answers.Ask, answers.Ask | None, str]:
    """Ask the base, ask the adapter, and a name for the pair.

    The base is the model that carries the adapter with the adapter off: LoRA layers sit inside the base's own modules,
    so a base that is called as if nothing had happened may answer with the adapter.
    """
    base = carrier.without_adapter() if carrier is not None and carrier.has_adapter else model
    sampling, engine, seed = settings.generation, settings.engine, settings.seed
    weights = answers.fingerprint(base.model)
    file = answers.cache_file(Path(settings.output_dir) / "cache", base, weights, sampling, engine, seed)
    ask = answers.asker(base, generate, sampling, engine, seed)
    kept = answers.cached(ask, file, lambda e: base.encode(e.messages))
    if carrier is None:
        return kept, None, f"{file.stem}-alone"
    own = answers.fingerprint(carrier.model, adapter=carrier.has_adapter)
    return kept, answers.asker(carrier, generate, sampling, engine, seed), f"{file.stem}-{own}"


def _done(path: Path, identity: str) -> dict[str, Item]:
    """Rows of an earlier, interrupted evaluation of these very models; those of any other are put aside."""
    rows = list(answers.read_rows(path))
    if rows and rows[0] == {"identity": identity}:
        return {row["id"]: Item.from_json(row) for row in rows[1:]}
    if rows:
        path.replace(path.with_suffix(f".{time.strftime('%Y%m%d-%H%M%S')}.old"))
    answers.append_rows(path, [{"identity": identity}])
    return {}


def _guesses() -> dict[str, Guess]:
    return dict(baselines.GUESSES)
