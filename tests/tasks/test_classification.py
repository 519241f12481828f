"""The parsing rule, and the metrics against scikit-learn-free arithmetic."""

import math

import pytest
import torch
from transformers import AutoModelForCausalLM

from slm_lora.config import compose
from slm_lora.config.schema import Config
from slm_lora.config.sections.task import TaskConfig
from slm_lora.hardware import Device
from slm_lora.model import load_base, load_tokenizer
from slm_lora.tasks import classification
from slm_lora.tasks.classification import parse_answer
from tests.helpers.tiny import make_llama

LABELS = ["good", "good enough", "bad"]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("good", "good"),
        ("  Good.", "good"),
        ('"BAD", I would say', "bad"),
        ("**good enough** for me", "good enough"),
        ("goodness", None),
        ("not good", None),
        ("very good", None),
        ("", None),
        ("good_1", None),
        ("\n\nbad\nbad", "bad"),
    ],
)
def test_parsing_rule(text: str, label: str | None) -> None:
    assert parse_answer(text, LABELS) == label


def test_sign_belongs_to_the_label() -> None:
    assert parse_answer(" -1", ["1", "-1"]) == "-1"
    assert parse_answer("1", ["1", "-1"]) == "1"


def test_number_with_decimals_is_another_number() -> None:
    assert parse_answer("10 of 10", ["1", "10"]) == "10"
    assert parse_answer("1.5", ["1", "2"]) is None
    assert parse_answer("1.5", ["1", "1.5"]) == "1.5"
    assert parse_answer("1.", ["1", "2"]) == "1"


def test_labels_that_differ_in_case_are_told_apart() -> None:
    assert parse_answer("it.", ["IT", "it"]) == "it"
    assert parse_answer("IT.", ["it", "IT"]) == "IT"


def prediction(label: str, positive: float) -> dict:
    best = "positive" if positive > 0.5 else "negative"
    return {
        "label": label,
        "probabilities": {"negative": 1 - positive, "positive": positive},
        "prediction": best,
        "verdict": "correct" if best == label else "wrong",
        "raw": None,
        "extracted": None,
    }


def test_metrics_by_hand() -> None:
    items = [
        prediction("positive", 0.9),
        prediction("positive", 0.4),
        prediction("negative", 0.2),
        prediction("negative", 0.3),
    ]
    found = classification.metrics(items, TaskConfig())
    assert found["accuracy"] == 0.75
    assert found["confusion_matrix"] == {
        "labels": ["negative", "positive"],
        "rows": [[2, 0], [1, 1]],
    }
    assert found["per_class"]["negative"]["precision"] == pytest.approx(2 / 3)
    assert found["f1_macro"] == pytest.approx((0.8 + 2 / 3) / 2)
    expected = -(math.log(0.9) + math.log(0.4) + math.log(0.8) + math.log(0.7)) / 4
    assert found["log_loss"] == pytest.approx(expected)
    assert found["brier"] == pytest.approx(2 * (0.01 + 0.36 + 0.04 + 0.09) / 4)


def test_scores_are_the_same_whether_answers_are_written_or_not(monkeypatch) -> None:
    """Labels of one token are scored by the reading of a prompt that its answer is written after,
    others before it."""
    compose.register()
    config = compose.load(["model=nano", "quantization=none"])
    tokenizer = load_tokenizer(config)
    model = load_base(config, Device("cpu", "CPU", 0, "fp32"))
    rows = [
        {"id": text, "label": "negative", "prompt": [{"role": "user", "content": f"It is {text}"}]}
        for text in ("good.", "the worst of all that I have seen", "bad")
    ]
    scored = []
    label_scores = classification.label_scores
    monkeypatch.setattr(
        classification,
        "label_scores",
        lambda *words, **options: scored.append(words) or label_scores(*words, **options),
    )
    for labels, calls in ((["negative", "positive"], 1), (["negative", "positively not"], 2)):
        scored.clear()
        only, written = (
            classification.predict(
                model,
                tokenizer,
                rows,
                labels,
                config=Config(task=TaskConfig(generate=generate)),
                title="",
            )
            for generate in (False, True)
        )
        assert len(scored) == calls
        for one, other in zip(only, written, strict=True):
            assert one["scores"] == pytest.approx(other["scores"], abs=1e-4)
            assert one["raw"] is None
            assert other["raw"]


def test_mean_score_is_per_token(tmp_path) -> None:
    """With `sum` the long label pays for each of its tokens; with `mean` it does not."""
    compose.register()
    folder = make_llama(tmp_path / "llama")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = load_tokenizer(compose.load([f"model.name_or_path={folder}"]))
    row = {"id": "1", "label": "yes", "prompt": [{"role": "user", "content": "so:"}]}
    labels = ["yes", "certainly not"]
    scores = {
        kind: classification.predict(
            model,
            tokenizer,
            [row],
            labels,
            config=Config(task=TaskConfig(label_score=kind, generate=False)),
            title="",
        )[0]["scores"]
        for kind in ("sum", "mean")
    }
    for label in labels:
        tokens = len(label) + 1  # a byte is a token; the plain template puts a space before
        assert scores["sum"][label] == pytest.approx(tokens * scores["mean"][label])
