"""From what a user types to what the model reads: the row that training would have made of it.

The text goes through the row maker of the data room, so `data.prompt` and `data.system` are applied
as in a training row, and through slm_lora/rendering/, so the token ids are the same.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from slm_lora import rendering
from slm_lora.chat.pair import Pair
from slm_lora.data.labels import Labels
from slm_lora.data.shapes import to_items
from slm_lora.data.source import Record, Source
from slm_lora.errors import UserError
from slm_lora.generate import stop_ids
from slm_lora.records import Message, Row

Turn = Message
TYPED = {
    "text+label": "text",
    "text": "text",
    "code": "instruction",
    "instruction": "instruction",
    "prompt+completion": "prompt",
}
"""Shape of the training rows → the column that a user's text stands for, without `data.prompt`."""
STAND_IN = "stand-in"
"""Answer of a row that is yet to be answered: whatever the answer, the prompt is the same."""


class TooLongError(UserError):
    """A conversation that leaves no room for an answer."""


@dataclass(frozen=True)
class Prompt:
    """A conversation as the model reads it. `lead` is what the template writes before an answer."""

    row: Row
    ids: list[int]
    lead: str
    stop_ids: set[int]


def question(pair: Pair, text: str) -> Row:
    """The row that training would have made of this text; its completion is a stand-in.

    Raises:
        UserError: the text is empty, or does not name the columns that `data.prompt` asks for.
    """
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise UserError("the text is not UTF-8", "save or type it as UTF-8")
    answer = dict.fromkeys(("solution", "output", "completion"), STAND_IN)
    answer["label"] = next(iter(pair.config.data.labels.values()), STAND_IN)
    columns: dict[str, Any] = _columns(pair, text)
    if pair.shape == "messages":
        columns["messages"] = [
            {"role": "user", "content": text},
            {"role": "assistant", "content": STAND_IN},
        ]
    source = Source([Record(answer | columns, "your text", "typed")])
    items, _ = to_items(source, pair.shape, pair.config.data, Labels(pair.config.data, source))
    if not items:
        raise UserError("the text is empty", "type something for the models to answer")
    return items[0].row


def _columns(pair: Pair, text: str) -> dict[str, str]:
    template = pair.config.data.prompt
    if template is None:
        return {TYPED[pair.shape]: text} if pair.shape in TYPED else {}
    fields = list(dict.fromkeys(name for _, name, _, _ in Formatter().parse(template) if name))
    if len(fields) == 1:
        # Who asks a server by what training read has written the question out already.
        before, _, behind = template.format_map({fields[0]: STAND_IN}).partition(STAND_IN)
        whole = text.startswith(before) and text.removeprefix(before).endswith(behind)
        if whole and any(map(str.isalpha, before + behind)):  # signs may be the text's own
            text = text.removeprefix(before).removesuffix(behind)
        return {fields[0]: text}
    try:
        given = json.loads(text)
    except json.JSONDecodeError:
        given = None
    if not isinstance(given, dict) or set(given) != set(fields):
        example = json.dumps(dict.fromkeys(fields, "…"), ensure_ascii=False)
        raise UserError(
            f"the rows of this run have {len(fields)} columns in their prompt: {', '.join(fields)}",
            f"type them as JSON: {example}",
        )
    return given


def conversation(pair: Pair, turns: Sequence[Turn]) -> Row:
    """The row of a conversation whose last turn is the user's.

    Without a system turn it begins with that of `chat.system`, else of `data.system`. A run that
    does not remember (`Pair.remembers`) reads only the last turn.
    """
    last = question(pair, turns[-1]["content"])
    system = pair.config.chat.system or pair.config.data.system
    if pair.shape == "text":
        if system or any(turn["role"] == "system" for turn in turns):
            raise UserError(
                "this run was trained on plain text, which has no system turn",
                "leave it out (chat.system=null)",
            )
        return last
    if not pair.remembers:
        turns = [turn for turn in turns[:-1] if turn["role"] == "system"] + [turns[-1]]
    messages = [
        question(pair, turn["content"])["prompt"][-1] if turn["role"] == "user" else turn
        for turn in turns
    ]
    if system and messages[0]["role"] != "system":
        messages = [{"role": "system", "content": system}, *messages]
    return {**last, "prompt": messages}


def prompt(pair: Pair, turns: Sequence[Turn]) -> Prompt:
    """A conversation as token ids.

    Raises:
        TooLongError: it leaves no room for an answer.
        UserError: the chat template refuses it.
    """
    row, tokenizer = conversation(pair, turns), pair.tokenizer
    encoded = rendering.encode([row], tokenizer)[0]
    if pair.shape == "text":  # the model goes on with the text
        ids, lead = encoded.prompt + encoded.answer, ""
    else:
        ids, lead = encoded.prompt, rendering.lead(tokenizer)
    if len(ids) >= pair.context:
        raise TooLongError(
            f"the conversation has {len(ids)} tokens and the model reads {pair.context}",
            "type a shorter text",
        )
    return Prompt(row, ids, lead, stop_ids(pair.tuned, tokenizer))


def length(pair: Pair, turns: Sequence[Turn]) -> int:
    """Tokens of a conversation, which may be more than the model reads.

    Raises:
        UserError: the chat template refuses it.
    """
    return len(rendering.encode([conversation(pair, turns)], pair.tokenizer)[0].prompt)
