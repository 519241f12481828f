"""From records to rows: which shape the columns have, and what each shape is turned into.

    shape            columns                        prompt                         completion
    prompt+completion prompt, completion            prompt, or its messages        completion
    messages         messages                       all turns but the last         the last turn
    instruction      instruction, [input], output   instruction, blank line, input output
    text+label       text, label                    data.prompt, "{text}\\nLabel:"  label's name
    text             text                           none                           text

The first shape whose columns are all there is taken. Strings become a user's and an assistant's
turn. `instruction` is the Alpaca layout (github.com/tatsu-lab/stanford_alpaca).
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter
from typing import Any

from slm_lora.config.schema import DataConfig, nearest
from slm_lora.data.labels import Labels
from slm_lora.data.sources import Record, Source
from slm_lora.errors import UserError

Row = dict[str, Any]
Message = dict[str, str]

SHAPES = {
    "prompt+completion": ("prompt", "completion"),
    "messages": ("messages",),
    "instruction": ("instruction", "output"),
    "text+label": ("text", "label"),
    "text": ("text",),
}
"""Shape → columns it needs, in order of preference."""
COLUMNS = ("id", "prompt", "completion", "messages", "instruction", "input", "output", "text", "label")
ROLES = ("system", "user", "assistant", "tool")
LABEL_PROMPT = "{text}\nLabel:"


@dataclass(frozen=True)
class Item:
    """A row on its way through cleaning. `text` is what is the row's own in the prompt (in the
    completion, for plain text): without the template, casefolded, without punctuation. Rows with
    the same `text` count as the same question."""

    row: Row
    text: str
    origin: str


def normalise(text: str) -> str:
    """Casefolded, with sentence punctuation and runs of whitespace as one space.

    Signs that can carry the meaning (+ - * / brackets, emoji) stay.
    """
    folded = text.casefold()
    return re.sub(r"[\s.,;:!?\"'`“”‘’…]+", " ", folded).strip() or folded.strip()


def rename(source: Source, config: DataConfig) -> None:
    """Gives the columns the names of `data.columns`; a file that has our name already keeps it.

    Raises:
        UserError: a mapped column is not there.
    """
    found = columns_of(source)
    for ours, theirs in config.columns.items():
        if ours not in COLUMNS:
            raise UserError(f"data.columns.{ours} is no column", nearest(ours, COLUMNS))
        if theirs in found:
            for record in source.records:
                record.columns[ours] = record.columns.get(theirs)
            if theirs in source.class_names:
                source.class_names[ours] = source.class_names[theirs]
        elif ours not in found:
            raise UserError(
                f"data.columns.{ours}={theirs}: {_where(source)} has no such column",
                f"its columns are {', '.join(found)}; type data.columns.{ours}=NAME",
            )


def columns_of(source: Source) -> list[str]:
    """Names of all columns that any record has."""
    return list(dict.fromkeys(name for record in source.records for name in record.columns))


def recognise(source: Source) -> str:
    """The shape of a source.

    Raises:
        UserError: no shape fits, or there are no rows.
    """
    if not source.records:
        raise UserError(f"{_where(source)} holds no rows", "expected at least one")
    found = columns_of(source)
    for shape, needed in SHAPES.items():
        if set(needed) <= set(found):
            return shape
    raise UserError(
        f"{_where(source)} has the columns {', '.join(found)}, which are no known shape",
        "expected text+label, text, prompt+completion, messages or instruction+output; name them, "
        f"such as data.columns.text={found[0]} data.columns.label={found[-1]}",
    )


def to_items(
    source: Source, shape: str, config: DataConfig, labels: Labels
) -> tuple[list[Item], Counter[str]]:
    """The rows of a source, and how many were left out by reason: `empty`, `no_answer`.

    Raises:
        UserError: a value of the wrong type, an unknown label or role, with the row's origin.
    """
    build = _builder(source, shape, config, labels)
    own_ids = [record.columns.get("id") for record in source.records]
    unique = None not in own_ids and len(set(map(str, own_ids))) == len(own_ids)
    items: list[Item] = []
    dropped: Counter[str] = Counter()
    for record in source.records:
        built = build(record)
        if isinstance(built, str):
            dropped[built] += 1
            continue
        turns, own = built
        prompt, completion = turns[:-1], turns[-1:]
        if config.system and not (prompt and prompt[0]["role"] == "system"):
            prompt = [{"role": "system", "content": config.system}, *prompt]
        row: Row = {
            "id": str(record.columns["id"]) if unique else record.id,
            "prompt": prompt,
            "completion": completion,
        }
        if shape == "text+label":
            row["label"] = completion[0]["content"]
        items.append(Item(row, normalise(own), record.origin))
    return items, dropped


Built = tuple[list[Message], str] | str
"""The row's turns (the last one is trained) and its own text, or why it is left out."""


def _builder(
    source: Source, shape: str, config: DataConfig, labels: Labels
) -> Callable[[Record], Built]:
    """What turns a record of this shape into turns."""
    if shape == "messages" or shape == "text":
        for key, value in (("prompt", config.prompt), ("system", config.system)):
            if value is not None and (shape == "text" or key == "prompt"):
                raise UserError(
                    f"data.{key} is set, but the rows are of the shape {shape}",
                    f"type data.{key}=null, or name a prompt by data.columns.prompt=NAME",
                )
        return _messages if shape == "messages" else _plain
    if shape == "text+label":
        template = _template(config.prompt or LABEL_PROMPT, source)
        return lambda record: _question(template, record, labels.name(record))
    if shape == "instruction":
        template = _template(config.prompt, source) if config.prompt else _instruction
        return lambda record: _question(template, record, string(record, "output"))
    template = _template(config.prompt, source) if config.prompt else None
    return lambda record: _prompt_completion(record, template)


Template = Callable[[Record], tuple[str, str]]
"""Record → the user's turn, and the text in it that is the row's own."""


def _template(text: str, source: Source) -> Template:
    found = columns_of(source)
    try:
        fields = list(dict.fromkeys(name for _, name, _, _ in Formatter().parse(text) if name is not None))
    except ValueError as error:
        raise UserError(
            f"data.prompt={text!r}: {error}", "write a column as {column}, a brace as {{ or }}"
        ) from error
    for name in fields:
        if name not in found:
            raise UserError(f"data.prompt={text!r}: no column {{{name}}}", nearest(name, found))

    def fill(record: Record) -> tuple[str, str]:
        values = {name: string(record, name) for name in fields}
        return text.format_map(values), "\n".join(values.values())

    return fill


def _instruction(record: Record) -> tuple[str, str]:
    question = string(record, "instruction")
    if record.columns.get("input"):
        question += "\n\n" + string(record, "input")
    return question, question


def _question(template: Template, record: Record, answer: str) -> Built:
    question, own = template(record)
    if not own.strip() or not answer.strip():
        return "empty"
    return [_user(question), _assistant(answer)], own


def _plain(record: Record) -> Built:
    text = string(record, "text")
    return ([_assistant(text)], text) if text.strip() else "empty"


def _messages(record: Record) -> Built:
    turns = messages(record, "messages")
    if not turns or turns[-1]["role"] != "assistant":
        return "no_answer"
    return _conversation(turns)


def _conversation(turns: list[Message]) -> Built:
    question = "\n".join(turn["content"] for turn in turns[:-1] if turn["role"] != "system")
    if not turns[-1]["content"].strip() or (turns[:-1] and not question.strip()):
        return "empty"
    return turns, question or turns[-1]["content"]


def _prompt_completion(record: Record, template: Template | None) -> Built:
    completion = record.columns.get("completion")
    if isinstance(completion, list):
        answer = messages(record, "completion")
        if len(answer) != 1 or answer[0]["role"] != "assistant":
            raise UserError(
                f"{record.origin}: the completion is {[turn['role'] for turn in answer]}",
                "expected one message of the assistant; put the turns before it into the prompt",
            )
    else:
        answer = [_assistant(string(record, "completion"))]
    if template is not None:
        return _question(template, record, answer[0]["content"])
    if isinstance(record.columns.get("prompt"), list):
        return _conversation(messages(record, "prompt") + answer)
    return _conversation([_user(string(record, "prompt")), *answer])


def messages(record: Record, column: str) -> list[Message]:
    """A column's messages, checked.

    Raises:
        UserError: it is no list of {"role", "content"} with known roles and text.
    """
    value = record.columns.get(column)
    if not isinstance(value, list):
        raise UserError(
            f"{record.origin}: {column} is a {type(value).__name__}",
            'expected a list of {"role": "user", "content": "…"}',
        )
    turns = []
    for turn in value:
        if not isinstance(turn, dict) or not isinstance(turn.get("content"), str):
            raise UserError(
                f"{record.origin}: a message is {str(turn)[:80]}",
                'expected {"role": "user", "content": "…"} with text as content',
            )
        if turn.get("role") not in ROLES:
            raise UserError(
                f"{record.origin}: a message has the role {turn.get('role')!r}",
                f"expected one of {', '.join(ROLES)}",
            )
        turns.append({"role": turn["role"], "content": turn["content"]})
    return turns


def string(record: Record, column: str) -> str:
    """A column's text; numbers as they are written, an absent value as nothing.

    Raises:
        UserError: it is a list or an object.
    """
    value = record.columns.get(column)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    raise UserError(
        f"{record.origin}: column {column} is a {type(value).__name__}", "expected text"
    )


def _user(content: str) -> Message:
    return {"role": "user", "content": content}


def _assistant(content: str) -> Message:
    return {"role": "assistant", "content": content}


def _where(source: Source) -> str:
    return ", ".join(entry.get("file") or f"{entry['hub']} {entry['split']}" for entry in source.report)
