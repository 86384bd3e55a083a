"""`python -m ewm.models.nano RUN`: ship the weights of a finished run of experiment=nano_base or nano_more, in bf16.

Writes model.safetensors, its configuration and training.json into this folder. training.json has every stage of the
weights (command, commit, tokens ...; a run that went on from the shipped weights adds one, once) and a digest of the
families that all stages drew. The card (README.md) is written by hand from the run's figures: state what changed there.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ewm.models.nano.tokenizer import FOLDER


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ewm.models.nano", description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="the run's folder")
    run = parser.parse_args().run
    folder = newest(run)
    if not (run / "run.json").exists():
        sys.exit(f"{run}: no run.json. Give the folder of a run of experiment=nano_base or nano_more.")

    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.bfloat16().save_pretrained(FOLDER)
    last = stage(json.loads((run / "run.json").read_text()), torch.load(folder / "state.pt", weights_only=True))
    facts = history(followed(shipped(FOLDER) if last["began"] == "nano" else [], last))
    (FOLDER / "training.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(f"{folder} -> {FOLDER}: {sum(p.numel() for p in model.parameters()):,} parameters")


def stage(run: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """One run's part in the weights, from run.json and its last checkpoint's state."""
    from ewm.data.endless import curriculum_of
    from ewm.programs.levels import VERSION

    config = run["config"]
    curriculum = curriculum_of(config["data"]["sources"])
    return {
        "command": run["command"], "began": "nano" if config["model"]["init"] == "pretrained" else "scratch",
        "git_commit": run["git_commit"], "versions": run["versions"], "machine": run["machine"],
        "steps": state["step"], "tokens": state["tokens"], "minutes": round(state["seconds"] / 60, 1),
        "seed": config["data"]["seed"], "grammar_version": VERSION, "levels": curriculum.levels,
        "first": curriculum.first, "positions": state["data"]["position"],
        **({"knobs": curriculum.knobs} if curriculum.knobs else {}),
    }  # fmt: skip


def followed(stages: list[dict[str, Any]], last: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages after a run is shipped: it follows those that are there, alone if it began from nothing, and takes
    the place of its own stage (and of what came after) if it was shipped before, from this or another checkpoint."""
    if last["began"] != "nano":
        return [last]
    same = [
        n for n, one in enumerate(stages) if all(one[key] == last[key] for key in ("command", "git_commit", "seed"))
    ]
    return [*stages[: same[0] if same else len(stages)], last]


def shipped(folder: Path) -> list[dict[str, Any]]:
    """The stages of the weights that lie in a folder."""
    stages: list[dict[str, Any]] = json.loads((folder / "training.json").read_text())["stages"]
    return stages


def history(stages: list[dict[str, Any]]) -> dict[str, Any]:
    """All stages, their tokens, and the digest of the families of all; replays every stage's stream."""
    from ewm.data.stream import families, family_digest
    from ewm.programs.curriculum import Curriculum

    seen: set[str] = set()
    for one in stages:
        seen |= families(one["seed"], Curriculum(one["levels"], one["first"]), one["positions"])
    return {"tokens": sum(one["tokens"] for one in stages), **family_digest(seen), "stages": stages}


def newest(run: Path) -> Path:
    """The last complete checkpoint of a run, or the folder itself if it is one."""
    if (run / "model.safetensors").exists():
        return run
    found = [p for p in (run / "checkpoints" / "sft").glob("checkpoint-*") if (p / "model.safetensors").exists()]
    if not found:
        sys.exit(f"{run}: no checkpoint with model.safetensors. Give a run of experiment=nano_base, or a checkpoint.")
    return max(found, key=lambda p: int(p.name.rpartition("-")[2]))


if __name__ == "__main__":
    main()
