"""Hydra finds launchers only below `hydra_plugins`; this one is `ewm.launching` under the name that Hydra looks for."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class LocalLauncher(Launcher):
    """Runs the jobs of a sweep one after the other, each in a process and folder of its own."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.config = config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        from ewm import launching  # Hydra imports this file at every start, also of programs that never sweep

        return launching.launch(self.config, [list(job) for job in job_overrides])
