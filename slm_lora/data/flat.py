"""Conversations whose turns are a row each, back to a row each.

    conversation_id  role       content
    7                user       Where is it?
    7                assistant  In the box.

python -m slm_lora inspect +recipe=instruct data.train=turns.csv      shows what became of them

As plain text, what users say would be trained too, and no answer would have its question.
"""

import re
from pathlib import Path

from slm_lora.data.columns import USUAL
from slm_lora.data.messages import ROLE
from slm_lora.data.source import Record, Source, columns_of, named
from slm_lora.errors import UserError
from slm_lora.progress import log

SPEAKER = ("role", "from")
TEXT = ("content", "text", "value", "message")
OF_ONE = re.compile(r"(?i)(conv|conversation|chat|dialog|dialogue|thread|session)(_?id)?")
"""What tells the turns of one conversation."""
ORDER = re.compile(r"(?i)turn(_?(id|idx|index|number))?")
"""The place of a turn, where it is a number; else that of its row."""
ROWS = {"instruction", "output", "prompt", "completion", "messages", *USUAL["label"].split()}
"""Columns that say a row is more than a turn."""
BESIDE = ("system", "tools")
"""Columns of a conversation, not of a turn."""


def put_together(source: Source) -> None:
    """Makes rows of the turns of a source, if its rows are turns, by their order.

    Raises:
        UserError: nothing tells which turns are of one conversation.
    """
    found = columns_of(source)
    speaker = next((name for name in SPEAKER if name in found), None)
    text = next((name for name in TEXT if name in found), None)
    if speaker is None or text is None or ROWS & {*found}:
        return
    roles = {str(record.columns.get(speaker)).lower() for record in source.records}
    if not roles <= {*ROLE} or len({ROLE[role] for role in roles}) < 2:
        return
    by = next((name for name in found if OF_ONE.fullmatch(name) and _is_scalar(source, name)), None)
    if by is None:
        raise UserError(
            f"{named(source)}: each row is one turn of a conversation, by its column {speaker}",
            "expected a column conversation_id that is the same in all turns of a conversation, "
            "these in their order; or one row a conversation, with the column messages; as plain "
            f"text: data.columns.text={text}",
        )
    order = next((name for name in found if ORDER.fullmatch(name) and _is_number(source, name)), "")
    talks: dict[object, Record] = {}
    for record in sorted(source.records, key=lambda r: int(r.columns[order]) if order else 0):
        said, of = record.columns.get(text), record.columns.get(by)
        if of is None or of != of or of == "":
            raise UserError(
                f"{record.origin}: the turn has no {by}", "leave it out, or give it one"
            )
        if (said is None or said != said) and not record.columns.get("tool_calls"):
            continue
        talk = talks.setdefault(of, Record({"id": of, "messages": []}, record.origin, record.id))
        for name in BESIDE:
            if name in record.columns:
                talk.columns.setdefault(name, record.columns[name])
        turn = {key: value for key, value in record.columns.items() if key not in (by, *BESIDE)}
        talk.columns["messages"].append(turn | {"role": record.columns[speaker], "content": said})
    log.info(
        "%s: %d turns are %d conversations, by %s",
        Path(named(source)).name,
        len(source.records),
        len(talks),
        by,
    )
    source.records = list(talks.values())


def _is_number(source: Source, name: str) -> bool:
    return all(str(record.columns.get(name)).isdigit() for record in source.records)


def _is_scalar(source: Source, name: str) -> bool:
    return not any(isinstance(r.columns.get(name), list | dict) for r in source.records)
