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
from torch import nn
from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.config.quoting import config_text, shell_word
from slm_lora.config.schema import Config
from slm_lora.data.labels import in_order
from slm_lora.data.shapes import COLUMNS
from slm_lora.errors import UserError
from slm_lora.generate import Generated, answers, scores_while_writing, stop_ids
from slm_lora.records import Row, RowsReport
from slm_lora.rendering import Encoded
from slm_lora.scoring import label_scores, with_label, with_labels
from slm_lora.tasks import paired
from slm_lora.tasks.classification.baselines import baselines_for
from slm_lora.tasks.classification.findings import findings
from slm_lora.tasks.classification.metrics import FIGURES, compare, metrics
from slm_lora.tasks.classification.prediction import prediction
from slm_lora.tasks.classification.shown import examples, plots
from slm_lora.tasks.task import Prediction, Task, Written

__all__ = ["CLASSIFICATION", "compare", "metrics", "parse_answer", "predict"]

GOES_ON = 4
"""Tokens that a written answer may have beyond the longest label."""


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
    encoded = with_labels(rows, labels, tokenizer)
    prompts = [item.prompt for item in encoded[:: len(labels)]]
    scored: list[int] = []
    written: dict[int, list[Generated]] = {}
    if task.generate:
        most = limit(rows[0], labels, tokenizer, config)
        tokens = _only_tokens(encoded, labels)
        scored = tokens if tokens and scores_while_writing(model, prompts, most) else []
        written = dict(
            answers(
                model,
                tokenizer,
                prompts,
                stop_ids=stop_ids(model, tokenizer),
                max_new_tokens=most,
                batch_size=task.batch_size,
                title=f"{title}: scoring and writing" if scored else f"{title}: writing",
                scored=scored,
            )
        )
    if scored:
        scores = np.array([written[i][0].scores for i in range(len(rows))])
    else:
        scores = label_scores(model, encoded, len(labels), config=task, title=f"{title}: scoring")
    found = [
        prediction(row, rendering.prompt_text(row, tokenizer), labels, scores[i])
        for i, row in enumerate(rows)
    ]
    for i, (only,) in written.items():
        answer = rendering.answer_in(only.text, "")
        found[i] |= {"raw": only.text, "extracted": parse_answer(answer, labels)}
    return found


def _only_tokens(encoded: Sequence[Encoded], labels: Sequence[str]) -> list[int]:
    """The token that each label is after every prompt; none where one is more than a token, or not
    the same everywhere."""
    found = [item.answer for item in encoded[: len(labels)]]
    alone = len({answer[0] for answer in found}) == len(labels) == sum(map(len, found))
    same = all(item.answer == found[n % len(labels)] for n, item in enumerate(encoded))
    return [token for (token,) in found] if alone and same else []


def limit(row: Row, labels: list[str], tokenizer: PreTrainedTokenizerBase, config: Config) -> int:
    """Tokens of the longest label, and a few more: an answer may go on."""
    encoded = rendering.encode([with_label(row, label) for label in labels], tokenizer)
    return max(len(item.answer) for item in encoded) + GOES_ON


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
            _name_the_labels(config, data_report),
        )
    named = dict.fromkeys(config.data.labels.values())
    return [name for name in named if name in found] or in_order(found)


def _name_the_labels(config: Config, data_report: RowsReport) -> str:
    """What to type where no column is called label."""
    taken = {*COLUMNS, *config.data.columns.values()}
    others = [name for name in data_report["columns"] if name not in taken]
    if not others:
        return "type task=text"
    likely = [name for name in data_report["label_like"] if name in others] or others[-1:]
    word = shell_word(f"data.columns.label={config_text(likely[0])}")
    also = f"; there are {', '.join(others)}" if len(others) > 1 else ""
    return f"name the label's column, such as {word}{also}; or type task=text"


def _named(
    rows: Sequence[Row], texts: Sequence[str], labels: list[str], config: Config
) -> list[bool]:
    return [
        parse_answer(text, labels) == row["label"] for row, text in zip(rows, texts, strict=True)
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
        limit,
    ),
    metrics=metrics,
    compare=compare,
    figures=lambda found: FIGURES,
    plots=plots,
    examples=examples,
    labels=labels_of,
    baselines=baselines_for,
    cheapest=lambda config: replace(config, generate=False),
    findings=findings,
)
