"""Training a whole model from nothing, or from where it stands, on an endless stream of examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ewm.config.errors import ConfigError
from ewm.config.schema import SftConfig
from ewm.training import checkpoints, ranks
from ewm.training.feed import Feed
from ewm.training.packing import MakeStream
from ewm.training.progress import Board, Log, shown
from ewm.training.sft import Module, fit, plan_for


def pretrain(
    model: Any, make_stream: MakeStream, cfg: SftConfig, folder: Path, log: Log, seed: int = 0,
    board: Board | None = None,
) -> Path:  # fmt: skip
    """Train all weights of `model`, a Model or (transformers model, tokenizer), in place; the last checkpoint's folder.

    `log` and `board` get sft/loss, sft/tokens_per_second and others after every step. `make_stream(position)` gives
    encoded examples from there on; it is called in a process of its own, so it must be picklable: a function of a
    module, or functools.partial of one. With `cfg.ema` the model ends as the average.
    """
    hf_model, tokenizer = model if isinstance(model, tuple) else (model.model, model.tokenizer)
    if hasattr(hf_model, "peft_config"):
        raise ConfigError("sft.stream=true trains every weight of the model, the base's too: choose lora=none.")
    hf_model.requires_grad_(True)
    plan = plan_for(cfg, make_stream, cfg.ranks)
    folder = Path(folder)
    with shown("pretraining", cfg, log, board) as told:
        if cfg.ranks > 1:
            ranks.train(hf_model, tokenizer, plan, cfg, folder, told, seed)
        else:
            module = Module(hf_model, cfg, folder, told, seed, tokenizer)
            hf_model.train()
            with Feed(module.resumed(plan)) as feed:
                fit(module, feed.batches())
    restore(hf_model, folder)
    hf_model.eval()
    last = checkpoints.latest(folder)
    if last is None:
        raise RuntimeError(f"Pretraining wrote no checkpoint into {folder}.")
    return last


def restore(model: Any, folder: Path) -> None:
    """The weights of the last checkpoint, into `model`."""
    last = checkpoints.latest(folder)
    if last is None:
        return
    kept = torch.load(last / "state.pt", weights_only=True, map_location="cpu")
    best = kept["average"] or kept["weights"]
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name in best:
                p.copy_(best[name])
