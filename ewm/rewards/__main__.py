"""Scores completions in a file: python -m ewm.rewards score reward=gated FILE.jsonl   (- reads standard input)

Each line is {"source", "entry", "stdin", "completion"}, entry and stdin where there is one: the program is run in
isolation, then the completion is scored. Other overrides of the configuration are taken too (task=output
format=ellora ...); an argument that is there as a file is the file. With reward=ellora the format is ellora too, a
line may be {"actual_trace", "completion"} instead, and the answer has "ellora_accuracy" beside. One line of JSON a
row, in order: {"total", "terms"}, or {"error"} for a row that cannot be scored; the exit code is then 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from ewm import config, formats, rewards
from ewm.config.schema import TrainConfig
from ewm.formats.prediction import Prediction, Truth
from ewm.programs import Program
from ewm.rewards import blind
from ewm.rewards.ellora import Ellora, accuracy
from ewm.tracing import IsolationError, Runner

USAGE = "usage: python -m ewm.rewards score reward=NAME FILE.jsonl"
UNREADABLE = "is no JSON object with the keys source and completion (and entry, if there is a call)"
ALONE = "actual_trace alone does for reward=ellora only"


class Refused(ValueError):
    """A row that this reward cannot score, and why."""


def main(arguments: Sequence[str]) -> int:
    if {"-h", "--help"} & set(arguments):
        print(__doc__)
        return 0
    files = [a for a in arguments[1:] if "=" not in a or Path(a).is_file()]
    if arguments[:1] != ["score"] or len(files) != 1:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        overrides = [a for a in arguments[1:] if a not in files]
        if "reward=ellora" in overrides and not any(a.startswith("format") for a in overrides):
            overrides.append("format=ellora")  # the only one that the recipe's reward reads
        cfg = config.compose(overrides)
        rewards.compose(cfg.reward, cfg.plugins)
        with sys.stdin if files[0] == "-" else open(files[0], encoding="utf-8") as lines:
            return score(cfg, lines, sys.stdout)
    except UnicodeDecodeError as error:
        print(f"{files[0]}: not UTF-8 text: {error}", file=sys.stderr)
        return 2
    except (config.ConfigError, IsolationError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


def score(cfg: TrainConfig, lines: TextIO, out: TextIO) -> int:
    """Writes a line for each row; 1 if a row was refused."""
    refused = 0
    for answer in answers(cfg, lines):
        refused += "error" in answer
        out.write(json.dumps(answer) + "\n")
        out.flush()
    return int(refused > 0)


def answers(cfg: TrainConfig, lines: TextIO) -> Iterator[dict[str, Any]]:
    """What each row earned."""
    reward = rewards.compose(cfg.reward, cfg.plugins)
    task = cfg.task.name if cfg.task.name != "mixed" else "trace"
    with Runner(cfg.trace) as runner:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = read(line)
                yield answer(reward, row["completion"], truth(row, reward, runner, task, cfg.format.name))
            except Refused as refusal:
                yield {"error": f"line {number}: {refusal}"}


def answer(reward: rewards.Reward, completion: str, truth: Truth) -> dict[str, Any]:
    """{"total", "terms"} and, with the recipe's reward, its evaluator's score."""
    if reward.chance_correct:
        truth = replace(truth, blind=blind.best(reward, truth))
    found = reward(completion, truth)
    row: dict[str, Any] = {"total": found.total, "terms": found.terms}
    if isinstance(reward, Ellora):
        row["ellora_accuracy"] = accuracy(completion, truth.actual_trace)
    return row


def read(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise Refused(UNREADABLE) from None
    if not isinstance(row, dict) or not isinstance(row.get("completion"), str):
        raise Refused(UNREADABLE)
    return row


def truth(row: dict[str, Any], reward: rewards.Reward, runner: Runner, task: str, format: str) -> Truth:
    """The truth of a row: its program's run, or the recipe's own trace text where the reward reads nothing else."""
    if isinstance(reward, Ellora) and isinstance(row.get("actual_trace"), str):
        return Truth(Prediction(""), task, format, actual_trace=row["actual_trace"])
    if not isinstance(row.get("source"), str):
        if "actual_trace" in row:
            raise Refused(f"reward={reward.name} wants source and entry; {ALONE}")
        raise Refused(UNREADABLE)
    for key in ("entry", "stdin"):
        if row.get(key) is not None and not isinstance(row[key], str):
            raise Refused(f"{key} is {json.dumps(row[key])[:40]}: it must be text, or null")
    program = Program(row["source"], row.get("entry") or None, row.get("stdin") or "")
    traced = runner.trace(program)
    if isinstance(reward, Ellora):  # a program that does not run earns nothing there
        shown = formats.get("ellora").render(traced) if traced.status == "ok" else ""
        return Truth(Prediction(""), task, format, actual_trace=shown)
    try:
        found = formats.truth(traced, program, task, format)
    except ValueError as error:
        raise Refused(str(error)) from None
    if traced.status not in ("ok", "exception"):
        raise Refused(f"the program did not run to its end: {traced.status}")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
