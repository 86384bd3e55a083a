"""`python -m ewm.models.nano RUN`: ship the weights of a finished `experiment=nano_base` run, as bfloat16.

Writes model.safetensors and its configuration into this folder. The card (README.md) is written by hand from the run's
figures: state what changed there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ewm.models.nano.tokenizer import FOLDER


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ewm.models.nano", description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="the run's folder, or one checkpoint's")
    folder = newest(parser.parse_args().run)

    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.bfloat16().save_pretrained(FOLDER)
    print(f"{folder} -> {FOLDER}: {sum(p.numel() for p in model.parameters()):,} parameters")


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
