"""Text: how well the model predicts the completions of the test rows, by loss and perplexity.

    python -m slm_lora +recipe=instruct data.train=rows.jsonl

The loss is in nats a token, over every completion token, the end-of-turn token included.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn
from transformers import PreTrainedTokenizerBase

from slm_lora import rendering, stats
from slm_lora.config.schema import Config
from slm_lora.config.sections.task import TaskConfig
from slm_lora.generate import answer_log_likelihoods
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
    """One prediction a row: mean loss and number of its completion's tokens."""
    encoded = rendering.encode(rows, tokenizer)
    # Without a prompt and a begin-of-text token the first token has nothing before it to go by.
    split = [(i.prompt, i.completion) if i.prompt else (i.ids[:1], i.ids[1:]) for i in encoded]
    prompts, completions = [p for p, _ in split], [c for _, c in split]
    likelihoods = answer_log_likelihoods(
        model, prompts, completions, config.task.batch_size, f"{title}: scoring"
    )
    return [
        {
            "id": row["id"],
            "prompt": rendering.prompt_text(row, tokenizer),
            "completion": row["completion"][0]["content"],
            "loss": -float(np.mean(tokens)),
            "tokens": len(tokens),
        }
        for row, tokens in zip(rows, likelihoods, strict=True)
    ]


def metrics(predictions: Sequence[Prediction], config: TaskConfig) -> dict[str, Any]:
    """Loss of one model over all completion tokens of the test rows."""
    tokens = np.array([p["tokens"] for p in predictions])
    losses = np.array([p["loss"] for p in predictions])
    loss = float(np.average(losses, weights=tokens))
    return {
        "loss": loss,
        "loss_ci95": list(stats.weighted_mean_interval(losses, tokens)),
        "perplexity": float(np.exp(loss)),
        "n_items": len(predictions),
        "n_tokens": int(tokens.sum()),
    }


def compare(
    base: Sequence[Prediction], tuned: Sequence[Prediction], config: TaskConfig
) -> dict[str, Any]:
    """Tuned against base on the same items: difference in loss (below zero is better)."""
    before = np.array([p["loss"] for p in base])
    after = np.array([p["loss"] for p in tuned])
    tokens = np.array([p["tokens"] for p in base])
    difference, interval, p_value = stats.paired_mean_difference(before, after, tokens)
    return {
        "difference": difference,
        "ci95": list(interval),
        "p_value": p_value,
        "wins": int((after < before).sum()),
        "losses": int((after > before).sum()),
        "test": "permutation",
        "ties": int((after == before).sum()),
    }


TEXT = Task(
    name="text",
    primary="loss",
    labels=lambda config, loaded: [],
    check=lambda rows, config: None,
    predict=predict,
    metrics=metrics,
    compare=compare,
)
