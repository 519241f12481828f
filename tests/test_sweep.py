"""Sweeps through the real command line: folders, leaderboard, failures, Optuna's resume."""

import csv
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hydra_plugins import slm_lora_optuna
from hydra_plugins.slm_lora_optuna import _storage
from slm_lora.errors import UserError
from slm_lora.sweep import check_jobs
from tests.helpers.rows import write_jsonl
from tests.helpers.tiny import make_llama, slm_lora
from tests.test_run import job
from tests.test_training import rows


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
    assert {line["lora.r"] for line in lines[:2]} == {"2", "4"}
    trained = {json.loads(line)["text"] for line in (tmp_path / "train.jsonl").open()}
    for line in lines:
        folder = tmp_path / "sweep" / line["job"]
        done = line["status"] == "done"
        won = line["job"] == lines[0]["job"]
        assert (folder / "retention.json").exists() is won, "the best job alone"
        assert (folder / "failure.json").exists() is not done
        assert (folder / "validation.json").exists() is done
        if done:
            with (folder / "predictions" / "validation.jsonl").open() as file:
                items = [json.loads(item) for item in file]
            right = [item["prediction"] == item["label"] for item in items]
            assert float(line["validation accuracy"]) == sum(right) / len(right)
            assert all(any(text in item["prompt"] for text in trained) for item in items)
    assert float(lines[0]["validation accuracy"]) >= float(lines[1]["validation accuracy"])
    assert (tmp_path / "sweep" / "leaderboard.png").is_file()
    assert "job 1, 2 of 4: trainer.learning_rate=0.01 lora.r=4" in " ".join(result.stderr.split())
    provenance = json.loads((tmp_path / "sweep" / "0" / "provenance.json").read_text())
    assert "lora.r=2" in provenance["command"]

    # The best one alone, and the base model once, are told on the test rows.
    chosen, other = (tmp_path / "sweep" / line["job"] for line in lines[:2])
    for name in ("base", "tuned"):
        found = tmp_path.glob(f"sweep/*/predictions/{name}.jsonl")
        assert [file.parents[1] for file in found] == [chosen]
    found = tmp_path.glob("sweep/*/predictions/baselines")
    assert [folder.parents[1] for folder in found] == [chosen]
    assert (chosen / "report.html").is_file()
    assert (chosen / "adapter" / "README.md").is_file()
    metrics = json.loads((chosen / "metrics.json").read_text())
    assert metrics["tuned"]["n_items"] == 30
    assert f"The best, job {chosen.name}, on the test rows:" in result.stdout
    assert "difference" in result.stdout
    assert f"slm-lora merge sweep/{chosen.name}" in result.stdout
    result = slm_lora("evaluate", f"sweep/{other.name}", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert json.loads((other / "metrics.json").read_text())["base"] == metrics["base"]

    with pytest.raises(UserError, match=r"0 holds a run with another config: lora.r=8 \(there 2\)"):
        check_jobs(
            [*words, "lora.r=8,4", "trainer.learning_rate=1e-2,1e30"], None, tmp_path / "sweep"
        )


def test_a_sweep_needs_validation_rows(words, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        check_jobs([*words, "lora.r=2,4", "data.validation_fraction=0"], None, tmp_path)
    assert error.value.hint == "type data.validation_fraction=0.1"


def test_jobs_that_cannot_be_compared_are_refused(tmp_path: Path) -> None:
    """Programs with tests are judged by them, others by their loss."""
    bare, test = rows(tmp_path, "code")
    lines = [json.loads(line) for line in (tmp_path / "train.jsonl").open()]
    tested = [
        {**row, "tests": [f"assert a == {n}"], "entry_points": ["a"]} for n, row in enumerate(lines)
    ]
    other = write_jsonl(tmp_path / "tested.jsonl", tested)
    line = ["model=nano", "device=cpu", "task=code", f"{bare},{other}", test]
    with pytest.raises(UserError, match="some jobs would be judged by loss and others by pass@1"):
        check_jobs(line, None, tmp_path)


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


@pytest.fixture
def optuna_line(words) -> list[str]:
    return [
        "-m", *words, "hydra/sweeper=optuna", "hydra.sweep.dir=sweep",
        "sweep.space={lora.r: 'choice(2,4)'}", "trainer.learning_rate=tag(log,interval(1e-3,1e-2))",
    ]  # fmt: skip


@pytest.mark.slow
def test_optuna_goes_on_from_its_database(optuna_line, tmp_path: Path) -> None:
    """And leaves alone what another process has running."""
    optuna = pytest.importorskip("optuna")
    line = [*optuna_line, "sweep.storage=study.db"]
    first = slm_lora(*line, "sweep.n_trials=1", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert len(leaderboard(tmp_path / "sweep")) == 1
    storage = _storage(str(tmp_path / "study.db"))
    study = optuna.load_study(study_name="sentiment", storage=storage)
    other = study.ask()
    storage.record_heartbeat(other._trial_id)
    second = slm_lora(*line, "sweep.n_trials=3", cwd=tmp_path)
    assert second.returncode == 0, second.stderr
    assert "1 jobs run in other processes" in second.stdout
    assert study.trials[other.number].state == optuna.trial.TrialState.RUNNING
    third = slm_lora(*line, "sweep.n_trials=3", cwd=tmp_path)
    assert third.returncode == 0, third.stderr
    lines = leaderboard(tmp_path / "sweep")
    assert sorted(line["job"] for line in lines) == ["0", "2", "3"]
    rates = [float(line["trainer.learning_rate"]) for line in lines]
    assert len(set(rates)) == 3
    assert all(1e-3 <= rate <= 1e-2 for rate in rates)


def test_a_study_is_of_one_search_in_one_folder(optuna_line, tmp_path: Path) -> None:
    """It remembers both, from its first line on."""
    optuna = pytest.importorskip("optuna")
    study = optuna.create_study(
        storage=_storage(str(tmp_path / "study.db")), study_name="sentiment", direction="maximize"
    )
    study.add_trial(optuna.trial.create_trial(value=0.5))
    line = [*optuna_line, "sweep.storage=study.db"]
    told = {
        "hydra.sweep.dir=other": (
            "study.db is the study of the sweep in sweep\n  to go on with it type "
            "hydra.sweep.dir=sweep; for a new one type sweep.storage=study_2.db"
        ),
        "lora.alpha=choice(8,16)": (
            "study.db is the study of another search: sweep.space.lora.alpha=choice(8,16) (there "
            "None)\n  type the same values to go on with it; for a new one type"
        ),
    }
    gone = slm_lora(*line, "sweep.n_trials=1", cwd=tmp_path)
    assert "study.db counts 1 jobs, and none of them is in sweep" in gone.stderr
    (tmp_path / "sweep" / "0").mkdir(parents=True)
    (tmp_path / "sweep" / "0" / "validation.json").write_text("{}")
    slm_lora(*line, "sweep.n_trials=1", cwd=tmp_path)  # it remembers where its jobs are
    for word, message in told.items():
        result = slm_lora(*line, word, cwd=tmp_path)
        assert result.returncode == 2
        assert message in result.stderr


@pytest.mark.slow
def test_two_processes_work_on_one_study(optuna_line, tmp_path: Path) -> None:
    """A third trial may be one too many, where both began their last one; none is tried twice."""
    pytest.importorskip("optuna")
    line = [*optuna_line, "sweep.storage=study.journal", "sweep.n_trials=2"]
    with ThreadPoolExecutor() as both:
        ended = [both.submit(slm_lora, *line, cwd=tmp_path, fresh=True) for _ in range(2)]
    for process in ended:
        assert process.result().returncode == 0, process.result().stderr
    assert any("to go on: slm-lora merge" in process.result().stdout for process in ended)
    lines = leaderboard(tmp_path / "sweep")
    jobs = sorted(line["job"] for line in lines)
    assert jobs in (["0", "1"], ["0", "1", "2"])
    assert len({line["trainer.learning_rate"] for line in lines}) == len(jobs)


def test_a_trial_that_is_not_heard_of_has_failed(tmp_path: Path, monkeypatch) -> None:
    optuna = pytest.importorskip("optuna")
    monkeypatch.setattr(slm_lora_optuna, "HEARTBEAT", 1)
    storage = _storage(str(tmp_path / "study.db"))
    study = optuna.create_study(storage=storage)
    trial = study.ask()
    storage.record_heartbeat(trial._trial_id)
    optuna.storages.fail_stale_trials(study)
    assert study.trials[0].state == optuna.trial.TrialState.RUNNING
    time.sleep(4)
    optuna.storages.fail_stale_trials(study)
    assert study.trials[0].state == optuna.trial.TrialState.FAIL


def test_a_password_is_kept_out_of_the_configs(words, tmp_path: Path) -> None:
    place = "sweep.storage=postgresql://me:secret@host/db"
    result = slm_lora("-m", *words, "hydra/sweeper=optuna", "sweep=lora", place, cwd=tmp_path)
    assert result.returncode == 2
    assert "sweep.storage holds a password" in result.stderr
    assert "secret" not in result.stderr


@pytest.mark.parametrize(("task", "direction"), [("classification", "max"), ("code", "min")])
def test_optuna_goes_by_what_the_validation_rows_can_tell(
    tmp_path: Path, task: str, direction: str
) -> None:
    """Programs to train on have no tests, so their loss decides."""
    line = ["hydra/sweeper=optuna", "model=nano", "device=cpu", f"task={task}", "lora.r=2,4"]
    jobs = check_jobs([*line, *rows(tmp_path, task), "sweep.n_trials=7"], None, tmp_path)
    assert (jobs.count, jobs.swept, jobs.direction) == (7, {"lora.r"}, f"{direction}imize")


def test_sweep_without_a_space(words, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    result = slm_lora("-m", *words, "hydra/sweeper=optuna", cwd=tmp_path)
    assert result.returncode == 2
    assert "there is nothing to search" in result.stderr
