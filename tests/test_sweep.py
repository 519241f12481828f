"""Sweeps through the real command line: folders, leaderboard, failures, Optuna's resume."""

import csv
import json
from pathlib import Path

import pytest

from tests.helpers.tiny import make_llama, slm_lora
from tests.test_run import job


def leaderboard(folder: Path) -> list[dict[str, str]]:
    with (folder / "leaderboard.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    more = (
        "trainer.max_steps=15",
        "task.generate=false",
        "data.test_limit=30",
        "quantization=none",
    )
    return [w for w in job(make_llama(tmp_path / "llama"), tmp_path) if "max_steps" not in w] + [
        *more
    ]


def test_every_job_has_its_folder_and_a_failed_one_is_named(words, tmp_path: Path) -> None:
    """At that rate the loss is soon no number, which nobody can know before the training."""
    result = slm_lora(
        "-m", *words, "lora.r=2,4", "trainer.learning_rate=1e-2,1e30",
        "hydra.sweep.dir=sweep", cwd=tmp_path,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "sweep"
    lines = leaderboard(tmp_path / "sweep")
    assert [line["status"] for line in lines[:2]] == ["done", "done"]
    assert all("training diverged" in line["status"] for line in lines[2:])
    assert len(lines) == 4
    assert float(lines[0]["accuracy"]) >= float(lines[1]["accuracy"])
    assert {line["lora.r"] for line in lines[:2]} == {"2", "4"}
    for line in lines:
        folder = tmp_path / "sweep" / line["job"]
        done = line["status"] == "done"
        assert (folder / "metrics.json").exists() is done
        assert not (folder / "retention.json").exists(), "only where it is asked for"
        assert (folder / "failure.json").exists() is not done
        assert not (folder / "predictions" / "baselines").exists()
    assert (tmp_path / "sweep" / "leaderboard.png").is_file()
    provenance = json.loads((tmp_path / "sweep" / "0" / "provenance.json").read_text())
    assert "lora.r=2" in provenance["command"]


def test_a_sweep_of_failures_fails(words, tmp_path: Path) -> None:
    result = slm_lora(
        "-m", *words, "trainer.learning_rate=1e30,1e31", "hydra.sweep.dir=sweep", cwd=tmp_path
    )
    assert result.returncode == 2
    assert "every job of the sweep failed" in result.stderr
    assert "Traceback" not in result.stderr
    assert len(leaderboard(tmp_path / "sweep")) == 2


def test_a_job_that_cannot_work_is_refused_before_the_first(words, tmp_path: Path) -> None:
    result = slm_lora(
        "-m", *words, "lora.target_modules=all-linear,[q]", "hydra.sweep.dir=sweep", cwd=tmp_path
    )
    assert result.returncode == 2
    assert "Target modules {'q'} not found" in result.stderr
    assert not (tmp_path / "sweep").exists()


def test_optuna_goes_on_from_its_database(words, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    line = [
        "-m", *words, "hydra/sweeper=optuna", "hydra.sweep.dir=sweep", "sweep.storage=study.db",
        "sweep.space={lora.r: 'choice(2,4)'}", "trainer.learning_rate=tag(log,interval(1e-3,1e-2))",
    ]  # fmt: skip
    first = slm_lora(*line, "sweep.n_trials=1", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert len(leaderboard(tmp_path / "sweep")) == 1
    second = slm_lora(*line, "sweep.n_trials=3", cwd=tmp_path)
    assert second.returncode == 0, second.stderr
    lines = leaderboard(tmp_path / "sweep")
    assert sorted(line["job"] for line in lines) == ["0", "1", "2"]
    rates = [float(line["trainer.learning_rate"]) for line in lines]
    assert len(set(rates)) == 3
    assert all(1e-3 <= rate <= 1e-2 for rate in rates)
    third = slm_lora(*line, "sweep.n_trials=3", cwd=tmp_path)
    assert third.returncode == 0, third.stderr
    assert len(leaderboard(tmp_path / "sweep")) == 3


def test_sweep_without_a_space(words, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    result = slm_lora("-m", *words, "hydra/sweeper=optuna", cwd=tmp_path)
    assert result.returncode == 2
    assert "there is nothing to search" in result.stderr
