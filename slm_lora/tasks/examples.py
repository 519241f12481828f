"""Training rows shown in the prompt: turns of the conversation before the question.

shown = with_examples(
    rows, training, 4, seed=42, fits=lambda rows: longest_prompt(rows, tokenizer) <= 2048
)
"""

import random
from collections.abc import Callable, Sequence

from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.progress import log
from slm_lora.records import Message, Row


def choose(training: Sequence[Row], count: int, seed: int) -> list[Row]:
    """`count` rows by seed, all labels as often as can be. The order of the labels is turned round
    after each of them has had its turn (A B B A): models favour what stands near the end."""
    draw = random.Random(seed)
    by_label: dict[str | None, list[Row]] = {}
    for row in draw.sample(training, len(training)):
        by_label.setdefault(row.get("label"), []).append(row)
    order = sorted(by_label, key=str)
    draw.shuffle(order)
    chosen: list[Row] = []
    while len(chosen) < min(count, len(training)):
        chosen += [by_label[label].pop() for label in order if by_label[label]]
        order.reverse()
    return chosen[:count]


def with_examples(
    rows: Sequence[Row],
    training: Sequence[Row],
    count: int,
    *,
    seed: int,
    fits: Callable[[Sequence[Row]], bool],
) -> tuple[list[Row], int]:
    """The rows with the same examples in each prompt, and how many these are: at most `count`, as
    many as leave room for the longest row (`fits`); none where not one does."""
    for kept in range(min(count, len(training)), 0, -1):
        turns = [turn for row in choose(training, kept, seed) for turn in _turns(row)]
        shown: list[Row] = [{**row, "prompt": _before_the_question(row, turns)} for row in rows]
        if fits(shown):
            if kept < count:
                log.warning("examples in the prompt: %d of %d fit", kept, count)
            return shown, kept
    log.warning("examples in the prompt: none of %d fits", count)
    return list(rows), 0


def longest_prompt(rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase) -> int:
    """Tokens of the longest prompt."""
    return max(map(len, rendering.encode_prompts(rows, tokenizer)))


def _turns(row: Row) -> list[Message]:
    return [turn for turn in row["prompt"] if turn["role"] != "system"] + row["completion"]


def _before_the_question(row: Row, turns: list[Message]) -> list[Message]:
    system = [turn for turn in row["prompt"] if turn["role"] == "system"]
    asked = [turn for turn in row["prompt"] if turn["role"] != "system"]
    return [*system, *turns, *asked]
