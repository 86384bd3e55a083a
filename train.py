"""Train an adapter: programs -> traces -> examples -> (warm start) -> GRPO, SFT or rejection -> evaluation -> report.

python train.py                                   the default run; --help lists every preset and key
python train.py algo=rejection                    another algorithm on the same data; algo.flops gives all the same
python train.py reward=strict lora.r=32           presets and keys
python train.py -m reward=strict,gated seed=0,1   a grid of runs, one folder each, one table
"""

from functools import partial

import hydra
from omegaconf import DictConfig

from ewm import config, ranks, run


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(dict_config: DictConfig) -> float:
    """Returns the headline figure, which a sweeper optimises."""
    cfg = config.load(dict_config)  # dataclasses from here on
    from ewm import data, evaluation, models, reporting, rewards, training  # after the checks: torch takes seconds
    from ewm.reporting.tensorboard import boards
    from ewm.rewards.blind import best as best_blind

    with run.open(cfg) as record, boards(record.folder) as (sft_board, board):  # resumes or starts
        reward = rewards.compose(cfg.reward, cfg.plugins)
        model = models.load(cfg.model, cfg.lora, cfg.hardware, cfg.seed)
        record.note(device=str(model.device))
        made = (cfg.data, cfg.trace, cfg.task, cfg.format, model.prompt_style)
        blind = partial(best_blind, reward) if cfg.reward.chance_correct else None
        count = model.without_weights().count_tokens  # may go to other processes
        build = partial(data.build, *made, count, blind=blind, key=str(cfg.reward), plugins=cfg.plugins)
        with ranks.in_turn(cfg.output_dir, "data"):  # rank 0 builds, the others read
            examples = build()
            validation = build(split="validation") if cfg.learns_by == "grpo" and cfg.grpo.eval_steps else None
        streamed = cfg.sft.enabled and cfg.sft.stream
        if streamed:
            stream = data.endless(*made, encode=model.without_weights().encode_pair)  # goes to another process
            folder = record.folder / "checkpoints" / "sft"
            training.pretrain(model, stream, cfg.sft, folder, record.log, cfg.seed, sft_board)
        else:
            training.warm_start(model, examples, cfg.sft, record, cfg.seed, sft_board)
        training.learn(model, examples, validation, cfg, reward, record, board)  # by algo=grpo, sft or rejection
        if not ranks.leads():
            return float("nan")  # rank 0 evaluates and reports
        results = evaluation.compare(model, cfg, record, None if streamed else examples.shapes)
        reporting.write(results, record)
        board.hparams(record.choices(), record.metrics)
    return results.headline()


if __name__ == "__main__":
    with config.preflight("train"):  # every mistake at once, before anything heavy is imported
        main()
