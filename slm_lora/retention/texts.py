"""Texts judged by their loss: mean negative log-likelihood of an answer's tokens, in nats.

What the template writes after an answer is left out: tuning on any rows teaches a model to predict
its own end of turn, and on short texts that gain would hide a loss of language.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.config.schema import Config
from slm_lora.files import Json
from slm_lora.likelihoods import answer_log_likelihoods
from slm_lora.records import Row
from slm_lora.rendering import Encoded
from slm_lora.retention.part import Part, by_task
from slm_lora.tasks.text import measured


def of_texts(name: str, source: str, rows: Sequence[Row], config: Config) -> Part:
    """Plain texts, and prompts with their completion."""

    def predict(model: Any, tokenizer: PreTrainedTokenizerBase, title: str) -> list[Json]:
        return losses(model, tokenizer, rows, config.task.batch_size, f"{title}: {source}")

    own = replace(config.task, kind="text")
    return Part(name, predict, lambda base, tuned: by_task(source, own, base, tuned))


def losses(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Row],
    batch_size: int,
    title: str,
) -> list[Json]:
    """One line a row, in the words of a `text` task."""
    pairs = [_split(row) for row in rendering.encode(rows, tokenizer)]
    prompts, answers = [prompt for prompt, _ in pairs], [answer for _, answer in pairs]
    found = answer_log_likelihoods(model, prompts, answers, batch_size=batch_size, title=title)
    return [measured(row, tokens, tokenizer) for row, tokens in zip(rows, found, strict=True)]


def _split(row: Encoded) -> tuple[list[int], list[int]]:
    """What is read and what is judged. Without a prompt and a begin-of-text token the first token
    is only read; of a text of one token its end is judged."""
    if row.prompt:
        return row.prompt, row.answer
    return row.ids[:1], row.answer[1:] or row.ids[1:]
