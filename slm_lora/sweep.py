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
from hydra.core.override_parser.types import IntervalSweep, Override
from omegaconf import DictConfig
from rich.console import Console

from slm_lora.config import compose
from slm_lora.config.schema import Config
from slm_lora.config.sections.retention import NOTHING
from slm_lora.config.words import check_words, value_of
from slm_lora.errors import UserError
from slm_lora.files import read_json, write_json
from slm_lora.hardware import check_without_torch
from slm_lora.progress import log
from slm_lora.run_folder import Run, open_run


def check_jobs(overrides: list[str], config_dir: Path | None) -> None:
    """Check every job before the first one starts, as far as no weights are needed.

    Raises:
        UserError: a job could not come to its end, or they would share a run folder.
    """
    parsed = check_words(overrides, config_dir, sweep=True)
    if any(override.key_or_group == "run_dir" for override in parsed):
        raise UserError(
            "run_dir is set in a sweep", "each job has its own; type hydra.sweep.dir=FOLDER"
        )
    ours = [o for o in parsed if not o.key_or_group.startswith("hydra")]
    if any(str(o.input_line) == "hydra/sweeper=optuna" for o in parsed):
        fixed = [str(o.input_line) for o in ours if not o.is_sweep_override()]
        config = compose.load(fixed, config_dir)
        words = [f"{key}={values}" for key, values in config.sweep.space.items()]
        space = check_words(words, sweep=True) + [o for o in ours if o.is_sweep_override()]
        for override in space:
            _check_tried(override, fixed, config_dir)
        check_without_torch(config)
        return
    for override in ours:
        if override.is_sweep_override() and not override.is_discrete_sweep():
            raise UserError(
                f"{override.input_line} is a whole interval of values",
                "let Optuna choose: add hydra/sweeper=optuna; or name the values, such as "
                f"'{override.key_or_group}=choice({_ends(override)})'",
            )
    jobs = BasicSweeper.split_arguments(ours, max_batch_size=None)[0]
    configs = [compose.load(words, config_dir) for words in jobs]
    for config in configs:
        check_without_torch(config)
    _preflight(configs)


def _preflight(configs: list[Config]) -> None:
    """Look whether every job could come to its end; jobs mostly share their rows."""
    from slm_lora.data import load_rows
    from slm_lora.preflight import preflight

    read, rows = None, None
    for config in configs:
        wanted = (config.data, config.task.format)
        if wanted != read:
            read, rows = wanted, load_rows(*wanted)
        preflight(config, rows)


def _check_tried(override: Override, fixed: list[str], config_dir: Path | None) -> None:
    """Look whether every value that Optuna may choose for one key makes a config."""
    key, values = override.key_or_group, override.value()
    if not override.is_sweep_override():
        typed = value_of(override)
        raise UserError(
            f"sweep.space: {key} has the one value {typed}",
            f"type several, such as 'choice({typed}, …)', or set it by {key}={typed}",
        )
    if isinstance(values, IntervalSweep):
        if values.start >= values.end:
            raise UserError(
                f"{override.input_line}: the interval begins above its end",
                f"type '{key}=interval({values.end:g},{values.start:g})'",
            )
        tried = [str(values.start), str(values.end)]
    else:
        tried = list(override.sweep_string_iterator())
    for value in tried:
        compose.load([*fixed, f"{key}={value}"], config_dir)


def _ends(override: Override) -> str:
    values = override.value()
    return f"{values.start:g},{values.end:g}"


def sweep_job(composed: DictConfig, folder: Path, words: list[str]) -> float | None:
    """One job of a sweep: its objective, the task's primary metric, or None when it failed."""
    try:
        config = replace(compose.to_config(composed), run_dir=str(folder))
        config = replace(config, merge=replace(config.merge, after_training=False))
        config = replace(config, baselines=replace(config.baselines, run=False))
        if not any(word.startswith("retention.") for word in words):
            config = replace(config, retention=NOTHING)
        check_without_torch(config)
        from slm_lora import pipeline
        from slm_lora.preflight import preflight

        plan = preflight(config)
        run = open_run(plan.config, words)
        if not run.metrics.exists():
            pipeline.run(plan, run)
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
