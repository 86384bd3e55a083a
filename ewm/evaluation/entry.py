"""What evaluate.py does: a model, with the adapter of a run or of a folder if there is one, on the benchmarks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ewm.config.check import no_adapter
from ewm.config.errors import ConfigError
from ewm.config.schema import EvaluateConfig, ModelConfig
from ewm.evaluation import overlap
from ewm.evaluation.comparison import Settings, on_benchmarks
from ewm.evaluation.results import Results


def evaluate(cfg: EvaluateConfig, record: Any) -> Results:
    """`cfg.adapter`, else the adapter (or the whole model) of `cfg.run`, else the base model alone."""
    adapter = adapter_of(cfg)
    from ewm import models  # here: a missing adapter is answered before torch is loaded

    chosen = model_of(cfg)
    if adapter and (problem := models.base_problem(adapter, chosen)):
        raise ConfigError(problem)
    model = models.load(chosen, None, cfg.hardware)
    settings = Settings.of(cfg)
    if cfg.run:
        settings = replace(settings, headline=endpoint_of(Path(cfg.run)))
    return on_benchmarks(model, adapter, cfg.benchmarks, settings, Path(record.folder), trained_on(cfg))


def trained_on(cfg: EvaluateConfig) -> overlap.Trained:
    """What is known of the data that the evaluated weights were trained on, a base's own pretraining left out."""
    if cfg.adapter or cfg.run:
        return overlap.load(Path(cfg.adapter or str(cfg.run)))
    return overlap.Trained(split=not cfg.model.path and cfg.model.init == "pretrained")  # nano, as it ships


def endpoint_of(run: Path) -> str:
    """The figure that the run was made for."""
    config = json.loads((run / "run.json").read_text(encoding="utf-8"))["config"]
    return str(config.get("headline", Settings.headline))


def model_of(cfg: EvaluateConfig) -> ModelConfig:
    """The model to load: for a run that trained every weight (lora=none), and unless another is named, its own."""
    if not cfg.run or cfg.adapter or not (own := Path(cfg.run) / "model").exists():
        return cfg.model
    trained = json.loads((Path(cfg.run) / "run.json").read_text(encoding="utf-8"))["config"]["model"]
    if cfg.model.path != trained["path"]:
        return cfg.model
    return replace(cfg.model, path=str(own), init="pretrained", revision=None, gguf_file=None)


def adapter_of(cfg: EvaluateConfig) -> Path | None:
    """The folder of the adapter, None where the model stands alone; ConfigError if one is wanted and not there."""
    if cfg.adapter:
        if problem := no_adapter(cfg.adapter):
            raise ConfigError(problem)
        return Path(cfg.adapter)
    if cfg.run:
        folder = Path(cfg.run) / "adapter"
        if (folder.parent / "model").exists():
            return None
        if not (folder / "adapter_config.json").exists():
            raise ConfigError(
                f"run={cfg.run}: its training left no adapter/ and no model/. Let it end first, or name adapter=FOLDER."
            )
        return folder
    return None
