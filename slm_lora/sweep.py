"""Sweeps: every job its own run folder, failures recorded, a leaderboard at the end.

python -m slm_lora -m +recipe=sentiment model=nano lora.r=8,16 trainer.learning_rate=1e-3,3e-3
python -m slm_lora -m +recipe=sentiment model=nano hydra/sweeper=optuna sweep=lora
"""

import csv
import ctypes
import gc
import platform
import traceback
from pathlib import Path
from typing import Any

import psutil
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from slm_lora.config import compose
from slm_lora.errors import UserError
from slm_lora.hardware import check_without_torch
from slm_lora.progress import log
from slm_lora.run import Run, open_run, read_json, whole, write_json

Line = dict[str, Any]


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
        config = compose.to_config(composed)
        config.run_dir = str(folder)
        check_without_torch(config)
        run = open_run(config, words)
        if not run.metrics.exists():
            from slm_lora import pipeline

            pipeline.run(config, run)
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


class Leaderboard(Callback):
    """Hydra calls this when the last job of a sweep has ended."""

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        write_leaderboard(Path(config.hydra.sweep.dir))


def write_leaderboard(folder: Path) -> None:
    """Table on stdout, leaderboard.csv and leaderboard.png in the sweep folder; best job first."""
    runs = [Run(path) for path in sorted(folder.iterdir(), key=_job_number) if path.is_dir()]
    overrides = {run.path.name: _overrides(run) for run in runs}
    swept = _varying(list(overrides.values()))
    lines = [_line(run, {key: overrides[run.path.name].get(key) for key in swept}) for run in runs]
    higher_is_better = not any("loss" in line for line in lines)
    lines.sort(key=lambda line: _rank(line, higher_is_better))
    columns = list(dict.fromkeys(key for line in lines for key in line))
    with whole(folder / "leaderboard.csv") as beside, beside.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(lines)
    Console().print(_table(lines, swept))
    for line in lines:
        if line["status"] != "done":
            print(f"job {line['job']} {line['status']}")
    if done := [line for line in lines if line["status"] == "done"]:
        from slm_lora.report import plots

        with plots.style():
            figure = plots.leaderboard(done, swept, "accuracy" if higher_is_better else "loss")
            plots.write_png(figure, folder / "leaderboard.png")
    print(folder)


def _job_number(path: Path) -> tuple[int, str]:
    return (int(path.name) if path.name.isdigit() else -1, path.name)


def _overrides(run: Run) -> dict[str, str]:
    """What the command line said to this job, key → value."""
    file = next((f for f in (run.provenance, run.failure) if f.exists()), None)
    words = read_json(file)["words"] if file else []
    settings = (word.partition("=") for word in words if "=" in word)
    return {key.lstrip("+"): value for key, _, value in settings}


def _varying(jobs: list[dict[str, str]]) -> list[str]:
    keys = dict.fromkeys(key for job in jobs for key in job)
    return [key for key in keys if len({job.get(key) for job in jobs}) > 1]


def _line(run: Run, swept: dict[str, str | None]) -> Line:
    if not run.metrics.exists():
        reason = read_json(run.failure)["error"].splitlines()[0] if run.failure.exists() else "?"
        return {"job": run.path.name, **swept, "status": f"failed: {reason}"}
    metrics = read_json(run.metrics)
    primary = metrics["primary"]
    low, high = metrics["tuned"][f"{primary}_ci95"]
    return {
        "job": run.path.name,
        **swept,
        "status": "done",
        f"base {primary}": metrics["base"][primary],
        primary: metrics["tuned"][primary],
        "ci95 low": low,
        "ci95 high": high,
        "p_value": metrics["comparison"]["p_value"],
        "seconds": metrics["train"]["seconds"],
    }


def _rank(line: Line, higher_is_better: bool) -> float:
    value = line.get("accuracy" if higher_is_better else "loss")
    if value is None:
        return float("inf")
    return -value if higher_is_better else float(value)


def _table(lines: list[Line], swept: list[str]) -> Table:
    """The leaderboard for the terminal, narrower than the CSV."""
    names = [key.rpartition(".")[2] for key in swept]
    table = Table("job", *names, "tuned", "95 % interval", "base", "p", title="Jobs, best first")
    for line in lines:
        values = [str(line[key]) for key in swept]
        if line["status"] != "done":
            table.add_row(line["job"], *values, "failed")
            continue
        primary = "accuracy" if "accuracy" in line else "loss"
        table.add_row(
            line["job"],
            *values,
            f"{line[primary]:.3f}",
            f"{line['ci95 low']:.3f} to {line['ci95 high']:.3f}",
            f"{line[f'base {primary}']:.3f}",
            f"{line['p_value']:.2g}",
        )
    return table
