"""Hydra's own program: the jobs of a sweep, and what only it can print."""

import sys
from collections.abc import Callable
from pathlib import Path

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from slm_lora.config import compose
from slm_lora.config.places import CONF
from slm_lora.config.words import check_words


def hand_to_hydra(
    flags: list[str],
    settings: list[str],
    config_dir: Path | None = None,
    job: Callable[[DictConfig], float | None] = lambda composed: None,
) -> None:
    """Let Hydra compose each of the jobs and run it, or print what its flags ask for.

    Raises:
        UserError: Hydra refuses the command line.
    """
    compose.register()
    check_words(settings, config_dir, sweep=True)
    sys.argv = [sys.argv[0], *flags, *compose.for_hydra(settings, config_dir)]
    try:
        hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(job)()
    except (HydraException, OmegaConfBaseException) as error:
        raise compose.explain(error) from error


def complete(question: str) -> None:
    """Hydra's answer to `install=bash`, `uninstall=bash` or `query=bash`, printed."""
    compose.register()
    # The name is what a shell completes; `python -m slm_lora` would be taken for `python`.
    sys.argv = ["slm-lora", "--shell-completion", question]
    hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(lambda _: None)()
