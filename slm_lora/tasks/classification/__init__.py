"""Classification: every label is scored by its log-likelihood, and the written answer is parsed.

    python -m slm_lora +recipe=sentiment model=nano

A label's score is that of its tokens after the prompt, without what the chat template writes after
an answer: a base model that was never taught to end there is not punished for it. Where another
label goes on from it, that one's share is not its own. Probabilities are the softmax of the scores
over the labels.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from torch import nn
from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.generate import answers
from slm_lora.records import Row, RowsReport
from slm_lora.scoring import label_scores
from slm_lora.tasks import paired
from slm_lora.tasks.classification.findings import findings
from slm_lora.tasks.classification.metrics import FIGURES, compare, metrics
from slm_lora.tasks.classification.shown import examples, plots
from slm_lora.tasks.task import Prediction, Task, Written

__all__ = ["CLASSIFICATION", "compare", "metrics", "parse_answer", "predict"]


def predict(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Row],
    labels: list[str],
    *,
    config: Config,
    title: str,
) -> list[Prediction]:
    """One prediction a row: scores, probabilities, the best label, the written answer."""
    task = config.task
    encoded, scores = label_scores(
        model, tokenizer, rows, labels, config=task, title=f"{title}: scoring"
    )
    written: dict[int, list[str]] = {}
    if task.generate:
        # A label is one line, so the first token that ends the turn stops it, be it a newline.
        stops = {item.terminator[0] for item in encoded if item.terminator}
        longest = max(len(item.answer) for item in encoded)
        written = dict(
            answers(
                model,
                tokenizer,
                [item.prompt for item in encoded[:: len(labels)]],
                stop_ids=stops | {tokenizer.eos_token_id},
                max_new_tokens=longest + 4,
                batch_size=task.batch_size,
                title=f"{title}: writing",
            )
        )
    return [
        _prediction(row, rendering.prompt_text(row, tokenizer), labels, scores[i], written.get(i))
        for i, row in enumerate(rows)
    ]


def _prediction(
    row: Row,
    prompt: str,
    labels: list[str],
    scores: NDArray[np.float64],
    written: list[str] | None,
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
    with a label name, and no letter, digit, underscore or decimals (4 is not 4.5) may follow it; of
    several such names the longest counts, then one in the very same case. What comes after it does
    not matter.
    """
    named = {}
    for label in labels:
        pattern = rf"[\W_]*?({re.escape(label)})(?!\w|[.,]\d)"
        if match := re.match(pattern, text, flags=re.IGNORECASE):
            named[label] = match[1]
    return max(named, key=lambda label: (len(label), named[label] == label), default=None)


def labels_of(config: Config, data_report: RowsReport) -> list[str]:
    """The labels to choose from, in the config's order when it names them.

    Raises:
        UserError: the task needs labels and the rows have none, or only one.
    """
    found = {label for counts in data_report["labels"].values() for label in counts}
    if len(found) == 1:
        raise UserError(
            f"all rows have the label {found.pop()}", "a classification needs rows of two labels"
        )
    if not found:
        raise UserError(
            f"task=classification, but the rows are {data_report['shape']}, without labels",
            "name the label's column by data.columns.label=NAME, or type task=text",
        )
    named = dict.fromkeys(config.data.labels.values())
    return [name for name in named if name in found] or sorted(found)


def _named(
    rows: Sequence[Row], texts: Sequence[str], labels: list[str], config: Config
) -> list[float]:
    return [
        float(parse_answer(text, labels) == row["label"])
        for row, text in zip(rows, texts, strict=True)
    ]


CLASSIFICATION = Task(
    name="classification",
    folder=Path(__file__).parent,
    primary="accuracy",
    higher_is_better=True,
    count="n_items",
    hub_task=("text-classification", "Text classification"),
    predict=predict,
    written=Written(
        FIGURES["accuracy_generated"].label,
        lambda found: found["raw"],
        _named,
        paired.right_or_wrong,
    ),
    metrics=metrics,
    compare=compare,
    figures=lambda found: FIGURES,
    plots=plots,
    examples=examples,
    labels=labels_of,
    cheapest=lambda config: replace(config, generate=False),
    findings=findings,
)
