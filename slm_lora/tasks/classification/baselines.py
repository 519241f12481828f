"""Simple ways to classify: what the tuned model must beat to be worth its price.

python -m slm_lora +recipe=sentiment model=nano baselines.shots=8
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from string import Formatter

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from slm_lora import rendering
from slm_lora.config.schema import Config
from slm_lora.config.sections.data import DataConfig
from slm_lora.reading import context_length
from slm_lora.records import Row
from slm_lora.scoring import label_scores, with_labels
from slm_lora.tasks.classification import encoder
from slm_lora.tasks.classification.prediction import prediction
from slm_lora.tasks.examples import longest_prompt, with_examples
from slm_lora.tasks.task import Baseline, Given, Prediction

LEAST = 1e-12
"""Probability of a label that a baseline holds impossible: its logarithm stays finite."""
TERM = r"\w+|[^\w\s]"
"""A word of any length, or a sign: marks such as !! and emoji tell moods too."""


def baselines_for(config: Config) -> Mapping[str, Baseline]:
    """What the config asks for; the first three cost seconds."""
    asked, found = config.baselines, {}
    found["majority"] = Baseline("majority class", majority)
    found["tfidf"] = Baseline("TF-IDF + logistic regression", tfidf)
    found["calibrated"] = Baseline("base calibrated on the test prompts", calibrated)
    if asked.shots:
        found["shots"] = Baseline("base with {examples} examples in the prompt", shots)
    if asked.encoder:
        name = os.path.basename(os.path.normpath(asked.encoder))  # noqa: PTH119 (a hub id too)
        found["encoder"] = Baseline(f"encoder {name}", encoded, encoder.check)
    return found


def majority(given: Given) -> list[Prediction]:
    """Always the most frequent label of the training rows; probabilities are their shares."""
    counts = Counter(row["label"] for row in given.data.train_rows)
    shares = np.array([counts[label] for label in given.labels]) / sum(counts.values())
    return _predictions(given, np.tile(shares, (len(given.data.test), 1)))


def tfidf(given: Given) -> list[Prediction]:
    """Words and signs weighted by TF-IDF, then a logistic regression, both with scikit-learn's own
    settings. None where all training rows have one label."""
    training, test = given.data.train_rows, given.data.test
    truth = [row["label"] for row in training]
    if len(set(truth)) < 2:
        return []
    words = TfidfVectorizer(token_pattern=TERM)
    found = make_pipeline(words, LogisticRegression(max_iter=1000))
    found.fit([own_text(row, given.config.data) for row in training], truth)
    by_class = found.predict_proba([own_text(row, given.config.data) for row in test])
    known = dict(zip(found.classes_, by_class.T, strict=True))
    absent = np.zeros(len(test))
    return _predictions(given, np.stack([known.get(label, absent) for label in given.labels], 1))


def calibrated(given: Given) -> list[Prediction]:
    """Batch calibration (Zhou et al., arXiv:2309.17249): what the base model gives a label over all
    test prompts, in the mean, is taken from its log-probability. It needs no answers."""
    scores = np.array([[p["scores"][label] for label in given.labels] for p in given.base])
    logs = log_softmax(scores, axis=1)
    prompts = [p["prompt"] for p in given.base]
    return _scored(given, prompts, logs - logs.mean(axis=0))


def shots(given: Given) -> list[Prediction]:
    """The base model with solved training rows in its prompt, the same for all rows; only the
    labels are scored, and the examples are read once. None where not one example fits."""
    tokenizer, labels, config = given.tokenizer, given.labels, given.config
    context = context_length(given.model.config)
    room = max(map(len, rendering.tokenize(labels, tokenizer))) + 1

    def fits(rows: Sequence[Row]) -> bool:
        return longest_prompt(rows, tokenizer) + room <= context

    rows, count = with_examples(
        given.data.test,
        given.data.train_rows,
        config.baselines.shots,
        seed=config.seed,
        fits=fits,
    )
    if not count:
        return []
    scores = label_scores(
        given.model,
        with_labels(rows, labels, tokenizer),
        len(labels),
        config=config.task,
        title=f"base model, {count} examples: scoring",
    )
    prompts = [rendering.prompt_text(row, tokenizer) for row in rows]
    return [{**p, "examples": count} for p in _scored(given, prompts, scores)]


def encoded(given: Given) -> list[Prediction]:
    """A BERT-type encoder with a classification head, tuned on the same rows."""
    splits = (given.data.train_rows, given.data.validation_rows, given.data.test)
    texts = [[own_text(row, given.config.data) for row in rows] for rows in splits]
    truth = [[row["label"] for row in rows] for rows in splits[:2]]
    on_cpu = next(given.model.parameters()).device.type == "cpu"
    found = encoder.tune(texts, truth, given.labels, config=given.config, on_cpu=on_cpu)
    return _scored(given, texts[2], found)


def own_text(row: Row, config: DataConfig) -> str:
    """What the user says in a row, without what `data.prompt` writes before its first column and
    after its last one: all rows have that in common, and it asks a language model."""
    said = "\n".join(turn["content"] for turn in row["prompt"] if turn["role"] == "user")
    parts = list(Formatter().parse(config.prompt or "{text}"))
    columns = [n for n, (_, name, _, _) in enumerate(parts) if name is not None]
    before = "".join(written for written, *_ in parts[: columns[0] + 1])
    after = "".join(written for written, *_ in parts[columns[-1] + 1 :])
    return said.removeprefix(before).removesuffix(after)


def _predictions(given: Given, probabilities: NDArray[np.float64]) -> list[Prediction]:
    texts = [own_text(row, given.config.data) for row in given.data.test]
    return _scored(given, texts, np.log(np.maximum(probabilities, LEAST)))


def _scored(given: Given, prompts: Sequence[str], scores: NDArray[np.float64]) -> list[Prediction]:
    """`scores` (rows, labels)."""
    return [
        prediction(row, prompt, given.labels, own)
        for row, prompt, own in zip(given.data.test, prompts, scores, strict=True)
    ]
