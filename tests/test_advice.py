"""What the report advises: each rule on figures that are made to break it.

python -m pytest tests/test_advice.py
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slm_lora.files import read_json, write_json
from slm_lora.report import next_steps, write_report
from slm_lora.report.advice import findings
from slm_lora.run_folder import Run
from slm_lora.stats import least_difference
from tests.helpers.fake_run import (
    classification_run,
    code_run,
    completed,
    labelled,
    make_run,
    text_run,
)


def facts(folder: Path) -> str:
    return " ".join(finding.fact for finding in findings(Run(folder)))


def with_losses(folder: Path, losses: list[float]) -> Run:
    """The run with these held-out losses, one every ten steps."""
    run = Run(folder)
    log = [{"step": 10 * i, "eval_loss": loss} for i, loss in enumerate(losses, 1)]
    write_json(run.train, read_json(run.train) | {"log": log})
    return run


def test_the_least_difference_is_found_four_times_out_of_five() -> None:
    rng, n, draws = np.random.default_rng(0), 200, 20_000
    half = 1.96 / np.sqrt(n)
    means = rng.normal(least_difference((-half, half)), 1 / np.sqrt(n), draws)
    assert np.mean(np.abs(means) > half) == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(
    ("losses", "fact", "step"),
    [
        ([1.0, 0.8, 0.7, 0.6], "still falling at the end: 0.700 → 0.600", "num_train_epochs=6"),
        ([1.0, 0.6, 0.6, 0.599], "had levelled off at 0.599", None),
        ([1.0, 0.5, 0.55, 0.6], "lowest at step 20 of 40 (0.500) and rose to 0.600", "dropout"),
        ([1.0, 0.5, 0.51, 0.51], "had levelled off at 0.510", None),
        ([1.0], "", None),
    ],
)
def test_the_course_of_the_loss(
    tmp_path: Path, losses: list[float], fact: str, step: str | None
) -> None:
    run = with_losses(classification_run(tmp_path), losses)
    assert fact in facts(tmp_path)
    assert ("held-out loss" in facts(tmp_path)) == bool(fact)
    found = re.findall("num_train_epochs=6|dropout", " ".join(next_steps(findings(run))))
    assert found == ([step] if step else [])


def test_few_steps_of_many_rows_come_first(tmp_path: Path) -> None:
    run = with_losses(classification_run(tmp_path, gain=0.3, n=80), [1.0, 0.8, 0.7, 0.6])
    write_json(run.train, read_json(run.train) | {"steps": 40})
    first = next_steps(findings(run))[0]
    assert first == "more and smaller steps: trainer.num_train_epochs=6 batch_size=8"
    assert facts(tmp_path).count("still falling") == 1
    write_json(run.train, read_json(run.train) | {"steps": 100})
    assert "more test rows" in next_steps(findings(run))[0]


def test_a_difference_within_chance_asks_for_rows_that_would_show_it(tmp_path: Path) -> None:
    classification_run(tmp_path, gain=0.3, n=80)
    comparison = read_json(tmp_path / "metrics.json")["comparison"]
    low, high = comparison["ci95"]
    # An interval narrows with the square root of the items.
    rows = 80 * ((high - low) / 2 / 1.96 * 2.8016 / abs(comparison["difference"])) ** 2
    found = re.search(r"about ([\d,]+) would show", next_steps(findings(Run(tmp_path)))[0])
    assert found
    assert float(found[1].replace(",", "")) == pytest.approx(rows, rel=0.1)


def test_the_one_test_row_of_a_small_file_proves_nothing(tmp_path: Path) -> None:
    base, tuned = np.random.default_rng(0), np.random.default_rng(0)
    make_run(tmp_path, completed(base, 0, 1, 0), completed(tuned, 0.4, 1, 1))
    low, high = read_json(tmp_path / "metrics.json")["comparison"]["ci95"]
    assert low == high, "an interval of no width"
    assert next_steps(findings(Run(tmp_path)))[0].startswith("more test rows: 1 cannot tell")


def test_what_made_it_worse_comes_first(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    good, bad = labelled(rng, ["no", "yes"], 3, 200), labelled(rng, ["no", "yes"], 0, 200)
    make_run(tmp_path, good, bad)
    assert next_steps(findings(Run(tmp_path)))[0].startswith("trainer.learning_rate=5e-05")


def test_who_is_behind_a_simple_way_needs_another_model_and_no_more_test_rows(
    tmp_path: Path,
) -> None:
    classification_run(tmp_path, gain=0.3, n=80)
    metrics = read_json(tmp_path / "metrics.json")
    comparison = {"difference": -0.2, "ci95": [-0.3, -0.1], "p_value": 0.001, "test": "McNemar"}
    way = {"label": "word counts", "accuracy": 0.9, "seconds": 1, "comparison": comparison}
    write_json(tmp_path / "metrics.json", metrics | {"baselines": {"tfidf": way}})
    steps = next_steps(findings(Run(tmp_path)))
    assert steps[0].startswith("word counts itself, which reaches 0.900 with these rows; else")
    assert "more test rows" not in " ".join(steps)


def test_where_all_is_right_nothing_is_to_be_trained(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    make_run(tmp_path, labelled(rng, ["no", "yes"], 0, 60), labelled(rng, ["no", "yes"], 50, 60))
    with_losses(tmp_path, [3.0, 2.0, 1.0, 0.5])  # still falling
    assert read_json(tmp_path / "metrics.json")["tuned"]["accuracy"] == 1
    assert next_steps(findings(Run(tmp_path))) == [
        "more and harder test rows: these can show no further gain"
    ]
    assert "still falling" in facts(tmp_path)


def test_labels_that_never_come_out_right_are_named(tmp_path: Path) -> None:
    rng, labels = np.random.default_rng(0), ["bad", "good", "mixed"]
    base, tuned = labelled(rng, labels, 0, 90), labelled(rng, labels, 6, 90)
    for prediction in tuned:
        if prediction["label"] == "mixed":
            prediction |= {"prediction": "good", "verdict": "wrong"}
    make_run(tmp_path, base, tuned)
    assert "Labels that never come out right: 'mixed'." in facts(tmp_path)
    assert "'mixed' taken for 'good', 30 of 30 such items" in facts(tmp_path)
    assert "more training rows of 'mixed'" in " ".join(next_steps(findings(Run(tmp_path))))


def test_families_that_are_never_solved_are_named(tmp_path: Path) -> None:
    run = Run(code_run(tmp_path))
    metrics: dict[str, Any] = read_json(run.metrics)
    metrics["tuned"]["families"]["family 2"]["pass@1"] = 0.0
    metrics["tuned"]["verdicts"] = {"pass": 50, "syntax": 7, "fail": 3}
    write_json(run.metrics, metrics)
    assert "1 of 6 families are never solved: family 2." in facts(tmp_path)
    assert "The most frequent failure is 'syntax': 7 of the 10 that do not pass." in facts(tmp_path)
    assert "no Python yet" in " ".join(next_steps(findings(run)))


@pytest.mark.parametrize(("kind", "answers"), [(code_run, 60), (text_run, 300)])
def test_answers_that_were_cut_off_are_counted(
    tmp_path: Path, kind: Callable[[Path], Path], answers: int
) -> None:
    """The line to type stands there where these are many."""
    run = Run(kind(tmp_path))
    for count, advised in ((1, False), (answers // 4, True), (0, False)):
        metrics: dict[str, Any] = read_json(run.metrics)
        metrics["tuned"]["cut_off"] = count
        write_json(run.metrics, metrics)
        said = f"{count} of {answers} answers were cut off at 256 tokens."
        assert (said in facts(tmp_path)) == bool(count)
        line = "slm-lora evaluate RUN task.max_new_tokens=512"
        assert (line in " ".join(next_steps(findings(run)))) == advised


def test_a_loss_that_fell_without_better_answers_is_told(tmp_path: Path) -> None:
    text_run(tmp_path / "garbage", right=(0.3, 0.3))
    assert "did not get closer" in facts(tmp_path / "garbage")
    text_run(tmp_path / "good")
    assert "did not get closer" not in facts(tmp_path / "good")


def test_the_page_shows_them(tmp_path: Path) -> None:
    run = with_losses(classification_run(tmp_path), [1.0, 0.8, 0.7, 0.6])
    page = write_report(tmp_path).read_text()
    section = page.split("Good enough? What next?")[1].split("<h2>")[0]
    assert section.count("<li>") == len(findings(run)) + len(next_steps(findings(run)))
    assert "trainer.num_train_epochs=6" in section
