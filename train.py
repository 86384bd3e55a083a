"""Train an adapter: programs -> traces -> examples -> (warm start) -> GRPO -> evaluation -> report.

python train.py                                   the default run; python train.py --help lists everything
python train.py reward=strict lora.r=32           presets and keys
python train.py -m reward=strict,gated seed=0,1   a grid of runs, one folder each, one table
"""

import hydra
from omegaconf import DictConfig

from ewm import config, run


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(dict_config: DictConfig) -> float:
    """Returns the headline figure, which a sweeper optimises."""
    cfg = config.load(dict_config)  # dataclasses from here on
    from ewm import data, evaluation, models, reporting, rewards, training  # after the checks: torch takes seconds

    with run.open(cfg) as record:  # folder, lock, run.json; resumes or starts
        reward = rewards.compose(cfg.reward)
        model = models.load(cfg.model, cfg.lora, cfg.hardware)
        examples = data.build(cfg, count_tokens=model.count_tokens, reward=reward)
        training.warm_start(model, examples, cfg.sft, record)
        training.reinforce(model, examples, cfg.grpo, reward, record, cfg.seed, cfg.engine)
        results = evaluation.compare(model, cfg, record)
        reporting.write(results, record)
    return results.headline()


if __name__ == "__main__":
    with config.preflight("train"):  # every mistake at once, before anything heavy is imported
        main()
