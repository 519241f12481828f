"""Classification: every label is scored by its log-likelihood, and the written answer is parsed.

    python -m slm_lora +recipe=sentiment model=nano

A label's score is that of its tokens after the prompt, without what the chat template writes after
an answer: a base model that was never taught to end there is not punished for it. Probabilities
are the softmax of the scores over the labels.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.metrics import (
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)
from torch import nn
from transformers import PreTrainedTokenizerBase

from slm_lora import rendering, stats
from slm_lora.config.schema import Config
from slm_lora.config.sections.task import TaskConfig
from slm_lora.data import Loaded
from slm_lora.errors import UserError
from slm_lora.generate import answer_log_likelihoods, answers
from slm_lora.records import Row
from slm_lora.tasks.task import Prediction, Task


def predict(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Row],
    labels: list[str],
    config: Config,
    title: str,
) -> list[Prediction]:
    """One prediction a row: scores, probabilities, the best label, the written answer."""
    answered: list[Row] = [
        {**row, "completion": [{"role": "assistant", "content": label}]}
        for row in rows
        for label in labels
    ]
    encoded = rendering.encode(answered, tokenizer)
    prompts = [item.prompt for item in encoded]
    task = config.task
    likelihoods = answer_log_likelihoods(
        model, prompts, [item.answer for item in encoded], task.batch_size, f"{title}: scoring"
    )
    reduce = np.mean if task.label_score == "mean" else np.sum
    scores = np.array([reduce(tokens) for tokens in likelihoods]).reshape(len(rows), len(labels))
    written: dict[int, list[str]] = {}
    if task.generate:
        stops = {item.terminator[0] for item in encoded if item.terminator}
        longest = max(len(item.answer) for item in encoded)
        written = dict(
            answers(
                model,
                tokenizer,
                prompts[:: len(labels)],
                stops | {tokenizer.eos_token_id},
                longest + 4,
                task.batch_size,
                f"{title}: writing",
            )
        )
    return [
        _prediction(row, rendering.prompt_text(row, tokenizer), labels, scores[i], written.get(i))
        for i, row in enumerate(rows)
    ]


def _prediction(
    row: Row, prompt: str, labels: list[str], scores: np.ndarray, written: list[str] | None
) -> Prediction:
    best = labels[int(np.argmax(scores))]
    probabilities = np.exp(log_softmax(scores))
    raw = written[0] if written else None
    return {
        "id": row["id"],
        "prompt": prompt,
        "label": row["label"],
        "scores": dict(zip(labels, scores.tolist(), strict=True)),
        "probabilities": dict(zip(labels, probabilities.tolist(), strict=True)),
        "prediction": best,
        "raw": raw,
        "extracted": None if raw is None else parse_answer(raw, labels),
        "verdict": "correct" if best == row["label"] else "wrong",
    }


def parse_answer(text: str, labels: Sequence[str]) -> str | None:
    """The label that a written answer names, None when it names none.

    The rule: blanks and punctuation before it aside and whatever the case, the answer must begin
    with a label name, and no letter, digit or underscore may follow it; of several such names the
    longest counts. What comes after it does not matter.
    """
    for label in sorted(labels, key=len, reverse=True):
        if re.match(rf"[\W_]*?{re.escape(label)}(?!\w)", text, flags=re.IGNORECASE):
            return label
    return None


def metrics(predictions: Sequence[Prediction], config: TaskConfig) -> dict[str, Any]:
    """Scores of one model over all test items."""
    labels = list(predictions[0]["probabilities"])
    truth = [p["label"] for p in predictions]
    predicted = [p["prediction"] for p in predictions]
    correct = [p["verdict"] == "correct" for p in predictions]
    probabilities = np.array([list(p["probabilities"].values()) for p in predictions])
    indices = np.array([labels.index(label) for label in truth])
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, predicted, labels=labels, zero_division=0
    )
    found: dict[str, Any] = {
        "accuracy": float(np.mean(correct)),
        "accuracy_ci95": list(stats.wilson(sum(correct), len(correct))),
        "f1_macro": float(np.mean(f1)),
        "log_loss": float(log_loss(indices, probabilities, labels=range(len(labels)))),
        "brier": stats.brier(probabilities, indices),
        "calibration_error": stats.calibration_error(probabilities.max(axis=1), correct),
        "per_class": {
            label: {
                "precision": float(precision[i]),
                "recall": float(recall[i]),
                "f1": float(f1[i]),
                "support": int(support[i]),
            }
            for i, label in enumerate(labels)
        },
        "confusion_matrix": {
            "labels": labels,
            "rows": confusion_matrix(truth, predicted, labels=labels).tolist(),
        },
        "n_items": len(predictions),
        "accuracy_generated": None,
        "unparsable": None,
    }
    if predictions[0]["raw"] is not None:
        extracted = [p["extracted"] for p in predictions]
        found["accuracy_generated"] = float(
            np.mean([e == t for e, t in zip(extracted, truth, strict=True)])
        )
        found["unparsable"] = float(np.mean([e is None for e in extracted]))
    return found


def compare(
    base: Sequence[Prediction], tuned: Sequence[Prediction], config: TaskConfig
) -> dict[str, Any]:
    """Tuned against base on the same items: difference, paired interval, exact McNemar p."""
    before = [p["verdict"] == "correct" for p in base]
    after = [p["verdict"] == "correct" for p in tuned]
    wins = sum(a and not b for b, a in zip(before, after, strict=True))
    losses = sum(b and not a for b, a in zip(before, after, strict=True))
    difference, interval = stats.paired_difference(before, after)
    return {
        "difference": difference,
        "ci95": list(interval),
        "p_value": stats.mcnemar_p(wins, losses),
        "wins": wins,
        "losses": losses,
        "test": "McNemar",
        "ties": len(before) - wins - losses,
    }


def labels_of(config: Config, loaded: Loaded) -> list[str]:
    """The labels to choose from, in the config's order when it names them.

    Raises:
        UserError: the task needs labels and the rows have none, or only one.
    """
    rows = loaded.train + loaded.validation + loaded.test
    found = {row["label"] for row in rows if "label" in row}
    if len(found) == 1:
        raise UserError(
            f"all rows have the label {found.pop()}", "a classification needs rows of two labels"
        )
    if not found:
        raise UserError(
            f"task=classification, but the rows are {loaded.report['shape']}, without labels",
            "name the label's column by data.columns.label=NAME, or type task=text",
        )
    named = dict.fromkeys(config.data.labels.values())
    return [name for name in named if name in found] or sorted(found)


CLASSIFICATION = Task(
    name="classification",
    primary="accuracy",
    labels=labels_of,
    check=lambda rows, config: None,
    predict=predict,
    metrics=metrics,
    compare=compare,
)
