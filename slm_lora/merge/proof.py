"""The proof of a merge: the merged model, read back from its files, against the tuned model.

Where the model is used, on test rows: the likeliest next token at each place of an answer and its
end of turn, the distance of the two distributions there, and what each model writes. These in fp32,
so that only the merge makes a difference. Then the task's own metric, item by item against the
run's predictions.
"""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from scipy.special import log_softmax
from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.errors import UserError
from slm_lora.generate import answers, stop_ids
from slm_lora.likelihoods import logits_from, scoring_batches
from slm_lora.out_of_memory import in_halves
from slm_lora.preflight import KEPT_LOGITS, Plan
from slm_lora.reading import context_length, fitted
from slm_lora.records import Row
from slm_lora.tasks import Prediction

BATCH = 16
"""Rows read or written on at once."""
MOST_LOGITS = 2**27
"""Numbers that a batch of rows computes at most, unless one row does: 512 MB in fp32."""
PROMPTS, WRITTEN = 8, 32
"""How many of the rows each model writes on, and tokens that it writes after a prompt."""
Proof = dict[str, Any]
Logits = Iterable[tuple[int, np.ndarray]]
"""By the number of their row: (judged tokens, vocabulary) in fp32."""
T = TypeVar("T")


class NotFiniteError(UserError):
    """A model computes NaN or infinity, which is neither more nor less than any limit."""

    def __init__(self) -> None:
        super().__init__(
            "for a test row the model computes numbers that are not finite",
            "train again with a lower trainer.learning_rate; of 16-bit types bf16 reaches further "
            "than fp16",
        )


@dataclass(frozen=True)
class Texts:
    """What both models read: whole rows, in each the place of the first token that is judged, and
    prompts to write on from."""

    whole: list[list[int]]
    starts: list[int]
    prompts: list[list[int]]

    @classmethod
    def of(cls, rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, context: int) -> "Texts":
        """Token ids of the rows; answer and end of turn are judged. A row without a prompt is an
        answer from its second token on, and is written on from its middle. Beyond the context a
        prompt loses its beginning, and an answer its end; of a long one the last part is judged."""
        encoded = rendering.encode(rows, tokenizer)
        whole, starts = [], []
        for item in encoded:
            prompt, answer = fitted(*item.predicted, context)
            whole.append(prompt + answer)
            starts.append(len(prompt))
        halves = [item.ids[: len(item.ids) // 2 + 1] for item in encoded]
        prompts = [
            item.prompt if row["prompt"] else half
            for row, item, half in zip(rows, encoded, halves, strict=True)
        ]
        return cls(whole, starts, prompts).within(KEPT_LOGITS // len(tokenizer))

    def within(self, most: int) -> "Texts":
        """With as many judged tokens at most, about: of each row the last."""
        own = max(most // len(self.whole), 1)
        ends = [len(ids) - own for ids in self.whole]
        return replace(self, starts=list(map(max, self.starts, ends)))

    @property
    def judged(self) -> list[int]:
        """Tokens that are judged, row by row."""
        return [len(ids) - start for ids, start in zip(self.whole, self.starts, strict=True)]


@dataclass(frozen=True)
class Observed:
    """What one model did: the folder of its logits, and the texts it wrote."""

    logits: Path
    greedy: list[str]


def spread(rows: Sequence[T], most: int) -> list[T]:
    """So many of the rows, from all over: files are often sorted by label."""
    count = min(most, len(rows))
    return [rows[n * len(rows) // count] for n in range(count)]


@torch.inference_mode()
def next_tokens(model: Any, texts: Texts) -> Iterator[tuple[int, np.ndarray]]:
    """The logits of the judged tokens, row by row: all are too many to hold.

    Raises:
        NotFiniteError: some are NaN or infinite.
    """
    read, starts = [ids[:-1] for ids in texts.whole], [start - 1 for start in texts.starts]

    def compute(batch: list[int]) -> list[tuple[int, np.ndarray]]:
        rows = logits_from(model, [read[i] for i in batch], [starts[i] for i in batch], exact=False)
        return [(i, logits.float().cpu().numpy()) for i, logits in zip(batch, rows, strict=True)]

    lengths = [len(ids) for ids in read]
    groups = scoring_batches(model, lengths, starts, BATCH, MOST_LOGITS)
    for found in in_halves(compute, groups, "rows at once"):
        for row, logits in found:
            if not np.isfinite(logits).all():
                raise NotFiniteError
            yield row, logits


def keep(found: Logits, folder: Path) -> None:
    """Write them to a new folder, a file a row."""
    folder.mkdir()
    for row, logits in found:
        np.save(folder / f"{row}.npy", logits)


def written(model: Any, tokenizer: PreTrainedTokenizerBase, texts: Texts, title: str) -> list[str]:
    """What the model writes after some of the prompts by greedy decoding."""
    found = answers(
        model,
        tokenizer,
        spread(texts.prompts, PROMPTS),
        stop_ids=stop_ids(model, tokenizer),
        max_new_tokens=min(WRITTEN, context_length(model.config) // 2),
        batch_size=BATCH,
        title=title,
    )
    return [only.text for _, (only,) in sorted(found)]


def distance(tuned: Path, merged: Logits) -> Proof:
    """The logits that the tuned model left in a folder, and another's of the same rows, compared.

    `equal_tokens` is the share of positions with the same likeliest token; `mean_kl` the mean
    Kullback-Leibler divergence KL(tuned ‖ merged) in nats; `max_logit_difference` the largest over
    all positions and tokens.
    """
    equal, divergence, largest = [], [], 0.0
    for row, theirs in merged:
        ours = np.load(tuned / f"{row}.npy")
        equal.append(ours.argmax(-1) == theirs.argmax(-1))
        log_p, log_q = (log_softmax(x.astype(np.float64), axis=-1) for x in (ours, theirs))
        divergence.append((np.exp(log_p) * (log_p - log_q)).sum(-1))
        largest = max(largest, float(np.abs(ours - theirs).max()))
    return {
        "equal_tokens": float(np.concatenate(equal).mean()),
        "mean_kl": float(np.concatenate(divergence).mean()),
        "max_logit_difference": largest,
    }


def observe(model: Any, tokenizer: PreTrainedTokenizerBase, texts: Texts, folder: Path) -> Observed:
    """What the tuned model does with the texts; `folder` is made and takes the logits."""
    keep(next_tokens(model, texts), folder)
    return Observed(folder, written(model, tokenizer, texts, "tuned model: writing"))


def compare(
    tuned: Observed, other: Any, tokenizer: PreTrainedTokenizerBase, texts: Texts, title: str
) -> Proof:
    """What another model does with them: the figures of `distance`, and the share of texts that
    both wrote."""
    found = distance(tuned.logits, next_tokens(other, texts))
    greedy = written(other, tokenizer, texts, f"{title}: writing")
    same = [a == b for a, b in zip(tuned.greedy, greedy, strict=True)]
    return {**found, "greedy_equal": sum(same) / len(same)}


def score(model: Any, plan: Plan, tokenizer: PreTrainedTokenizerBase, title: str) -> float:
    """The task's own metric over the whole test set; greedy or scored, nothing drawn."""
    found = predictions(model, plan, tokenizer, plan.data.test, f"{title}, test set")
    return float(plan.task.metrics(found, plan.config.task)[plan.task.primary])


def predictions(
    model: Any,
    plan: Plan,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Row],
    title: str,
) -> list[Prediction]:
    """What the primary metric needs of each row, with the least work."""
    config = replace(plan.config, task=plan.task.cheapest(plan.config.task))
    return plan.task.predict(model, tokenizer, rows, plan.labels, config=config, title=title)


def compare_metric(
    model: Any,
    plan: Plan,
    tokenizer: PreTrainedTokenizerBase,
    tuned: Sequence[Prediction],
    seconds: float,
    least: int,
) -> Proof:
    """The primary metric of the merged model against the tuned one's predictions of the test set:
    `tuned`, `merged`, `ci95` of merged minus tuned, and how many `rows`, drawn from all.

    As many rows as fit into so many seconds; `least` at least, by which the speed is measured.
    """
    rows, task, config = plan.data.test, plan.task, plan.task.cheapest(plan.config.task)
    order = random.Random(0).sample(range(len(rows)), len(rows))
    began, found = time.monotonic(), list[Prediction]()
    room = least
    while len(found) < len(rows) and room > 0:
        part = [rows[i] for i in order[len(found) :][:room]]
        found += predictions(model, plan, tokenizer, part, "merged model, test set")
        spent = time.monotonic() - began
        room = int(min((seconds - spent) * len(found) / spent, len(rows)))
    before = [tuned[i] for i in order[: len(found)]]
    return {
        "tuned": float(task.metrics(before, config)[task.primary]),
        "merged": float(task.metrics(found, config)[task.primary]),
        "ci95": task.compare(before, found, config)["ci95"],
        "rows": len(found),
    }
