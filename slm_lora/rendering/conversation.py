"""What a conversation holds beside its last answer: earlier answers, and tools.

    python -m slm_lora inspect +recipe=instruct data.train=chats.jsonl
    python -m slm_lora inspect +recipe=instruct data.train=chats.jsonl data.turns=last

Where an answer stands is found in the rendered text, since few templates mark it.
"""

from collections.abc import Sequence
from os.path import commonprefix
from typing import cast

from transformers import PreTrainedTokenizerBase

from slm_lora.errors import UserError
from slm_lora.records import Message, Row, is_trained
from slm_lora.rendering.encoding import Encoded
from slm_lora.rendering.template import around_answer
from slm_lora.rendering.text import rendered

Span = tuple[int, int]
"""From and up to, without the last."""


def uses_tools(row: Row) -> bool:
    """Whether tools are offered, called or answer in it."""
    turns = row["prompt"] + row["completion"]
    return bool(row.get("tools") or any(m["role"] == "tool" or m.get("tool_calls") for m in turns))


def shows_tools(row: Row, tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the template writes all that a row says of tools: those it offers, and the calls."""
    if not uses_tools(row):
        return True
    messages = row["prompt"] + row["completion"]
    calls = any(message.get("tool_calls") for message in messages)
    try:
        whole = rendered(row, messages, tokenizer)
        without = cast(Row, {key: value for key, value in row.items() if key != "tools"})
        shown = not row.get("tools") or whole != rendered(without, messages, tokenizer)
        return shown and (not calls or whole != rendered(row, _uncalled(messages), tokenizer))
    except UserError:  # as strict templates say of a role that they do not know
        return False


def _uncalled(messages: list[Message]) -> list[Message]:
    kept = ({k: v for k, v in message.items() if k != "tool_calls"} for message in messages)
    return [cast(Message, message) for message in kept]


def answered(row: Row) -> int:
    """The answers to be learned before the last one."""
    return sum(map(is_trained, row["prompt"]))


def earlier_answers(
    rows: Sequence[Row], encoded: Sequence[Encoded], tokenizer: PreTrainedTokenizerBase
) -> list[list[Span]]:
    """Places of the earlier answers among the tokens of each row's prompt, ends of turn included.

    Left out is an answer that no turn stands before, one that the template writes otherwise once
    the conversation has gone on, and one of which nothing is left.

    Raises:
        UserError: the tokenizer does not say which characters a token stands for.
    """
    several = [n for n, row in enumerate(rows) if answered(row)]
    spans: list[list[Span]] = [[] for _ in rows]
    if not several:
        return spans
    if not tokenizer.is_fast:
        raise UserError(
            "data.turns=all: this tokenizer does not say which characters a token stands for",
            "type data.turns=last",
        )
    prompts = [encoded[n].prompt_text for n in several]
    places = tokenizer(
        prompts, add_special_tokens=False, return_offsets_mapping=True, verbose=False
    )["offset_mapping"]
    for n, offsets in zip(several, places, strict=True):
        for first, last in _characters(rows[n], encoded[n].text, tokenizer):
            inside = [i for i, (start, end) in enumerate(offsets) if start < last and first < end]
            spans[n] += [(inside[0], inside[-1] + 1)] if inside else []
    return spans


def _characters(row: Row, whole: str, tokenizer: PreTrainedTokenizerBase) -> list[Span]:
    """Places of the earlier answers in the row's text."""
    extra, before, after = around_answer(tokenizer)
    found = []
    for n, turn in enumerate(row["prompt"]):
        if not is_trained(turn) or n == 0:
            continue
        asked = rendered(row, row["prompt"][:n], tokenizer, asks=True).removesuffix(extra)
        # Some templates write spaces around an answer, and some leave them out.
        answers = [turn["content"], turn["content"].strip()]
        if turn.get("tool_calls"):  # the template has words of its own for them
            answered = rendered(row, row["prompt"][: n + 1], tokenizer)
            answers = [answered.removeprefix(asked).removesuffix(after)]
        # What stands before an answer may be left out of earlier turns, as a block of thoughts is.
        spans = [
            (len(asked) + (len(lead) if lead.strip() else 0), end, end + behind)
            for answer in answers
            for lead in (before, "")
            if answer.strip() and whole.startswith(asked + lead + answer)
            for end in [len(asked + lead + answer)]
            for behind in [len(commonprefix([whole[end:], after]))]  # noqa: RUF071  (no paths)
        ]
        if spans:  # the one that most of the end of turn follows
            start, _, last = max(spans, key=lambda span: span[2] - span[1])
            found.append((start, last))
    return found
