"""How long an answer that a model writes may get, and how many were cut off there.

    python -m slm_lora plan +recipe=code_gen model=nano        says task.max_new_tokens

A model that has not ended its turn by then is cut off: what it wrote is no whole answer.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.config.schema import Config
from slm_lora.progress import log
from slm_lora.records import Metrics, Row
from slm_lora.rendering import Encoded
from slm_lora.tasks.task import Finding

ROOM = 1.5
"""Times the longest reference: a right answer may be longer than ours."""
MULTIPLE, LEAST, WITHOUT_REFERENCES = 16, 32, 256
FREQUENT = 0.05
"""Share of cut-off answers from which something is advised."""


def resolve(
    config: Config, rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, context: int
) -> Config:
    """The config with `task.max_new_tokens` for these rows, where it was left open. References that
    are longer than an answer may get are told."""
    asked = rendering.encode([row for row in rows if row["prompt"]], tokenizer)
    references, said = reference_lengths(asked), config.task.max_new_tokens
    longest, limit = max(references, default=0), said or needed(asked, context)
    if said is None:
        why = f"the longest reference has {longest:,} tokens" if longest else "without references"
        log.info("task.max_new_tokens is %d: %s", limit, why)
    if short := sum(length > limit for length in references):
        log.warning(
            "task.max_new_tokens=%d: %d of %d references are longer, up to %d tokens; %s",
            limit,
            short,
            len(references),
            longest,
            "type task.max_new_tokens=null" if said else f"the model's context is {context}",
        )
    return replace(config, task=replace(config.task, max_new_tokens=limit))


def needed(rows: Sequence[Encoded], context: int, least: int = LEAST) -> int:
    """Tokens for an answer as long as the longest reference, and half as many more; no more than
    the context leaves beside the longest prompt. A prompt that leaves less than the reference needs
    loses its beginning (slm_lora/generate.py), and half of the context is the answer's at most."""
    longest = max(reference_lengths(rows), default=0)
    wanted = MULTIPLE * math.ceil(ROOM * longest / MULTIPLE) if longest else WITHOUT_REFERENCES
    beside = context - max((len(row.prompt) for row in rows), default=0)
    return min(max(wanted, least), max(beside, min(max(longest, LEAST), context // 2)))


def reference_lengths(rows: Sequence[Encoded]) -> list[int]:
    """Tokens of each reference, with the one that ends the turn; a row may have none."""
    return [len(row.answer) + 1 for row in rows if row.answer]


def count_cut_off(answers: Sequence[Mapping[str, Any]]) -> int | None:
    """How many; None where the answers, of an earlier version, do not say."""
    known = [answer["cut_off"] for answer in answers if "cut_off" in answer]
    return sum(known) if len(known) == len(answers) else None


def findings(metrics: Metrics, answers: int) -> list[Finding]:
    """How many of so many answers of the tuned model were cut off."""
    cut_off, limit = metrics["tuned"].get("cut_off"), metrics.get("max_new_tokens")
    if not cut_off or not limit:
        return []
    step = (
        f"longer answers: slm-lora evaluate RUN task.max_new_tokens={2 * limit}; where they only "
        "repeat themselves, more training rows or epochs"
    )
    return [
        Finding(
            f"{cut_off:,} of {answers:,} answers were cut off at {limit:,} tokens.",
            step if cut_off / answers >= FREQUENT else None,
        )
    ]
