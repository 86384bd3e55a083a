"""An entry as small as can be, with the real config, record, launcher and table; `lora.r=7` fails, `seed=9` waits."""

import sys
import time

import hydra
from omegaconf import DictConfig

from ewm import config, run
from ewm.config.groups import CONF


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="train")
def main(dict_config: DictConfig) -> float:
    cfg = config.load(dict_config)
    with run.open(cfg) as record:
        record.log({"grpo/loss": 1.0}, step=1)
        if cfg.lora.r == 7:
            raise RuntimeError("seven")
        if cfg.seed == 9 and record.sessions == 1:
            print("waiting", flush=True)
            time.sleep(60)
        record.note(headline=float(cfg.lora.r))
    return float(cfg.lora.r)


if __name__ == "__main__":
    with config.preflight("train"):
        main()
    assert "torch" not in sys.modules
