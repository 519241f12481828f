"""A line of predictions/*.jsonl of a classification, from the scores of the labels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from slm_lora.records import Row
from slm_lora.tasks.task import Prediction


def prediction(
    row: Row, prompt: str, labels: Sequence[str], scores: NDArray[np.float64]
) -> Prediction:
    """Probabilities are the softmax of the scores (labels,); nothing was written."""
    best = labels[int(np.argmax(scores))]
    probabilities = np.exp(log_softmax(scores))
    return {
        "id": row["id"],
        "prompt": prompt,
        "label": row["label"],
        "scores": dict(zip(labels, scores.tolist(), strict=True)),
        "probabilities": dict(zip(labels, probabilities.tolist(), strict=True)),
        "prediction": best,
        "raw": None,
        "extracted": None,
        "verdict": "correct" if best == row["label"] else "wrong",
    }
