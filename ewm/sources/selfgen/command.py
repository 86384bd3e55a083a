"""`python -m ewm.sources selfgen [model=nano] [n=1000] [selfgen.filter.min_lines=5 ...] [-o FILE.jsonl]`: a model
writes programs; those that pass the filters go into the file, the funnel into FILE.funnel.json.

Overrides as of train.py; groups model, engine, generation, trace, hardware and selfgen (conf/selfgen.yaml). What was
drawn is kept in FILE.journal: the same command goes on after a kill, a larger n goes on from where it ended.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from ewm.config import ConfigError, compose, machine
from ewm.config.schema import ASIDE, SelfgenConfig
from ewm.programs.corpora import write_jsonl
from ewm.sources.output import cannot_write, table
from ewm.sources.selfgen import asking
from ewm.sources.selfgen.draw import draw
from ewm.sources.selfgen.extract import read_answer
from ewm.sources.selfgen.journal import Journal, hold
from ewm.sources.selfgen.prompt import read_prompt
from ewm.tracing.runner import Runner

HELP = "programs that a model writes: pre-query sampling and prompts, filtered and run"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="n=1000 model=nano selfgen.mode=prompted ...")
    parser.add_argument(
        "-o",
        "--output",
        nargs="+",
        default=["selfgen.jsonl"],
        metavar=("FILE", "key=value"),
        help="default: selfgen.jsonl",
    )


def run(given: argparse.Namespace, console: Console) -> int:
    """The command's exit code."""
    output, *more = given.output  # overrides may stand after the file
    path = Path(output)
    try:
        cfg = _checked(
            [*given.overrides, *more], [path, *(path.with_suffix(end) for end in (".journal", ".funnel.json"))]
        )
        with hold(path.with_suffix(".journal")):
            about = _drawn(cfg, path, console)
    except ConfigError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        console.print("Interrupted. The same command goes on from the last batch.")
        return 130
    console.print(table({cfg.model.name: about["funnel"]}))
    console.print(f"{cfg.n} programs -> {path}", markup=False, soft_wrap=True)
    return 0


def _checked(overrides: Sequence[str], places: Sequence[Path]) -> SelfgenConfig:
    """The config; ConfigError with what is wrong with it, with this machine and with the files."""
    wrong = [line for place in places for line in cannot_write(place)]
    if places[0].suffix != ".jsonl":
        wrong = [f"--output={places[0]}: JSONL is written. Name a file that ends in .jsonl."]
    try:
        cfg: Any = compose(overrides, "selfgen")
    except ConfigError as error:
        raise ConfigError([*error.problems, *wrong]) from None
    if wrong := [*machine.tracing(cfg.trace), *wrong]:
        raise ConfigError(wrong)
    return cfg  # type: ignore[no-any-return]


def _drawn(cfg: SelfgenConfig, path: Path, console: Console) -> dict[str, Any]:
    """What was found, as FILE.funnel.json has it; both files are there when this returns."""
    from ewm import models  # after the checks: torch takes seconds

    start = time.monotonic()
    model = models.load(cfg.model, None, cfg.hardware, cfg.seed)
    journal = Journal(path.with_suffix(".journal"), settings(cfg, _weights(model, cfg)))
    before = sum(len(row["programs"]) for row in journal.rows)
    trace = replace(cfg.trace, cache=None, cache_mb=0)  # a run from a cache would be no second run
    with Runner(trace) as runner, Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("programs", total=cfg.n)
        kept, counts = draw(
            _writer(cfg, model), read_prompt if cfg.model.prompt_style == "short" else read_answer, cfg.selfgen.filter,
            runner, journal, cfg.n, cfg.selfgen.patience, lambda n: bar.update(task, completed=n),
        )  # fmt: skip
    write_jsonl(path, kept)
    seconds, new = time.monotonic() - start, sum(len(row["programs"]) for row in journal.rows) - before
    about = {
        **journal.settings,
        "batches": len(journal.rows),
        "seconds": round(seconds, 1),  # of this call, the model's loading included
        "new": new,
        "programs_per_s": round(new / seconds, 2),
        "funnel": ordered(counts, len(kept)),
    }
    _write_json(path.with_suffix(".funnel.json"), about)
    return about


def settings(cfg: SelfgenConfig, weights: str) -> dict[str, Any]:
    """All that decides which programs are drawn, in which order; not how many."""
    limits = {key: value for key, value in asdict(cfg.trace).items() if key not in ASIDE}
    writer = {key: getattr(cfg.selfgen, key) for key in ("mode", "batch")}
    return {
        "origin": f"selfgen:{cfg.model.name}",
        "licence": cfg.selfgen.licence or cfg.model.licence,
        "seed": cfg.seed,
        "model": {"name": cfg.model.name, "path": cfg.model.path, "weights": weights, "thinking": cfg.model.thinking},
        "prompts": asking.digest(),
        "sampling": asdict(cfg.generation),
        "engine": asdict(cfg.engine),
        "selfgen": writer,
        "filter": asdict(cfg.selfgen.filter),
        "trace": limits,
    }


def ordered(counts: Counter[str], written: int) -> dict[str, int]:
    """The funnel from the top: what was sampled, what was left out, most first, what was kept."""
    kept = sorted(why for why in counts if why.startswith("kept"))
    left_out = [why for why, _ in counts.most_common() if why not in (*kept, "sampled")]
    return {why: counts[why] for why in ("sampled", *left_out, *kept)} | {"written": written}


def _weights(model: Any, cfg: SelfgenConfig) -> str:
    from ewm.evaluation import answers

    if cfg.engine.name in answers.SERVED:
        return f"served as {cfg.engine.model or cfg.model.path}"
    return answers.fingerprint(model.model)


def _writer(cfg: SelfgenConfig, model: Any) -> asking.Turns | asking.Answers:
    from ewm import generation

    def extend(prefixes: Sequence[str], seed: int) -> list[generation.Completion]:
        return [one for (one,) in generation.extend(model, prefixes, cfg.generation, cfg.engine, seed)]

    def chat(chats: Sequence[asking.Messages], seed: int) -> list[generation.Completion]:
        return [one for (one,) in generation.generate(model, chats, cfg.generation, cfg.engine, seed)]

    size, mode = cfg.selfgen.batch, cfg.selfgen.mode
    if cfg.model.prompt_style == "short":
        return asking.Turns(extend, model.open_turn(), size, cfg.seed)
    return asking.Answers(extend, chat, model.open_turn(asking.told()), mode, size, cfg.seed)


def _write_json(path: Path, about: dict[str, Any]) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    aside.replace(path)
