"""Baselines: each against an independent computation, and as stages of a real run."""

import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from transformers import DistilBertConfig, DistilBertModel

from slm_lora.config.schema import Config
from slm_lora.config.sections.baselines import BaselinesConfig
from slm_lora.config.sections.data import DataConfig
from slm_lora.data import Prepared
from slm_lora.errors import UserError
from slm_lora.files import read_json, read_jsonl
from slm_lora.records import Row
from slm_lora.report import verdict
from slm_lora.report.advice import of_told_ways
from slm_lora.report.baselines import simple_ways
from slm_lora.tasks import TASKS, Given
from slm_lora.tasks.classification import baselines as simple
from slm_lora.tasks.classification import encoder
from slm_lora.tasks.examples import choose, with_examples
from tests.helpers.rows import write_jsonl
from tests.helpers.tiny import (
    CHAT_TEMPLATE,
    make_llama,
    make_rows,
    make_tokenizer,
    slm_lora,
)

LABELS = ["negative", "positive"]
PROMPT = "Is it good or bad?\n{text}\nAnswer:"


def make_distilbert(folder: Path) -> Path:
    """A 2-layer encoder of random weights with the byte tokenizer."""
    make_tokenizer(folder)
    torch.manual_seed(0)
    shape = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64}
    config = DistilBertConfig(
        vocab_size=320, max_position_embeddings=64, pad_token_id=2, dropout=0.0, **shape
    )
    DistilBertModel(config).save_pretrained(folder)
    return folder


def rows(texts: list[str], labels: list[str], name: str = "row") -> list[Row]:
    return [
        {
            "id": f"{name}:{n}",
            "prompt": [{"role": "user", "content": PROMPT.format(text=text)}],
            "completion": [{"role": "assistant", "content": label}],
            "label": label,
        }
        for n, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]


def given(train: list[Row], test: list[Row], base: list[dict[str, Any]] | None = None) -> Given:
    config = Config(data=DataConfig(train="rows.jsonl", prompt=PROMPT))
    data: Any = Prepared(None, None, test, {}, train_rows=train, validation_rows=[])  # type: ignore[arg-type]
    return Given(None, None, data, LABELS, config, base or [])  # type: ignore[arg-type]


TRAIN = rows(
    ["a fine film", "dull and slow", "fine, fine!", "slow film", "a dull day", "so slow"],
    ["positive", "negative", "positive", "negative", "negative", "negative"],
)
TEST = rows(["fine day", "slow and dull", "nothing known"], ["positive"] * 3, "test")


def test_majority_has_the_shares_of_the_training_rows() -> None:
    found = simple.majority(given(TRAIN, TEST))
    assert [p["prediction"] for p in found] == ["negative"] * 3
    assert found[0]["probabilities"] == pytest.approx({"negative": 4 / 6, "positive": 2 / 6})
    assert [p["verdict"] for p in found] == ["wrong"] * 3


def test_tfidf_is_scikit_learn_on_the_texts_without_the_prompt() -> None:
    texts = ["a fine film", "dull and slow", "fine, fine!", "slow film", "a dull day", "so slow"]
    words = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]")
    model = LogisticRegression().fit(words.fit_transform(texts), [r["label"] for r in TRAIN])
    tested = ["fine day", "slow and dull", "nothing known"]
    expected = model.predict_proba(words.transform(tested))
    found = simple.tfidf(given(TRAIN, TEST))
    probabilities = [list(p["probabilities"].values()) for p in found]
    assert np.allclose(probabilities, expected)
    assert [p["prompt"] for p in found] == tested


def test_one_label_in_training_makes_no_regression() -> None:
    assert simple.tfidf(given(rows(["a", "b"], ["positive"] * 2), TEST)) == []


@pytest.mark.parametrize(
    ("prompt", "said"),
    [(None, "x"), ("{text}", "x"), ("Q {{a}}: {text}", "Q {a}: x"), ("{text}?", "x?")],
)
def test_own_text_leaves_the_template_out(prompt: str | None, said: str) -> None:
    row: Row = {"id": "1", "prompt": [{"role": "user", "content": said}], "completion": []}
    assert simple.own_text(row, DataConfig(prompt=prompt)) == "x"


def test_calibration_by_hand() -> None:
    """The base leans to positive in every row; its mean over the rows is taken off."""
    scores = [(-2.0, -1.0), (-3.0, -1.0), (-1.0, -0.9)]
    base = [{"prompt": "?", "scores": dict(zip(LABELS, pair, strict=True))} for pair in scores]
    logs = np.log(softmax(np.array(scores), axis=1))
    gaps = (logs[:, 0] - logs[:, 1]) - (logs[:, 0] - logs[:, 1]).mean()  # -1, -2, -0.1 less -31/30
    assert gaps == pytest.approx([-1 + 31 / 30, -2 + 31 / 30, -0.1 + 31 / 30])
    found = simple.calibrated(given(TRAIN, TEST, base))
    odds = [p["probabilities"]["negative"] / p["probabilities"]["positive"] for p in found]
    assert odds == pytest.approx(list(np.exp(gaps)))
    assert [p["prediction"] for p in found] == ["negative", "positive", "negative"]


# ---------------------------------------------------------------- examples in the prompt


def test_examples_are_even_and_favour_no_end() -> None:
    many = rows([str(n) for n in range(60)], ["negative"] * 50 + ["positive"] * 10)
    for seed in range(5):
        labels = [row["label"] for row in choose(many, 4, seed)]
        assert Counter(labels) == {"negative": 2, "positive": 2}
        assert labels == labels[::-1]
    assert choose(many, 4, 1) == choose(many, 4, 1) != choose(many, 4, 2)
    assert len(choose(many, 100, 0)) == 60


def test_examples_that_do_not_fit_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    turns = 5  # two for each example and one for the question
    shown, count = with_examples(
        TEST, TRAIN, 4, seed=0, fits=lambda rows: max(len(r["prompt"]) for r in rows) <= turns
    )
    assert count == 2
    assert [turn["role"] for turn in shown[0]["prompt"]] == ["user", "assistant"] * 2 + ["user"]
    assert shown[0]["prompt"][:-1] == shown[1]["prompt"][:-1]
    assert with_examples(TEST, TRAIN, 4, seed=0, fits=lambda rows: False)[1] == 0


# ---------------------------------------------------------------- a run


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], str]:
    """A run on a model of 256 positions: each example takes about 50 of them."""
    folder = tmp_path_factory.mktemp("run")
    words = [
        "task=classification",
        f"data.train={make_rows(folder / 'train.jsonl', 80)}",
        f"data.test={make_rows(folder / 'test.jsonl', 30, seed=1)}",
        f"model.name_or_path={make_llama(folder / 'llama', CHAT_TEMPLATE)}",
        f"baselines.encoder={make_distilbert(folder / 'distilbert')}",
        "baselines.shots=8",
        "baselines.encoder_epochs=1",
        "quantization=none",
        "device=cpu",
        "trainer.max_length=128",
        "trainer.max_steps=2",
        "batch_size=8",
        "merge.after_training=false",
        "retention.rows=0",
        "run_dir=run",
    ]
    result = slm_lora(*words, cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder / "run", words, result.stdout


def test_every_baseline_is_compared_on_the_same_items(done: tuple[Path, list[str], str]) -> None:
    run, _, _ = done
    metrics = read_json(run / "metrics.json")
    assert set(metrics["baselines"]) == {"majority", "tfidf", "calibrated", "shots", "encoder"}
    tuned = read_jsonl(run / "predictions" / "tuned.jsonl")
    for name, found in metrics["baselines"].items():
        lines = read_jsonl(run / "predictions" / "baselines" / f"{name}.jsonl")
        right = [[p["prediction"] == p["label"] for p in side] for side in (lines, tuned)]
        assert [p["id"] for p in lines] == [p["id"] for p in tuned]
        assert found["accuracy"] == pytest.approx(np.mean(right[0]))
        wins = sum(t and not b for b, t in zip(*right, strict=True))
        losses = sum(b and not t for b, t in zip(*right, strict=True))
        p = binomtest(wins, wins + losses).pvalue if wins + losses else 1
        assert found["comparison"]["p_value"] == pytest.approx(p)
        assert found["comparison"]["difference"] == pytest.approx(
            np.mean(right[1]) - np.mean(right[0])
        )
        assert found["seconds"] > 0
    # Marks of six signs decide: what reads signs gets all of them.
    assert metrics["baselines"]["tfidf"]["accuracy"] == 1
    stages = {"load", "baseline", "baselines", "retention", "train", "evaluate"}
    assert set(metrics["seconds"]) == stages
    parts = sum(found["seconds"] for found in metrics["baselines"].values())
    assert parts <= metrics["seconds"]["baselines"]


def test_as_many_training_rows_as_fit_stand_in_the_prompts(
    done: tuple[Path, list[str], str],
) -> None:
    run, _, _ = done
    lines = read_jsonl(run / "predictions" / "baselines" / "shots.jsonl")
    texts = {
        split: [json.loads(line)["text"] for line in (run.parent / f"{split}.jsonl").open()]
        for split in ("train", "test")
    }
    count = lines[0]["examples"]
    assert 1 <= count < 8
    for line in lines:
        assert len(line["prompt"].encode()) < 256
        assert sum(text in line["prompt"] for text in texts["train"]) == count
        assert [text in line["prompt"] for text in texts["test"]].count(True) == 1
    metrics = read_json(run / "metrics.json")
    assert metrics["baselines"]["shots"]["label"] == f"base with {count} examples in the prompt"


def test_verdict_report_and_card_name_them(done: tuple[Path, list[str], str]) -> None:
    run, _, said = done
    metrics = read_json(run / "metrics.json")
    metrics["baselines"].pop("encoder")
    assert metrics["tuned"]["accuracy"] < 0.8
    assert "worse than the best simple way, TF-IDF + logistic regression" in verdict(metrics)
    assert "the best simple way" in " ".join(said.split())
    page, card = (run / "report.html").read_text(), (run / "adapter" / "README.md").read_text()
    for text in (page, card):
        assert "TF-IDF + logistic regression" in text
        assert "simpler ways than tuning" in text
    assert "Better than what" in page


def test_verdict_where_tuning_is_better(done: tuple[Path, list[str], str]) -> None:
    metrics = read_json(done[0] / "metrics.json")
    better = metrics["baselines"]["majority"] | {"accuracy": 0.7531}
    better["comparison"] = {
        **better["comparison"],
        "difference": 0.1,
        "ci95": [0.05, 0.15],
        "p_value": 0.001,
    }
    metrics["baselines"] = {"majority": better}
    assert verdict(metrics).endswith("The best simple way, majority class, reaches 0.753.")
    assert simple_ways({**metrics, "baselines": {}}) == []
    assert "simple way" not in verdict({**metrics, "baselines": {}})


def test_a_file_that_is_there_is_not_made_again(done: tuple[Path, list[str], str]) -> None:
    run, words, _ = done
    folder = run / "predictions" / "baselines"
    before = read_json(run / "metrics.json")
    (folder / "tfidf.jsonl").unlink()
    times = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    adapter = (run / "adapter" / "adapter_model.safetensors").stat().st_mtime_ns
    result = slm_lora(*words, cwd=run.parent)
    assert result.returncode == 0, result.stderr
    assert {name: (folder / name).stat().st_mtime_ns for name in times} == times
    assert (run / "adapter" / "adapter_model.safetensors").stat().st_mtime_ns == adapter
    after = read_json(run / "metrics.json")
    assert after["baselines"]["tfidf"]["accuracy"] == before["baselines"]["tfidf"]["accuracy"]
    assert after["baselines"]["shots"] == before["baselines"]["shots"]
    assert after["seconds"]["train"] >= before["seconds"]["train"]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("task", "word", "expected"),
    [
        ("text", "baselines.encoder=some/encoder", "baselines.encoder with task=text"),
        ("classification", "baselines.context=sheet.md", "baselines.context with task=class"),
        ("classification", "baselines.encoder=./none", "baselines.encoder=./none cannot be loaded"),
    ],
)
def test_a_baseline_that_cannot_be_made_is_refused_at_once(
    tmp_path: Path, llama: Path, task: str, word: str, expected: str
) -> None:
    result = slm_lora(
        f"task={task}",
        f"data.train={make_rows(tmp_path / 'train.jsonl', 40)}",
        f"data.test={make_rows(tmp_path / 'test.jsonl', 20, seed=1)}",
        f"model.name_or_path={llama}",
        "quantization=none",
        "trainer.max_length=128",
        "run_dir=run",
        word,
        cwd=tmp_path,
    )
    assert result.returncode == 2
    assert expected in " ".join(result.stderr.split())
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("method", "rate"), [("full", 1e-2), ("lora", 3e-2)])
def test_an_encoder_learns_its_labels(tmp_path: Path, method: str, rate: float) -> None:
    """The first sign decides; scores come in the order of the texts, whatever their lengths."""
    asked = BaselinesConfig(
        encoder=str(make_distilbert(tmp_path / "encoder")),
        encoder_method=method,
        encoder_epochs=5,
        encoder_learning_rate=rate,
    )
    signs = {"negative": "?", "positive": "!"}
    truth = [LABELS[n // 3 % 2] for n in range(104)]
    texts = [f"{signs[label]} film {n}{' so' * (n % 7)}" for n, label in enumerate(truth)]
    scores = encoder.tune(
        [texts[:48], texts[48:56], texts[56:]],
        [truth[:48], truth[48:56]],
        LABELS,
        config=Config(batch_size=8, baselines=asked),
        on_cpu=True,
    )
    assert [LABELS[n] for n in scores.argmax(1)] == truth[56:]


def test_an_encoder_without_weights_is_refused(tmp_path: Path) -> None:
    folder = make_distilbert(tmp_path / "encoder")
    config = Config(baselines=BaselinesConfig(encoder=str(folder)))
    check = TASKS["classification"].baselines(config)["encoder"].check
    check(config, None, None, 0)  # type: ignore[arg-type]
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"model\.safetensors not found"):
        check(config, None, None, 0)  # type: ignore[arg-type]


# ---------------------------------------------------------------- code


def program(number: int, tested: bool) -> dict[str, Any]:
    value = number % 2
    found = {"id": f"r{number}", "instruction": f"set {number}", "solution": f"a={value}\n"}
    found["split"] = ("even", "odd")[value]
    tests = {"tests": [f"assert a == {value}"], "entry_points": ["a"]}
    return found | tests if tested else found


def code_run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return slm_lora(
        "task=code",
        f"data.train={write_jsonl(folder / 'train.jsonl', [program(n, False) for n in range(60)])}",
        f"data.test={write_jsonl(folder / 'test.jsonl', [program(n, True) for n in (90, 91, 92)])}",
        f"model.name_or_path={make_llama(folder / 'llama')}",
        "sandbox=process",
        "quantization=none",
        "task.n_samples=2",
        "task.k=[2]",
        "task.max_new_tokens=8",
        "trainer.max_length=64",
        "trainer.max_steps=1",
        "merge.after_training=false",
        "device=cpu",
        "run_dir=run",
        *words,
        cwd=folder,
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run folder, and what was printed."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "sheet.md").write_text("# Sheet\nwrite a=1\n")
    learning = ("trainer.max_steps=30", "trainer.learning_rate=1e-2")
    result = code_run(folder, "baselines.context=sheet.md", *learning)
    assert result.returncode == 0, result.stderr
    return folder / "run", result.stdout


def test_code_has_examples_and_a_cheat_sheet_in_the_prompt(told: tuple[Path, str]) -> None:
    run, _ = told
    folder = run / "predictions" / "baselines"
    names = ("context", "tuned_context", "shots")
    base, tuned, shown = (read_jsonl(folder / f"{name}.jsonl") for name in names)
    for lines in (base, tuned):
        assert [p["prompt"] for p in lines] == [
            f"<s># Sheet\nwrite a=1\n\nset {n}" for n in (90, 91, 92)
        ]
    assert [p["greedy"]["raw"] for p in base] != [p["greedy"]["raw"] for p in tuned]
    assert shown[0]["examples"] == 4
    assert all(p["samples"] == [] and p["greedy"]["verdict"] for p in base + tuned + shown)
    assert shown[0]["prompt"].count("</s>set ") == 4
    metrics = read_json(run / "metrics.json")
    assert metrics["baselines"]["context"]["label"] == "base with sheet.md in the prompt"
    assert metrics["baselines"]["shots"]["comparison"]["test"] == "McNemar"


def test_each_way_is_compared_on_every_split(told: tuple[Path, str]) -> None:
    run, _ = told
    found = read_json(run / "metrics.json")["baselines"]
    after = read_jsonl(run / "predictions" / "tuned.jsonl")
    for name, of_tuned in (("context", False), ("tuned_context", True), ("shots", False)):
        assert found[name]["of_tuned"] == of_tuned
        before = read_jsonl(run / "predictions" / "baselines" / f"{name}.jsonl")
        for split in (None, "even", "odd"):
            base, tuned = (
                np.array(
                    [p["greedy"]["verdict"] == "pass" for p in side if split in (None, p["split"])]
                )
                for side in (before, after)
            )
            measured = found[name]["splits"][split] if split else found[name]
            compared = found[name]["comparison"]
            compared = compared["splits"][split] if split else compared
            assert measured["pass@1"] == pytest.approx(base.mean())
            assert compared["difference"] == pytest.approx(tuned.mean() - base.mean())
            assert compared["wins"] == (tuned & ~base).sum()
            assert compared["ci95"][0] <= compared["difference"] <= compared["ci95"][1]


def test_the_ways_stand_in_one_table_and_in_a_line(told: tuple[Path, str]) -> None:
    run, said = told
    page = (run / "report.html").read_text()
    section = page.split("Better than what")[1].split("</table>")[0]
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', section, re.DOTALL)
    labels = [label for label, _ in rows]
    assert labels[0] == "base"
    assert set(labels[1:3]) == {
        "base with 4 examples in the prompt",
        "base with sheet.md in the prompt",
    }
    assert labels[3:] == ["tuned", "tuned with sheet.md in the prompt"]
    assert re.findall(r"(even|odd)<small>(\d) items", section) == [("even", "2"), ("odd", "1")]
    metrics = read_json(run / "metrics.json")
    for (_, cells), found in zip(
        (rows[0], rows[3], rows[4]),
        (metrics["base"], metrics["tuned"], metrics["baselines"]["tuned_context"]),
        strict=True,
    ):
        parts = [found, found["splits"]["even"], found["splits"]["odd"]]
        shown = re.findall(r"<td>([\d.]+)<small>[\d.]+ to", cells)
        assert [float(figure) for figure in shown] == pytest.approx(
            [part["pass@1"] for part in parts], abs=5e-4
        )
    line = " ".join(said.split())
    assert f"pass@1: base {metrics['base']['pass@1']:.3f}, base with" in line
    assert f"tuned with sheet.md in the prompt {found['pass@1']:.3f}" in line
    # The tuned model with a sheet is no simpler way than tuning.
    assert all("tuned" not in way.label for way in simple_ways(metrics))


def test_more_in_the_prompt_that_still_helps_is_told(told: tuple[Path, str]) -> None:
    metrics = read_json(told[0] / "metrics.json")
    way = metrics["baselines"]["tuned_context"]
    way["comparison"] |= {"difference": -0.2, "ci95": [-0.3, -0.1], "p_value": 0.001}
    way["pass@1"] = 0.9
    facts = [finding.fact for finding in of_told_ways(metrics)]
    assert facts == [
        "More in the prompt still helps: tuned with sheet.md in the prompt reaches 0.900."
    ]
    way["comparison"]["difference"], way["comparison"]["ci95"] = 0.2, [0.1, 0.3]
    assert of_told_ways(metrics) == []


def test_a_sheet_longer_than_the_context_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "sheet.md").write_text("word " * 60)
    result = code_run(tmp_path, "baselines.context=sheet.md")
    assert result.returncode == 0, result.stderr
    said = " ".join(result.stderr.split())
    assert "sheet.md is left out: with it the longest prompt has 308 tokens, and 248 fit" in said
    assert set(read_json(tmp_path / "run" / "metrics.json")["baselines"]) == {"shots"}


def test_a_sheet_that_is_not_there_is_refused(tmp_path: Path) -> None:
    result = code_run(tmp_path, "baselines.context=sheet.md")
    assert result.returncode == 2
    assert "baselines.context=sheet.md cannot be read" in " ".join(result.stderr.split())
