"""`python -m ewm.models.nano RUN`: ship the weights of a finished `experiment=nano_base` run, as bfloat16.

Writes model.safetensors, its configuration and training.json (command, commit, tokens, and a digest of the families
that the run drew) into this folder. The card (README.md) is written by hand from the run's figures: state what changed
there.
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
        sys.exit(f"{run}: no run.json. Give the folder of a run of experiment=nano_base.")

    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.bfloat16().save_pretrained(FOLDER)
    facts = training(json.loads((run / "run.json").read_text()), torch.load(folder / "state.pt", weights_only=True))
    (FOLDER / "training.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(f"{folder} -> {FOLDER}: {sum(p.numel() for p in model.parameters()):,} parameters")


def training(run: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """How the weights came about, from run.json and a checkpoint's state; replays the stream to digest its families."""
    from ewm.data.endless import curriculum_of
    from ewm.data.stream import families
    from ewm.programs.levels import VERSION

    config = run["config"]
    curriculum = curriculum_of(config["data"]["sources"])
    position = state["data"]["position"]
    return {
        "command": run["command"], "git_commit": run["git_commit"], "versions": run["versions"],
        "machine": run["machine"], "steps": state["step"], "tokens": state["tokens"],
        "minutes": round(state["seconds"] / 60, 1), "seed": config["data"]["seed"], "grammar_version": VERSION,
        "levels": curriculum.levels, "first": curriculum.first, "positions": position,
        **families(config["data"]["seed"], curriculum, position),
    }  # fmt: skip


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
