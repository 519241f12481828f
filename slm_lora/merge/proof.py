"""The proof of a merge: the merged model, read back from its files, against the tuned model.

On test rows: the likeliest next token at each position, the distance of the two distributions, and
what each model writes. Over the whole test set: the task's own metric. All in fp32, so that only
the merge makes a difference; how much the run's own precision makes is measured beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import log_softmax
from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.config.sections.results import MergeConfig
from slm_lora.errors import UserError
from slm_lora.generate import answers, context_length, stop_ids
from slm_lora.preflight import Plan
from slm_lora.records import Row
from slm_lora.tasks import Task

WRITTEN = 32
"""Tokens that each model writes after a prompt."""
Proof = dict[str, Any]


@dataclass(frozen=True)
class Texts:
    """What both models read: whole rows, and their beginnings to write on from."""

    whole: list[list[int]]
    prompts: list[list[int]]

    @classmethod
    def of(cls, rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, context: int) -> "Texts":
        """Token ids of the rows; a row without a prompt is written on from its middle."""
        encoded = rendering.encode(rows, tokenizer)
        halves = [item.ids[: len(item.ids) // 2 + 1] for item in encoded]
        return cls(
            whole=[item.ids[:context] for item in encoded],
            prompts=[
                item.prompt if row["prompt"] else half
                for row, item, half in zip(rows, encoded, halves, strict=True)
            ],
        )


@dataclass(frozen=True)
class Observed:
    """What one model did: the folder of its logits, and the texts it wrote."""

    logits: Path
    greedy: list[str]


@torch.inference_mode()
def next_tokens(model: Any, texts: Texts, folder: Path) -> None:
    """Write the logits of every position to `folder`, in fp32, one file a row: too many to hold.

    Raises:
        UserError: they are not finite.
    """
    folder.mkdir()
    device = next(model.parameters()).device
    for i, ids in enumerate(texts.whole):
        logits = model(input_ids=torch.tensor([ids], device=device), use_cache=False).logits[0]
        if not logits.isfinite().all():  # NaN is neither more nor less than any limit
            raise UserError(
                "for a test row the model computes numbers that are not finite",
                "train again with a lower trainer.learning_rate; of 16-bit types bf16 reaches "
                "further than fp16",
            )
        np.save(folder / f"{i}.npy", logits.float().cpu().numpy())


def written(model: Any, tokenizer: PreTrainedTokenizerBase, texts: Texts, title: str) -> list[str]:
    """What the model writes after each prompt by greedy decoding."""
    room = min(WRITTEN, context_length(model.config) // 2)
    found = answers(
        model,
        tokenizer,
        texts.prompts,
        stop_ids=stop_ids(model, tokenizer),
        max_new_tokens=room,
        batch_size=16,
        title=title,
    )
    return [text for _, (text,) in sorted(found)]


def distance(tuned: Path, merged: Path) -> Proof:
    """Two folders of `next_tokens` compared, the tuned model's first.

    `equal_tokens` is the share of positions with the same likeliest token; `mean_kl` the mean
    Kullback-Leibler divergence KL(tuned ‖ merged) in nats; `max_logit_difference` the largest over
    all positions and tokens.
    """
    equal, divergence, largest = [], [], 0.0
    for file in sorted(tuned.glob("*.npy")):
        ours, theirs = np.load(file), np.load(merged / file.name)
        equal.append(ours.argmax(-1) == theirs.argmax(-1))
        log_p, log_q = (log_softmax(x.astype(np.float64), axis=-1) for x in (ours, theirs))
        divergence.append((np.exp(log_p) * (log_p - log_q)).sum(-1))
        largest = max(largest, float(np.abs(ours - theirs).max()))
    return {
        "equal_tokens": float(np.concatenate(equal).mean()),
        "mean_kl": float(np.concatenate(divergence).mean()),
        "max_logit_difference": largest,
    }


def observe(
    model: Any, tokenizer: PreTrainedTokenizerBase, texts: Texts, folder: Path, title: str
) -> Observed:
    """What the model does with the texts; `folder` is made and takes the logits."""
    next_tokens(model, texts, folder)
    return Observed(folder, written(model, tokenizer, texts, f"{title}: writing"))


def compare(tuned: Observed, other: Observed) -> Proof:
    """The figures of `distance`, and the share of texts that both wrote."""
    same = [a == b for a, b in zip(tuned.greedy, other.greedy, strict=True)]
    return {**distance(tuned.logits, other.logits), "greedy_equal": sum(same) / len(same)}


def score(model: Any, plan: Plan, tokenizer: PreTrainedTokenizerBase, title: str) -> float:
    """The task's own metric over the whole test set; greedy or scored, nothing drawn."""
    config = replace(plan.config, task=plan.task.cheapest(plan.config.task))
    found = plan.task.predict(
        model, tokenizer, plan.data.test, plan.labels, config=config, title=f"{title}, test set"
    )
    return float(plan.task.metrics(found, config.task)[plan.task.primary])


def check_proof(base: str, proof: Proof, task: Task, limits: MergeConfig) -> None:
    """Refuse a merged model that is not the tuned one.

    Raises:
        UserError: names the figure, its limit and the limit's key.
    """
    scores = proof[task.primary]
    lost = scores["tuned"] - scores["merged"]
    if not task.higher_is_better:
        lost = -lost
    unequal, most_unequal = 1 - proof["equal_tokens"], 1 - limits.min_equal_tokens
    for what, value, most, key in (
        ("share of unequal next tokens", unequal, most_unequal, "min_equal_tokens"),
        ("mean KL divergence", proof["mean_kl"], limits.max_kl, "max_kl"),
        (f"loss of {task.primary}", lost, limits.max_metric_loss, "max_metric_loss"),
    ):
        if not value <= most:
            other = "type merge.dtype=fp32, or " if limits.dtype != "fp32" else ""
            other = "type merge.base=best, or " if limits.base == "original" else other
            raise UserError(
                f"on the {base} weights the merged model is not the tuned one: {what} {value:.4g}, "
                f"at most {most:.4g} is allowed (merge.{key})",
                f"no merged model was written; {other}set merge.{key} for more room",
            )
