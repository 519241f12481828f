"""Figures of text: loss and perplexity of the references, and how near the answers come to them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slm_lora import stats
from slm_lora.config.sections.task import TaskConfig
from slm_lora.formatting import evidence, number, outcome
from slm_lora.records import Comparison, Metrics
from slm_lora.tasks import paired
from slm_lora.tasks.answer_length import count_cut_off
from slm_lora.tasks.task import Figures, Metric, Prediction
from slm_lora.tasks.text.nearness import SCORES

FIGURES: Mapping[str, Metric] = {
    "loss": Metric(
        "loss",
        "nats per token",
        higher_is_better=False,
        about="how surprised it is by the reference's tokens",
    ),
    "perplexity": Metric(
        "perplexity",
        higher_is_better=False,
        hub="perplexity",
        tested_as="loss",
        about="the same as a number of equally likely tokens to choose from",
    ),
    "exact_match": Metric(
        "exact match", hub="exact_match", about="share of the answers that are the reference"
    ),
    "rouge_l": Metric(
        "ROUGE-L", "0 to 1", hub="rouge", about="words in common with the reference, in its order"
    ),
    "chrf": Metric("chrF", "0 to 1", hub="chrf", about="short runs of characters in common"),
}


def metrics(predictions: Sequence[Prediction], config: TaskConfig) -> Figures:
    """Loss over all completion tokens of the test rows; of the answers the share that matches, and
    mean ROUGE-L and chrF, all None where none was written; how many were cut off."""
    tokens = np.array([p["tokens"] for p in predictions])
    losses = np.array([p["loss"] for p in predictions])
    loss = float(np.average(losses, weights=tokens))
    return {
        "loss": loss,
        "loss_ci95": list(stats.weighted_mean_interval(losses, tokens)),
        "perplexity": float(np.exp(loss)),
        "n_items": len(predictions),
        "n_tokens": int(tokens.sum()),
        **_of_answers([p for p in predictions if is_answered(p)]),
    }


def is_answered(prediction: Prediction) -> bool:
    """Whether the model wrote an answer; predictions of earlier versions have none."""
    return prediction.get("answer") is not None


def _of_answers(answered: Sequence[Prediction]) -> dict[str, Any]:
    found: dict[str, Any] = {"n_answers": len(answered), "cut_off": count_cut_off(answered)}
    for key in SCORES:
        values = [float(p[key]) for p in answered]
        found[key] = found[f"{key}_ci95"] = None
        if values:
            found[key] = float(np.mean(values))
            found[f"{key}_ci95"] = list(
                stats.wilson(int(sum(values)), len(values))
                if key == "exact_match"
                else stats.weighted_mean_interval(values)
            )
    return found


def compare(
    base: Sequence[Prediction], tuned: Sequence[Prediction], config: TaskConfig
) -> Comparison:
    """Tuned against base on the same items: the loss (below zero is better), and under `answers`
    exact match, ROUGE-L and chrF of the items that both answered; empty where there is none."""
    tokens = [p["tokens"] for p in base]
    before, after = ([p["loss"] for p in side] for side in (base, tuned))
    pairs = [(b, t) for b, t in zip(base, tuned, strict=True) if is_answered(b) and is_answered(t)]
    return {
        **paired.mean(before, after, tokens, higher_is_better=False),
        "answers": {
            key: (paired.right_or_wrong if key == "exact_match" else paired.mean)(
                [b[key] for b, _ in pairs], [t[key] for _, t in pairs]
            )
            for key in SCORES
            if pairs
        },
    }


def remark(metrics: Metrics) -> str:
    """Whether the answers, too, came nearer to the references, by ROUGE-L; empty without any.

    "The answers did not get closer to the references: ROUGE-L from 0.081 to 0.090: +0.009, …"
    """
    answers = metrics["comparison"].get("answers")
    if not answers:
        return ""
    rouge_l = answers["rouge_l"]
    went = {
        "better": "got closer to",
        "worse": "got further from",
        "unclear": "did not get closer to",
    }[outcome(rouge_l, higher_is_better=True)]
    base, tuned = (number(metrics[side]["rouge_l"]) for side in ("base", "tuned"))
    return (
        f"The answers {went} the references: ROUGE-L from {base} to {tuned}: {evidence(rouge_l)}."
    )
