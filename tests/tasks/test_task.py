"""A kind of task is one room: nobody else names it, and one from outside is shown like ours."""

import csv
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from slm_lora.card import render_card
from slm_lora.files import read_json, read_jsonl, write_json, write_jsonl
from slm_lora.leaderboard import write_leaderboard
from slm_lora.report import summary_table, verdict, write_report
from slm_lora.run_folder import Run
from slm_lora.tasks import TASKS, Metric, Task, Written, paired
from slm_lora.tasks.task import limit
from tests.helpers.published import finished_run, loaded

ROOT = Path(__file__).parents[2]

REPORT = """{% from "macros.html.jinja" import plot with context %}
{% macro sections() %}<h2>Words per answer</h2>{{ plot("lengths", "words") }}{% endmacro %}
{% macro example(base, tuned) %}
<p>{{ base.id }}: {{ base.words }}, {{ tuned.words }}</p>
{% endmacro %}
"""
CARD = """{% set max_new_tokens = 7 %}
{% macro judged() %}Words were counted.
{% endmacro %}
{% macro results() %}{{ metrics.tuned.words | number }} words
{% endmacro %}
{% macro use() %}{% endmacro %}
"""


def mean_words(predictions: Any, config: Any) -> dict[str, Any]:
    words = sum(p["words"] for p in predictions) / len(predictions)
    return {"words": words, "words_ci95": [words - 1, words + 1], "n_texts": len(predictions)}


def compare(base: Any, tuned: Any, config: Any) -> dict[str, Any]:
    counts = [[p["words"] for p in side] for side in (base, tuned)]
    return paired.mean(*counts, higher_is_better=False)


def toy(folder: Path) -> Task:
    """Fewer words are better."""
    folder.mkdir()
    (folder / "report.html.jinja").write_text(REPORT)
    (folder / "card.md.jinja").write_text(CARD)
    return Task(
        name="brevity",
        folder=folder,
        primary="words",
        higher_is_better=False,
        count="n_texts",
        hub_task=("text-generation", "Short texts"),
        predict=lambda *_: [],
        written=Written("words", lambda found: found["answer"], lambda *_: [], paired.mean, limit),
        metrics=mean_words,
        compare=compare,
        figures=lambda found: {"words": Metric("words per text", "words", False, hub="length")},
        plots=lambda metrics, base, tuned: {"lengths": Figure(figsize=(2, 2))},
        examples=lambda pairs: {"Shortest of all": list(pairs[:2])},
    )


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run of a kind that the package does not know."""
    task = toy(tmp_path / "brevity")
    monkeypatch.setitem(TASKS, "brevity", task)
    folder = finished_run(tmp_path / "sweep" / "0", "nano", "text")
    sides = {}
    for side, words in (("base", 9), ("tuned", 4)):
        file = folder / "predictions" / f"{side}.jsonl"
        lines = [p | {"words": words + i % 3} for i, p in enumerate(read_jsonl(file)[:50])]
        write_jsonl(file, lines)
        sides[side] = lines
    metrics = read_json(folder / "metrics.json") | {
        "task": "brevity",
        "primary": "words",
        "base": task.metrics(sides["base"], None),
        "tuned": task.metrics(sides["tuned"], None),
        "comparison": task.compare(sides["base"], sides["tuned"], None),
    }
    write_json(folder / "metrics.json", metrics)
    return folder


def test_another_kind_has_verdict_and_report(run: Path) -> None:
    metrics = read_json(run / "metrics.json")
    sentence = "Tuning lowered words per text from 9.980 to 4.980 words: -5.000, 95 % interval"
    assert verdict(metrics).startswith(sentence)
    assert summary_table(metrics).row_count == 1
    page = write_report(run).read_text()
    assert "<h2>Words per answer</h2>" in page
    assert "<h2>Shortest of all</h2>" in page
    assert "rows.jsonl:2: 10, 5" in page
    assert 'id="lengths-' in page
    assert (run / "plots" / "lengths.png").exists()


def test_another_kind_has_a_card(run: Path) -> None:
    of_run, config = loaded(run)
    config = replace(config)
    object.__setattr__(config.task, "kind", "brevity")  # the config refuses kinds that are not ours
    card = render_card(of_run, config, read_json(run / "metrics.json"), download=False)
    for line in ("Words were counted.", "4.980 words", "    max_new_tokens=7,"):
        assert line in card.splitlines()
    assert "type: length" in card
    assert "name: Short texts" in card


def test_another_kind_has_a_leaderboard(run: Path) -> None:
    """Its lower figures come first."""
    lines = read_jsonl(run / "predictions" / "tuned.jsonl")
    provenance = read_json(run / "provenance.json")
    for name, more in (("0", 0), ("1", 3)):
        job = Run(run.parent / name)
        found = [line | {"words": line["words"] + more} for line in lines]
        write_jsonl(job.validation_predictions, found)
        figures = mean_words(found, None)
        judged = {"task": "brevity", "reason": "", "primary": "words", "tuned": figures}
        write_json(job.validation, judged)
        write_json(job.provenance, provenance | {"words": [f"a={name}"]})
        write_json(job.train, read_json(run / "train.json"))
    chosen = write_leaderboard(run.parent)
    assert chosen is not None
    assert chosen.path == run
    lines = list(csv.DictReader((run.parent / "leaderboard.csv").open()))
    assert [(line["a"], line["validation words"]) for line in lines] == [
        ("0", "4.98"),
        ("1", "7.98"),
    ]
    assert (run.parent / "leaderboard.png").exists()


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_a_kind_is_whole(task: Task) -> None:
    found = {task.primary: 0.5}
    assert task.figures(found)[task.primary].higher_is_better == task.higher_is_better
    assert (ROOT / "conf" / "task" / f"{task.name}.yaml").is_file()
    for name in ("report.html.jinja", "card.md.jinja"):
        assert (task.folder / name).is_file()


def test_nobody_else_asks_which_kind_it_is() -> None:
    kinds = "|".join(TASKS)
    asks = re.compile(
        rf"task\.kind\s*(==|!=|in\b)|kind\s*(==|!=)\s*\"({kinds})\""
        r"|\btask(\"\])?\s*(==|!=)\s*\"|primary\s*(==|!=)\s*\"|kind ==|\.kind\b.*=="
    )
    own = [ROOT / "slm_lora" / "tasks", ROOT / "slm_lora" / "config"]
    files = [f for top in ("slm_lora", "hydra_plugins") for f in (ROOT / top).rglob("*.*")]
    sources = [f for f in files if f.suffix in (".py", ".jinja")]
    assert len(sources) > 100
    wrong = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in sources
        if not any(file.is_relative_to(folder) for folder in own)
        for line in file.read_text().splitlines()
        if asks.search(line)
    ]
    assert wrong == []
