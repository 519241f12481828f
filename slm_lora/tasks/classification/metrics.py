"""Figures of a classification: shares of right answers, per label, and how sure the model was."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.metrics import (
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)

from slm_lora import stats
from slm_lora.config.sections.task import TaskConfig
from slm_lora.records import Comparison
from slm_lora.tasks import paired
from slm_lora.tasks.task import Metric, Prediction

FIGURES: Mapping[str, Metric] = {
    "accuracy": Metric(
        "accuracy",
        hub="accuracy",
        about="share of the items whose likeliest label is the right one",
    ),
    "f1_macro": Metric(
        "macro F1", hub="f1", about="precision and recall in one, the mean over the labels"
    ),
    "log_loss": Metric(
        "log loss",
        "nats",
        higher_is_better=False,
        about="how surprised it is by the right label; sure and wrong costs most",
    ),
    "brier": Metric(
        "Brier score",
        "0 to 2",
        higher_is_better=False,
        about="squared distance of the probabilities from the truth",
    ),
    "calibration_error": Metric(
        "calibration error",
        higher_is_better=False,
        about="how far its probabilities are from how often it is right",
    ),
    "accuracy_generated": Metric(
        "accuracy of written answers", about="the label that it writes, not the likeliest one"
    ),
    "unparsable": Metric(
        "written answers that name no label", higher_is_better=False, about="share of all answers"
    ),
}


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
) -> Comparison:
    """Tuned against base on the same items: share of right answers."""
    return paired.right_or_wrong(_right(base), _right(tuned))


def _right(predictions: Sequence[Prediction]) -> list[bool]:
    return [p["verdict"] == "correct" for p in predictions]
