"""A sweep from its first job to the verdict on the one that is chosen.

python -m slm_lora -m +recipe=sentiment model=nano lora.r=8,16 seed=1,2,3
"""

import sys
from contextlib import nullcontext
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from slm_lora import sweep
from slm_lora.cli.hydra_program import hand_to_hydra
from slm_lora.cli.summary import print_verdict
from slm_lora.config import compose
from slm_lora.config.quoting import config_text, shell_word
from slm_lora.config.words import check_words
from slm_lora.errors import UserError
from slm_lora.progress import log, set_up_logging
from slm_lora.run_folder import Run, alone


def run_sweep(settings: list[str], config_dir: Path | None) -> None:
    """Every job trained, and scored on the validation rows; the leaderboard; the best job's verdict
    on the test rows.

    Raises:
        UserError: a job could not come to its end, or every job failed.
    """
    set_up_logging()
    parsed = zip(settings, check_words(settings, config_dir, sweep=True), strict=True)
    folder = compose.sweep_folder(
        [word for word, override in parsed if not override.is_sweep_override()], config_dir
    )
    jobs = sweep.check_jobs(settings, config_dir, folder)
    objectives: list[float | None] = []

    def job(composed: DictConfig) -> float | None:
        objectives.append(_run_job(composed, config_dir, jobs))
        return objectives[-1]

    if any(word.startswith("hydra/launcher=") for word in settings):
        folder = folder.absolute()  # a cluster's workers may have another working directory
    decided = [f"hydra.sweep.dir={config_text(str(folder))}"]
    decided += [f"sweep.direction={jobs.direction}"] if jobs.direction else []
    # Optuna's jobs have their places from its database, which several processes may share.
    with nullcontext() if jobs.direction else alone(folder):
        try:
            hand_to_hydra(["--multirun"], [*settings, *decided], config_dir, job)
        except sweep.StillRunningError as others:
            print(f"{others} jobs run in other processes: the one that ends last tells the best")
            print("job, and so does this line when it is typed again")
            print(folder)
            return
        from slm_lora.leaderboard import write_leaderboard  # imports torch

        chosen = write_leaderboard(folder)
        # A resumed study may have nothing left to do; its earlier jobs count.
        if chosen is None or (objectives and all(found is None for found in objectives)):
            print(folder)
            raise UserError("every job of the sweep failed", "the lines above say why")
        _tell(chosen)
    print(folder)


def _run_job(composed: DictConfig, config_dir: Path | None, jobs: sweep.Jobs) -> float | None:
    """One job, announced by what it differs in."""
    set_up_logging()
    hydra = HydraConfig.get()
    folder, words = Path(hydra.runtime.output_dir), list(hydra.overrides.task)
    number = hydra.job.num + 1
    count = max(number, jobs.count)  # a resumed study counts its failed trials, too
    said = dict(word.lstrip("+").partition("=")[::2] for word in words)
    own = " ".join(f"{key}={said[key]}" for key in said if key in jobs.swept)
    log.info("job %s, %d of %d: %s", folder.name, number, count, own)
    shared = ["--config-dir", str(config_dir)] if config_dir else []
    return sweep.sweep_job(composed, folder, [*shared, *words], jobs)


def _tell(chosen: Run) -> None:
    """The verdict on the test rows, and how to go on."""
    name = shell_word(str(chosen.path))
    try:
        sweep.finish(chosen)
    except (KeyboardInterrupt, UserError):
        print(f"to go on where it stopped, type: slm-lora evaluate {name}", file=sys.stderr)
        raise
    print(f"\nThe best, job {chosen.path.name}, on the test rows:")
    print_verdict(chosen)
