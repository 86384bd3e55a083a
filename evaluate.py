"""Evaluate a run's adapter beside its base model, or any model, on benchmarks.

python evaluate.py run=outputs/train/default/<run>            task, format and model are the run's own
python evaluate.py model=qwen3_0_6b benchmark=[heldout,ellora5]
"""

import hydra
from omegaconf import DictConfig

from ewm import config, run


@hydra.main(version_base="1.3", config_path="conf", config_name="evaluate")
def main(dict_config: DictConfig) -> float:
    """Returns the headline figure."""
    cfg = config.load(dict_config)
    from ewm import evaluation, reporting  # after the checks: torch takes seconds
    from ewm.reporting.tensorboard import Writer

    with run.open(cfg, kind="evaluate") as record, Writer(record.folder) as board:
        results = evaluation.evaluate(cfg, record)
        reporting.write(results, record)
        board.hparams(record.choices(), record.metrics)
    return results.headline()


if __name__ == "__main__":
    with config.preflight("evaluate"):
        main()
