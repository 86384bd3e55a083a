"""What a training leaves: <run>/adapter, as PEFT stores it with the name of its base, or <run>/model where every weight
was trained (lora=none).

Written aside and renamed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ewm.training import checkpoints

if TYPE_CHECKING:
    from ewm.models import Model


def keep(model: Model, run: Path) -> Path:
    """The folder. A whole model keeps its dtype and has its tokenizer beside it, so that it can be loaded by path."""
    folder = Path(run) / ("adapter" if adapted(model) else "model")
    with checkpoints.replacing(folder) as partial:
        write(model, partial)
    return folder


def adapted(model: Model) -> bool:
    return hasattr(model.model, "peft_config")


def write(model: Model, folder: Path) -> None:
    """What was trained, into this folder."""
    if adapted(model):
        model.save_adapter(folder)
    else:
        model.model.save_pretrained(folder)
        model.tokenizer.save_pretrained(folder)


def read(model: Model, folder: Path) -> None:
    """What `write` left there, into the model."""
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    if adapted(model):
        set_peft_model_state_dict(model.model, load_file(folder / "adapter_model.safetensors"))
        return
    for part in folder.glob("*.safetensors"):
        model.model.load_state_dict(load_file(part), strict=False)
