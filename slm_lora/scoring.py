"""Labels scored as answers to a row: one function for the evaluation, chat and serve.

encoded, scores = label_scores(model, tokenizer, rows, ["no", "yes"], config.task, "scoring")
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.config.sections.task import TaskConfig
from slm_lora.generate import answer_log_likelihoods
from slm_lora.records import Row
from slm_lora.rendering import Encoded


def label_scores(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Row],
    labels: Sequence[str],
    *,
    config: TaskConfig,
    title: str,
    share_beginning: bool = False,
) -> tuple[list[Encoded], NDArray[np.float64]]:
    """Each row encoded with each label as its answer (row by row), and scores (rows, labels): the
    log-likelihood in nats of the label's tokens, summed, or their mean (`task.label_score`)."""
    answered: list[Row] = [
        {**row, "completion": [{"role": "assistant", "content": label}]}
        for row in rows
        for label in labels
    ]
    encoded = rendering.encode(answered, tokenizer)
    likelihoods = answer_log_likelihoods(
        model,
        [item.prompt for item in encoded],
        [item.answer for item in encoded],
        batch_size=config.batch_size,
        title=title,
        share_beginning=share_beginning,
    )
    reduce = np.mean if config.label_score == "mean" else np.sum
    scores = np.array([reduce(tokens) for tokens in likelihoods])
    return encoded, scores.reshape(len(rows), len(labels))
