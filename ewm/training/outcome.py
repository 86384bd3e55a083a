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
    adapted = hasattr(model.model, "peft_config")
    folder = Path(run) / ("adapter" if adapted else "model")
    with checkpoints.replacing(folder) as partial:
        if adapted:
            model.save_adapter(partial)
        else:
            model.model.save_pretrained(partial)
            model.tokenizer.save_pretrained(partial)
    return folder
