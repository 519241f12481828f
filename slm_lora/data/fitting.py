"""A row's token ids and labels: which of its tokens are trained, and what does not fit.

python -m slm_lora inspect +recipe=instruct data.train=chats.jsonl data.overlong=truncate
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.data import round_trip
from slm_lora.errors import UserError
from slm_lora.progress import track
from slm_lora.records import Row
from slm_lora.rendering import Encoded, conversation
from slm_lora.rendering.conversation import Span

CHUNK = 1000
"""Rows tokenized at once."""
NOT_TRAINED = -100


@dataclass(frozen=True)
class Fit:
    """What is made of a row: at most `max_length` tokens, else `overlong` (data.overlong); trained
    are its last answer or `every_turn` of the assistant."""

    max_length: int | None
    overlong: str
    every_turn: bool


@dataclass
class Tally:
    """What tokenizing one split found. `untold` rows have tools that the template does not write;
    `lengths` counts all others, the dropped ones too; `turns` the assistant's turns, by `trained`
    and `not_trained`."""

    lengths: list[int] = field(default_factory=list)
    tokens: int = 0
    trained: int = 0
    turns: Counter[str] = field(default_factory=Counter)
    untold: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    truncated: int = 0
    terminators: Counter[tuple[int, ...]] = field(default_factory=Counter)
    losses: round_trip.Losses = field(default_factory=round_trip.Losses)


def fitted_rows(
    rows: list[Row],
    tokenizer: PreTrainedTokenizerBase,
    fit: Fit,
    tally: Tally,
    split: str,
) -> Iterator[list[dict[str, Any]]]:
    """Chunks of table rows, with the columns that Prepared tells.

    Raises:
        UserError: a row is over-long and `fit.overlong` is `error`, or cannot be encoded.
    """
    starts = range(0, len(rows), CHUNK)
    for start in track(starts, len(starts), f"tokenizing {split}"):
        read = rows[start : start + CHUNK]
        chunk = [row for row in read if conversation.shows_tools(row, tokenizer)]
        tally.untold += len(read) - len(chunk)
        if not chunk:
            continue
        encoded = rendering.encode(chunk, tokenizer)
        spans: list[list[Span]] = [[] for _ in chunk]
        if fit.every_turn:
            spans = conversation.earlier_answers(chunk, encoded, tokenizer)
        names = [row["id"] for row in chunk]
        shares = round_trip.measure(names, encoded, tokenizer, tally.losses)
        fitted = []
        for row, item, earlier, share in zip(chunk, encoded, spans, shares, strict=True):
            if made := _fitted(row["id"], item, earlier, share, fit, tally):
                tally.turns["trained"] += 1 + len(earlier)
                tally.turns["not_trained"] += conversation.answered(row) - len(earlier)
                fitted.append(made)
        yield fitted


def _fitted(
    name: str, item: Encoded, earlier: list[Span], lost: float, fit: Fit, tally: Tally
) -> dict[str, Any] | None:
    """The table's row, or None when the row is dropped."""
    ids, prompt = item.ids, len(item.prompt)
    tally.lengths.append(len(ids))
    if lost > round_trip.GARBLED:
        tally.dropped["garbled"] += 1
        return None
    labels = [NOT_TRAINED] * prompt + item.completion
    for first, last in earlier:
        labels[first:last] = ids[first:last]
    if fit.max_length is None or len(ids) <= fit.max_length:
        tally.terminators[tuple(item.terminator)] += 1
    elif fit.overlong == "error":
        raise UserError(
            f"row {name} has {len(ids)} tokens, trainer.max_length is {fit.max_length}",
            f"type trainer.max_length={len(ids)}, data.overlong=drop or data.overlong=truncate",
        )
    else:
        ids, labels = ids[: fit.max_length], labels[: fit.max_length]
        if fit.overlong == "drop" or labels.count(NOT_TRAINED) == len(labels):
            tally.dropped["overlong"] += 1
            return None
        tally.truncated += 1
    tally.tokens += len(ids)
    tally.trained += len(ids) - labels.count(NOT_TRAINED)
    return {"id": name, "input_ids": ids, "labels": labels, "length": len(ids)}
