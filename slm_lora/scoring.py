"""Labels scored as answers to a row, for evaluations, chat and serve.

encoded = with_labels(rows, ["no", "yes"], tokenizer)
scores = label_scores(model, encoded, 2, config=config.task, title="scoring")
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.config.sections.task import TaskConfig
from slm_lora.likelihoods import answer_log_likelihoods
from slm_lora.records import Row
from slm_lora.rendering import Encoded

SMALLEST = float(np.finfo(np.float32).eps)
"""Share of a label's mass that it keeps when the model is sure of a longer one: what is left of 1
in fp32 is no smaller, and its logarithm stays finite (-16)."""


def label_scores(
    model: Any, encoded: Sequence[Encoded], labels: int, *, config: TaskConfig, title: str
) -> NDArray[np.float64]:
    """Scores (rows, labels) of what `with_labels` encoded.

    A score is the log-probability in nats that the model answers with the label's tokens and does
    not go on into a longer label (1 and 10, good and good value); with `task.label_score=mean` it
    is divided by the number of the label's tokens.
    """
    likelihoods = answer_log_likelihoods(
        model,
        [item.prompt for item in encoded],
        [item.answer for item in encoded],
        batch_size=config.batch_size,
        title=title,
    )
    scores = np.empty((len(encoded) // labels, labels))
    for n in range(len(scores)):
        own = slice(n * labels, (n + 1) * labels)
        scores[n] = _disjoint([tuple(item.answer) for item in encoded[own]], likelihoods[own])
        if config.label_score == "mean":
            scores[n] /= [len(tokens) for tokens in likelihoods[own]]
    return scores


def with_labels(
    rows: Sequence[Row], labels: Sequence[str], tokenizer: PreTrainedTokenizerBase
) -> list[Encoded]:
    """Each row encoded with each label as its answer, row by row."""
    return rendering.encode([with_label(row, label) for row in rows for label in labels], tokenizer)


def with_label(row: Row, label: str) -> Row:
    """The row with this label as its answer."""
    return {**row, "completion": [{"role": "assistant", "content": label}]}


def _disjoint(answers: list[tuple[int, ...]], likelihoods: list[list[float]]) -> list[float]:
    """Log-probability of each answer to one prompt without what goes on into a longer answer.

    `answers` are token ids, `likelihoods` those of their tokens. The mass of an answer is taken
    from the longest shorter one that it begins with, whose own is taken from a still shorter one.
    """
    known = dict(zip(answers, likelihoods, strict=True))
    goes_on = dict.fromkeys(known, 0.0)
    for answer, tokens in known.items():
        beginnings = (answer[:n] for n in range(len(answer) - 1, 0, -1))
        shorter = next((start for start in beginnings if start in known), None)
        if shorter is not None:
            # Given the shorter one, by the longer one's own pass: at most 1 but for rounding.
            goes_on[shorter] += math.exp(sum(tokens[len(shorter) :]))
    return [
        sum(tokens) + math.log1p(-min(goes_on[answer], 1 - SMALLEST))
        for answer, tokens in zip(answers, likelihoods, strict=True)
    ]
