"""Hydra's own program: sweeps, and what only it can print."""

import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from slm_lora import sweep
from slm_lora.config import compose
from slm_lora.config.places import CONF
from slm_lora.config.words import check_words, opened
from slm_lora.errors import UserError
from slm_lora.progress import set_up_logging


def hand_to_hydra(flags: list[str], settings: list[str], config_dir: Path | None = None) -> None:
    """Let Hydra compose each job of a sweep and run it, or print what its flags ask for.

    Raises:
        UserError: Hydra refuses the command line, or every job failed.
    """
    objectives: list[float | None] = []
    shared = ["--config-dir", str(config_dir)] if config_dir else []

    def job(composed: DictConfig) -> float | None:
        set_up_logging()
        of_hydra = HydraConfig.get()
        own = [*shared, *of_hydra.overrides.task]
        objectives.append(sweep.sweep_job(composed, Path(of_hydra.runtime.output_dir), own))
        return objectives[-1]

    compose.register()
    check_words(settings, config_dir, sweep=True)
    sys.argv = [sys.argv[0], *flags, *opened(settings), *compose.search_path(config_dir)]
    try:
        hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(job)()
    except (HydraException, OmegaConfBaseException) as error:
        raise compose.explain(error) from error
    if objectives and set(objectives) == {None}:
        raise UserError("every job of the sweep failed", "the lines above say why")


def complete(question: str) -> None:
    """Hydra's answer to `install=bash`, `uninstall=bash` or `query=bash`, printed."""
    compose.register()
    # The name is what a shell completes; `python -m slm_lora` would be taken for `python`.
    sys.argv = ["slm-lora", "--shell-completion", question]
    hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(lambda _: None)()
