"""Text: how well the model predicts the completions of the test rows, and what it answers itself.

    python -m slm_lora +recipe=instruct data.train=rows.jsonl

The loss decides. It is in nats a token, over every completion token, the end-of-turn token
included. A model can predict a given text well and write nonsense, so it also answers each prompt
by greedy decoding (`task.generate`), and the answers are compared with the references.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from torch import nn
from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.config.schema import Config
from slm_lora.generate import Generated, answers, stop_ids
from slm_lora.likelihoods import answer_log_likelihoods
from slm_lora.records import Row
from slm_lora.rendering import Encoded
from slm_lora.tasks import answer_length, paired
from slm_lora.tasks.task import Prediction, Task, Written, limit
from slm_lora.tasks.text.findings import findings
from slm_lora.tasks.text.metrics import FIGURES, compare, metrics, remark
from slm_lora.tasks.text.nearness import SCORES, score
from slm_lora.tasks.text.shown import examples, plots

__all__ = ["TEXT", "compare", "measured", "metrics", "predict"]


def predict(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Row],
    labels: list[str],
    *,
    config: Config,
    title: str,
) -> list[Prediction]:
    """One prediction a row: mean loss and number of its completion's tokens; the written answer,
    whether it was cut off, and its scores, all None for a row without a prompt and with
    task.generate=false."""
    encoded = rendering.encode(rows, tokenizer)
    prompts, completions = map(list, zip(*(item.predicted for item in encoded), strict=True))
    likelihoods = answer_log_likelihoods(
        model, prompts, completions, batch_size=config.task.batch_size, title=f"{title}: scoring"
    )
    written = _write(model, tokenizer, rows, encoded, config, title) if config.task.generate else {}
    return [
        {
            **measured(row, tokens, tokenizer),
            **(
                _scored(written[i], rendering.reference(row, tokenizer))
                if i in written
                else dict.fromkeys(("answer", "cut_off", *SCORES))
            ),
        }
        for i, (row, tokens) in enumerate(zip(rows, likelihoods, strict=True))
    ]


def measured(
    row: Row, likelihoods: Sequence[float], tokenizer: PreTrainedTokenizerBase
) -> Prediction:
    """A row with the mean loss of its completion, from the log-likelihood of each token."""
    return {
        "id": row["id"],
        "prompt": rendering.prompt_text(row, tokenizer),
        "completion": rendering.reference(row, tokenizer),
        "loss": -float(np.mean(likelihoods)),
        "tokens": len(likelihoods),
    }


def _scored(written: Generated, reference: str) -> Prediction:
    return {
        "answer": written.text,
        "cut_off": written.cut_off,
        **score(written.text, reference),
    }


def _write(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Row],
    encoded: Sequence[Encoded],
    config: Config,
    title: str,
) -> dict[int, Generated]:
    """Row → the greedy answer, without what the template writes before one (a space, say)."""
    asked = [i for i, row in enumerate(rows) if row["prompt"]]
    if not asked:
        return {}
    lead = rendering.lead(tokenizer)
    written = answers(
        model,
        tokenizer,
        [encoded[i].prompt for i in asked],
        stop_ids=stop_ids(model, tokenizer),
        max_new_tokens=config.task.answer_limit,
        batch_size=config.task.batch_size,
        title=f"{title}: writing",
        continuous=config.task.continuous,
    )
    return {
        asked[place]: only._replace(text=rendering.answer_in(only.text, lead))
        for place, (only,) in written
    }


def _rouge_l(
    rows: Sequence[Row], texts: Sequence[str], labels: list[str], config: Config
) -> list[float]:
    return [
        score(text, row["completion"][0]["content"])["rouge_l"]
        for row, text in zip(rows, texts, strict=True)
    ]


TEXT = Task(
    name="text",
    folder=Path(__file__).parent,
    primary="loss",
    higher_is_better=False,
    count="n_items",
    hub_task=("text-generation", "Text generation"),
    predict=predict,
    written=Written("ROUGE-L", lambda found: found.get("answer"), _rouge_l, paired.mean, limit),
    metrics=metrics,
    compare=compare,
    figures=lambda found: FIGURES,
    plots=plots,
    examples=examples,
    resolve=answer_length.resolve,
    cheapest=lambda config: replace(config, generate=False),
    circumstances=lambda config: {"max_new_tokens": config.task.max_new_tokens},
    compared="answers",
    remark=remark,
    findings=findings,
)
