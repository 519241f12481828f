"""Label scores against sums of the model's own probabilities: disjoint, finite, in fp32."""

import math

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from slm_lora.config import compose
from slm_lora.config.schema import Config
from slm_lora.config.sections.task import TaskConfig
from slm_lora.model import load_tokenizer
from slm_lora.rendering import encode
from slm_lora.scoring import label_scores, with_labels
from slm_lora.tasks import classification
from tests.helpers.tiny import make_llama

compose.register()


@pytest.fixture
def parts(tmp_path):
    """A model of random weights and its tokenizer, of which every byte is a token."""
    folder = make_llama(tmp_path / "llama")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return model, load_tokenizer(compose.load([f"model.name_or_path={folder}"]))


def row(text: str, label: str = "") -> dict:
    completion = [{"role": "assistant", "content": label}]
    return {
        "id": text,
        "label": label,
        "prompt": [{"role": "user", "content": text}],
        "completion": completion,
    }


def scores(parts, rows, labels, **options) -> np.ndarray:
    config = TaskConfig(kind="classification", **options)
    model, tokenizer = parts
    encoded = with_labels(rows, labels, tokenizer)
    return label_scores(model, encoded, len(labels), config=config, title="")


def probability(parts, text: str, label: str) -> float:
    """That the model's answer begins with the label's tokens; a plain forward pass in fp64."""
    model, tokenizer = parts
    (item,) = encode([row(text, label)], tokenizer)
    ids = torch.tensor([item.prompt + item.answer])
    with torch.no_grad():
        hidden = model.model(ids).last_hidden_state[0].double()
    every = (hidden @ model.lm_head.weight.double().T).log_softmax(-1)
    first = len(item.prompt) - 1
    return math.exp(sum(every[first + i, token].item() for i, token in enumerate(item.answer)))


def test_what_goes_on_into_a_longer_label_is_taken_away(parts) -> None:
    """A chain (a, ab, abd), a branch (ab, ac), and labels that only share letters."""
    labels = ["ab", "a", "b", "abd", "A", "ac", "bad"]
    longer = {"a": ["ab", "ac"], "ab": ["abd"], "b": ["bad"]}
    found = scores(parts, [row("one"), row("another")], labels)
    for text, line in zip(("one", "another"), found, strict=True):
        p = {label: probability(parts, text, label) for label in labels}
        for label, score in zip(labels, line, strict=True):
            exactly = p[label] - sum(p[other] for other in longer.get(label, []))
            assert math.exp(score) == pytest.approx(exactly, rel=1e-4)
        # The events share out what begins with one of them.
        assert np.exp(line).sum() == pytest.approx(p["a"] + p["b"] + p["A"], rel=1e-4)


def test_mean_divides_the_disjoint_score_by_the_tokens(parts) -> None:
    labels = ["good", "good value", "bad"]
    summed = scores(parts, [row("one")], labels)[0]
    mean = scores(parts, [row("one")], labels, label_score="mean")[0]
    # A byte is a token, and the plain template puts a space before.
    assert mean == pytest.approx(summed / [len(label) + 1 for label in labels])


def test_labels_that_tie_in_bf16_do_not(parts) -> None:
    """Logits near 16, as in large models; against a head in fp64 on the same hidden states."""
    model, tokenizer = parts[0].to(torch.bfloat16), parts[1]
    labels = [chr(n) for n in range(ord("A"), ord("z")) if chr(n).isalpha()]
    items = encode([row("one", label) for label in labels], tokenizer)
    tokens = torch.tensor([item.answer[-1] for item in items])
    ids = torch.tensor([items[0].prompt + items[0].answer[:-1]])
    with torch.no_grad():
        hidden = model.model(ids).last_hidden_state[0, -1]
        shifted = model.lm_head.weight + 16 * hidden / hidden.norm() ** 2
        model.lm_head.weight = torch.nn.Parameter(shifted)  # no longer the input embedding's
        rounded = model(ids).logits[0, -1, tokens]
    assert len(set(rounded.tolist())) < len(labels) / 2
    found = scores((model, tokenizer), [row("one")], labels)[0]
    assert len(set(found.tolist())) == len(labels)
    expected = [math.log(probability((model, tokenizer), "one", label)) for label in labels]
    assert found == pytest.approx(expected, abs=1e-3)


MARKS = {"good": "!!", "good value": "$$", "bad": "??", "1": "a", "10": "b"}
"""Label → what a text ends with; of two pairs of labels one begins the other."""


@pytest.fixture
def trained(parts):
    """The model, trained until it writes all answers right, and the rows it was trained on."""
    model, tokenizer = parts
    rows = [row(f"{n} {mark}", label) for label, mark in MARKS.items() for n in range(6)]
    items = encode(rows, tokenizer)
    width = max(len(item.ids) for item in items)
    ids = torch.tensor([item.ids + [2] * (width - len(item.ids)) for item in items])
    targets = torch.full_like(ids, -100)
    for target, item in zip(targets, items, strict=True):
        target[len(item.prompt) : len(item.ids)] = torch.tensor(item.completion)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(60):
        optimizer.zero_grad()
        model(ids, labels=targets).loss.backward()
        optimizer.step()
    return model, rows


@pytest.mark.parametrize("kind", ["sum", "mean"])
def test_scored_accuracy_is_that_of_the_written_answers(parts, trained, kind: str) -> None:
    model, rows = trained
    config = Config(task=TaskConfig(kind="classification", label_score=kind))
    found = classification.predict(model, parts[1], rows, list(MARKS), config=config, title="")
    measured = classification.metrics(found, config.task)
    assert measured["accuracy"] == measured["accuracy_generated"] == 1
    assert kind == "mean" or measured["log_loss"] < 0.1


def test_a_model_sure_of_the_longer_label_gives_finite_scores(parts, trained) -> None:
    """Nothing of the shorter label's mass is left, but for rounding."""
    model, rows = trained
    model.model.norm.weight.data *= 1e4  # every next token has a probability of 1 or 0
    value = next(r for r in rows if r["label"] == "good value")
    assert probability(parts, value["id"], "good") == 1
    assert probability(parts, value["id"], "good value") == 1
    good, better = scores(parts, [value], ["good", "good value"])[0]
    assert better == 0
    assert -20 < good < -10
