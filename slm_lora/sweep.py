"""Sweeps: every job its own run folder, failures recorded, a leaderboard at the end.

python -m slm_lora -m +recipe=sentiment model=nano lora.r=8,16 trainer.learning_rate=1e-3,3e-3
python -m slm_lora -m +recipe=sentiment model=nano hydra/sweeper=optuna sweep=lora
"""

import ctypes
import gc
import platform
import traceback
from dataclasses import replace
from pathlib import Path

import psutil
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from omegaconf import DictConfig
from rich.console import Console

from slm_lora.config import compose
from slm_lora.errors import UserError
from slm_lora.hardware import check_without_torch
from slm_lora.progress import log
from slm_lora.run import Run, open_run, read_json, write_json


def check_jobs(overrides: list[str], config_dir: Path | None) -> None:
    """Check every job's config before the first one starts.

    Raises:
        UserError: a job's config is wrong, or they would share a run folder.
    """
    parsed = compose.check_overrides(overrides, config_dir)
    if any(override.key_or_group == "run_dir" for override in parsed):
        raise UserError(
            "run_dir is set in a sweep", "each job has its own; type hydra.sweep.dir=FOLDER"
        )
    fixed = [o.input_line or "" for o in parsed if not o.is_sweep_override()]
    if "hydra/sweeper=optuna" in fixed:
        words = [word for word in fixed if not word.startswith("hydra")]
        config = compose.load(words, config_dir)
        compose.check_overrides([f"{key}={tried}" for key, tried in config.sweep.space.items()])
        check_without_torch(config)
        return
    jobs = BasicSweeper.split_arguments(parsed, max_batch_size=None)[0]
    without_hydra = [[word for word in job if not word.startswith("hydra")] for job in jobs]
    for config in [compose.load(words, config_dir) for words in without_hydra]:
        check_without_torch(config)


def sweep_job(composed: DictConfig, folder: Path, words: list[str]) -> float | None:
    """One job of a sweep: its objective, the task's primary metric, or None when it failed."""
    try:
        config = replace(compose.to_config(composed), run_dir=str(folder))
        check_without_torch(config)
        from slm_lora import pipeline
        from slm_lora.preflight import preflight

        plan = preflight(config)
        run = open_run(plan.config, words)
        if not run.metrics.exists():
            pipeline.score_and_train(plan, run)
            pipeline.conclude(plan.config, run)
        return objective(run)
    except Exception as error:
        # The other jobs go on; the leaderboard names this one.
        trace = None if isinstance(error, UserError) else traceback.format_exc()
        failure = {"words": words, "error": str(error), "traceback": trace}
        if not Run(folder).metrics.exists():  # else the folder is that of a finished, other job
            write_json(Run(folder).failure, failure)
        Console(stderr=True).print(f"job {folder.name} failed: {error}", style="red", markup=False)
        return None
    finally:
        free_memory()


def objective(run: Run) -> float:
    """The primary metric of the tuned model."""
    metrics = read_json(run.metrics)
    return float(metrics["tuned"][metrics["primary"]])


def free_memory() -> None:
    """Give back what a finished job held: the next one runs in the same process."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if platform.libc_ver()[0] == "glibc":
        # It keeps what was freed; over a sweep that looks like a leak and adds to the peak.
        ctypes.CDLL(None).malloc_trim(0)
    log.info("memory in use after the job: %.0f MiB", psutil.Process().memory_info().rss / 2**20)
