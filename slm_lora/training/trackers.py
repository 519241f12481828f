"""Experiment trackers (`trainer.report_to=…`): where their files go, and the final figures."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers import TrainerControl, TrainerState, TrainingArguments
from transformers.integrations import get_reporting_integration_callbacks

from slm_lora.config.schema import Config
from slm_lora.hardware import Device
from slm_lora.records import Metrics
from slm_lora.run_folder import Run
from slm_lora.training.options import sft_config

PLACES = {
    "codecarbon": ("CODECARBON_OUTPUT_DIR", "codecarbon"),
    "comet_ml": ("COMET_OFFLINE_DIRECTORY", "comet"),
    "mlflow": ("MLFLOW_TRACKING_URI", "mlflow"),
    "swanlab": ("SWANLAB_LOG_DIR", "swanlab"),
    "tensorboard": ("TENSORBOARD_LOGGING_DIR", "tensorboard"),
    "trackio": ("TRACKIO_DIR", "trackio"),
    "wandb": ("WANDB_DIR", "wandb"),
}
"""Tracker → the variable that says where its files go, and our folder in the run's."""


@contextmanager
def tracker_files(report_to: list[str], folder: Path) -> Iterator[None]:
    """Inside, trackers write into the run folder. What the user has set stays, and afterwards all
    is as before: the next job of a sweep has another folder."""
    ours = {}
    for tracker in report_to:
        variable, name = PLACES.get(tracker, ("", ""))
        if variable and variable not in os.environ:
            place = (folder / name).absolute()
            place.mkdir(parents=True, exist_ok=True)
            # MLflow wants a database: it no longer takes a plain folder.
            database = f"sqlite:///{place / 'mlflow.db'}"
            ours[variable] = database if tracker == "mlflow" else str(place)
    os.environ.update(ours)
    try:
        yield
    finally:
        for variable in ours:
            os.environ.pop(variable, None)


def tell_trackers(config: Config, device: Device, run: Run, metrics: Metrics) -> None:
    """Send the final figures of a run to the trackers of `trainer.report_to`."""
    args = sft_config(config, device, run.checkpoints, [1])
    with tracker_files(args.report_to, run.path):
        log_final_metrics(args, metrics, metrics["train"]["steps"])


def log_final_metrics(args: TrainingArguments, metrics: Mapping[str, Any], step: int) -> None:
    """Send base, tuned and comparison of metrics.json to the trackers of `args.report_to`, as the
    last step of the same run where the tracker still knows it."""
    logs = final_numbers(metrics)
    state, control = TrainerState(global_step=step), TrainerControl()
    with _last_mlflow_run(args.report_to):
        for make in get_reporting_integration_callbacks(args.report_to):
            callback = make()
            callback.on_log(args, state, control, logs=dict(logs))
            callback.on_train_end(args, state, control)


def final_numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    """`test_tuned_accuracy`, `test_comparison_ci95_low` …: trackers group by what comes first."""
    found: dict[str, float] = {}
    for part in ("base", "tuned", "comparison"):
        for name, value in metrics.get(part, {}).items():
            key = f"test_{part}_{name}".replace("@", "_at_")
            if isinstance(value, int | float) and not isinstance(value, bool):
                found[key] = value
            elif name.endswith("ci95") and value:
                found[f"{key}_low"], found[f"{key}_high"] = value
    return found


@contextmanager
def _last_mlflow_run(report_to: list[str]) -> Iterator[None]:
    """The end of training closes MLflow's run; its callback opens the one that is named here."""
    if "mlflow" not in report_to or "MLFLOW_RUN_ID" in os.environ:
        yield
        return
    import mlflow

    last = mlflow.last_active_run()
    if last is not None:
        os.environ["MLFLOW_RUN_ID"] = last.info.run_id
    try:
        yield
    finally:
        os.environ.pop("MLFLOW_RUN_ID", None)
