"""The room's face: what it costs to import, and that submodules of the same name do not stand in front of its functions."""

import subprocess
import sys

from omegaconf import MISSING

from ewm.config import schema


def test_the_dataclasses_alone_load_no_config_library():
    code = "import sys, ewm.config.schema, ewm.config.limits, ewm.tracing; print({'omegaconf', 'hydra', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_functions_keep_their_names_when_submodules_come_first():
    code = (
        "import ewm.config.check, ewm.config.load, ewm.config.preflight\nfrom ewm import config\n"
        "from ewm.config import load\n"
        "print(*(getattr(config, n).__name__ for n in config.__all__), load.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = "ConfigError EvaluateConfig TrainConfig build check compose digest load preflight"
    assert done.stdout == f"{names} load\n"


def test_the_mark_of_a_missing_value():
    assert schema.MISSING == MISSING
