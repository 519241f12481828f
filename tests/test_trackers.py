"""Trackers: files in the run folder, and the final figures through transformers' own interface."""

import os
from pathlib import Path

import pytest
from transformers import TrainerCallback, TrainingArguments
from transformers.integrations import integration_utils

from slm_lora.training.trackers import final_numbers, log_final_metrics, tracker_files

METRICS = {
    "task": "classification",
    "primary": "accuracy",
    "base": {"accuracy": 0.5, "accuracy_ci95": [0.4, 0.6], "unparsable": None},
    "tuned": {"accuracy": 0.9, "pass@1": 0.25, "by_split": {"new": {"accuracy": 1.0}}},
    "comparison": {"difference": 0.4, "ci95": [0.3, 0.5], "wins": 40},
}


class Recorder(TrainerCallback):
    """An integration as transformers builds them."""

    seen: list[tuple[str, int, dict[str, float]]] = []  # noqa: RUF012

    def on_log(self, args, state, control, logs=None, **kwargs):
        self.seen.append((os.environ.get("WANDB_DIR", ""), state.global_step, logs))

    def on_train_end(self, args, state, control, **kwargs):
        self.seen.append(("end", state.global_step, {}))


def test_final_figures_reach_the_tracker(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(integration_utils.INTEGRATION_TO_CALLBACK, "wandb", Recorder)
    args = TrainingArguments(output_dir=str(tmp_path), report_to=["wandb"], use_cpu=True)
    with tracker_files(["wandb"], tmp_path / "run"):
        log_final_metrics(args, METRICS, step=7)
    (where, step, logs), end = Recorder.seen
    assert (where, step) == (str(tmp_path / "run" / "wandb"), 7)
    assert logs == final_numbers(METRICS)
    assert end == ("end", 7, {})


def test_final_numbers() -> None:
    assert final_numbers(METRICS) == {
        "test_base_accuracy": 0.5,
        "test_base_accuracy_ci95_low": 0.4,
        "test_base_accuracy_ci95_high": 0.6,
        "test_tuned_accuracy": 0.9,
        "test_tuned_pass_at_1": 0.25,
        "test_comparison_difference": 0.4,
        "test_comparison_ci95_low": 0.3,
        "test_comparison_ci95_high": 0.5,
        "test_comparison_wins": 40,
    }


def test_nothing_is_tracked_by_default(tmp_path: Path) -> None:
    args = TrainingArguments(output_dir=str(tmp_path), report_to="none", use_cpu=True)
    log_final_metrics(args, METRICS, step=1)


@pytest.mark.parametrize("tracker", ["mlflow", "tensorboard", "trackio"])
def test_files_go_into_the_run_folder_unless_the_user_says_where(
    tracker: str, tmp_path: Path, monkeypatch
) -> None:
    from slm_lora.training.trackers import PLACES

    variable, name = PLACES[tracker]
    monkeypatch.delenv(variable, raising=False)
    with tracker_files([tracker, "clearml"], tmp_path):
        assert str(tmp_path / name) in os.environ[variable]
        assert (tmp_path / name).is_dir()
    assert variable not in os.environ
    monkeypatch.setenv(variable, "elsewhere")
    with tracker_files([tracker], tmp_path / "other"):
        assert os.environ[variable] == "elsewhere"
    assert not (tmp_path / "other").exists()


def test_tensorboard_writes_the_final_figures(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    args = TrainingArguments(output_dir=str(tmp_path), report_to=["tensorboard"], use_cpu=True)
    with tracker_files(["tensorboard"], tmp_path):
        log_final_metrics(args, METRICS, step=3)
    assert list((tmp_path / "tensorboard").glob("events.*"))
