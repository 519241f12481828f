"""Hydra's own program: the jobs of a sweep, and what only it can print."""

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
from slm_lora.config.words import check_words
from slm_lora.progress import log, set_up_logging


def hand_to_hydra(
    flags: list[str],
    settings: list[str],
    config_dir: Path | None = None,
    jobs: sweep.Jobs | None = None,
) -> None:
    """Let Hydra compose each of the jobs and run it, or print what its flags ask for.

    Raises:
        UserError: Hydra refuses the command line.
    """
    shared = ["--config-dir", str(config_dir)] if config_dir else []

    def job(composed: DictConfig) -> float | None:
        set_up_logging()
        of_hydra = HydraConfig.get()
        folder, words = Path(of_hydra.runtime.output_dir), list(of_hydra.overrides.task)
        if jobs:
            number = of_hydra.job.num + 1
            count = max(number, jobs.count)  # a failed trial of Optuna is made up for by one more
            said = dict(word.lstrip("+").partition("=")[::2] for word in words)
            own = " ".join(f"{key}={said[key]}" for key in said if key in jobs.swept)
            log.info("job %s, %d of %d: %s", folder.name, number, count, own)
        return sweep.sweep_job(composed, folder, [*shared, *words])

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
