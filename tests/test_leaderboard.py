"""Which job is chosen, and which settings are as good: means over seeds, paired tests.

pytest tests/test_leaderboard.py
"""

import csv
import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

from slm_lora import plotting
from slm_lora.config import compose
from slm_lora.files import write_json, write_jsonl, write_text
from slm_lora.leaderboard import write_leaderboard
from slm_lora.leaderboard.settings import jobs_in, judge_in, like, ranked
from slm_lora.records import NEEDED
from slm_lora.run_folder import Run
from slm_lora.tasks import TASKS

ROWS = 200
TASK = TASKS["classification"]


def job(folder: Path, name: int, words: list[str], right: np.ndarray) -> None:
    """A job of a sweep that answered these of its validation rows rightly."""
    config = compose.load(["model=nano", "task=classification", "data.train=rows.jsonl"])
    run = Run(folder / str(name))
    found = [
        {
            "id": f"row-{i}",
            "label": "good",
            "verdict": "correct" if is_right else "wrong",
            "prediction": "good" if is_right else "bad",
            "probabilities": {"good": float(is_right), "bad": float(not is_right)},
            "extracted": None,
            "raw": None,
        }
        for i, is_right in enumerate(right)
    ]
    write_text(run.config, compose.to_yaml(config))
    nothing = dict.fromkeys(NEEDED["provenance.json"], "")
    write_json(run.provenance, nothing | {"words": ["+recipe=sentiment", *words]})
    write_json(run.train, dict.fromkeys(NEEDED["train.json"], 0) | {"seconds": 1.5})
    write_jsonl(run.validation_predictions, found)
    figures = TASK.metrics(found, config.task)
    judged = {"task": TASK.name, "reason": "", "primary": TASK.primary, "tuned": figures}
    write_json(run.validation, judged)


def test_a_launchers_own_folder_is_no_job(tmp_path: Path) -> None:
    for name in (0, 1):
        job(tmp_path, name, [f"lora.r={name + 1}"], np.ones(ROWS, bool))
    (tmp_path / ".submitit").mkdir()
    assert [found.run.path.name for found in jobs_in(tmp_path)] == ["0", "1"]


def test_jobs_that_differ_in_the_seed_are_one_setting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mean decides, not the best job; of the best setting its best job is chosen."""
    shares = {"8": (0.80, 0.90, 0.88), "16": (0.92, 0.70, 0.71)}
    numbered = [(r, seed, share) for r, of in shares.items() for seed, share in enumerate(of)]
    for name, (r, seed, share) in enumerate(numbered):
        right = np.arange(ROWS) < share * ROWS
        words = [f"lora.r={r}", f"seed={seed}", f"sweep.n_trials={name}"]  # a resumed sweep
        job(tmp_path, name, words, right)
    write_json(
        Run(tmp_path / "6").failure,
        {"words": ["+recipe=sentiment", "lora.r=8", "seed=9"], "error": "no\nhint"},
    )
    chosen = write_leaderboard(tmp_path)
    assert chosen is not None
    assert chosen.path.name == "1"
    shown = capsys.readouterr().out
    mean, sd = np.mean(shares["8"]), np.std(shares["8"], ddof=1)
    assert f"{mean:.3f} ± {sd:.3f}" in shown
    assert "0 1 2 6 (1 failed)" in shown
    assert "job 6 failed: no\n" in shown
    assert f"accuracy on {ROWS} validation rows" in shown
    with (tmp_path / "leaderboard.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["job"] for line in lines] == ["1", "2", "0", "6", "3", "5", "4"]
    assert [line["seed"] for line in lines] == ["1", "2", "0", "9", "0", "2", "1"]
    assert "sweep.n_trials" not in lines[0]
    assert float(lines[0]["validation accuracy"]) == 0.9
    low, high = stats.binomtest(180, ROWS).proportion_ci(method="wilson")
    assert float(lines[0]["ci95 low"]) == pytest.approx(low, abs=1e-4)
    assert float(lines[0]["ci95 high"]) == pytest.approx(high, abs=1e-4)


@pytest.mark.parametrize(("lost", "alike"), [(4, True), (5, True), (6, False), (20, False)])
def test_settings_within_the_chance_of_the_rows_are_alike(
    tmp_path: Path, lost: int, alike: bool
) -> None:
    """McNemar's exact test: of 5 rows all won, p is 0.0625, of 6 it is 0.03125."""
    right = np.arange(ROWS) < 150
    job(tmp_path, 0, ["lora.r=8"], right)
    job(tmp_path, 1, ["lora.r=16"], right & (np.arange(ROWS) >= lost))
    judge, _ = judge_in(jobs_in(tmp_path))
    assert judge is TASK
    best, other = ranked(jobs_in(tmp_path), judge)
    assert best.words["lora.r"] == "8"
    assert like(best, other, judge) == alike
    assert (stats.binomtest(0, lost).pvalue >= 0.05) == alike


@pytest.mark.parametrize("spread", [0, 30])
def test_settings_within_the_chance_of_the_seeds_are_alike(tmp_path: Path, spread: int) -> None:
    """The best jobs of the two differ by 20 rows, which is no chance of the rows."""
    values: dict[str, list[float]] = {"8": [], "16": []}
    for name, (r, seed) in enumerate((r, seed) for r in values for seed in range(3)):
        count = (160 if r == "8" else 140) - spread * seed
        values[r].append(count / ROWS)
        job(tmp_path, name, [f"lora.r={r}", f"seed={seed}"], np.arange(ROWS) < count)
    best, other = ranked(jobs_in(tmp_path), TASK)
    by_seed = stats.ttest_ind(values["8"], values["16"], equal_var=False).pvalue if spread else 0
    assert like(best, other, TASK) == (by_seed >= 0.05) == bool(spread)


def test_a_lucky_seed_makes_no_tie(tmp_path: Path) -> None:
    """The best seed of each has the same rows right; the others tell the two apart."""
    counts = {"8": (180, 180, 180, 180, 180), "16": (180, 150, 150, 150, 150)}
    numbered = [(r, seed, count) for r, of in counts.items() for seed, count in enumerate(of)]
    for name, (r, seed, count) in enumerate(numbered):
        job(tmp_path, name, [f"lora.r={r}", f"seed={seed}"], np.arange(ROWS) < count)
    best, other = ranked(jobs_in(tmp_path), TASK)
    assert stats.ttest_ind(counts["8"], counts["16"], equal_var=False).pvalue < 0.05
    assert not like(best, other, TASK)
    low, high = stats.binomtest(150, ROWS).proportion_ci(method="wilson")
    assert other.interval == pytest.approx((low, high), abs=1e-4)


def test_labels_fit_into_the_plot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of Optuna's as four digits; a long path in lines. matplotlib warns of no room."""
    figures: list[Figure] = []
    monkeypatch.setattr(plotting, "write_png", lambda figure, file: figures.append(figure))
    path, rates = f"data.train={'long/' * 20}rows.csv", ("0.0029123330704", "1e-3")
    for name, rate in enumerate(rates):
        words = [f"trainer.learning_rate={rate}", f"lora.r={name}", f"{path}{name}"]
        job(tmp_path, name, words, np.arange(ROWS) < 150 - name)
    write_leaderboard(tmp_path)
    with warnings.catch_warnings(action="error"):
        figures[0].savefig(io.BytesIO())
    labels = [label.get_text() for label in figures[0].axes[0].get_yticklabels()]
    assert [label.partition(",")[0] for label in labels] == [
        "learning_rate=0.002912",
        "learning_rate=1e-3",
    ]
    assert max(len(line) for label in labels for line in label.splitlines()) <= 24


def test_other_validation_rows_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job(tmp_path, 0, ["trainer.max_length=64"], np.arange(ROWS) < 150)
    job(tmp_path, 1, ["trainer.max_length=32"], np.arange(ROWS - 1) < 150)
    write_leaderboard(tmp_path)
    assert "Not all settings were judged on the same validation rows" in capsys.readouterr().out
