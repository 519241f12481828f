"""A record's turns: what the user says and what the assistant is to answer, shape by shape."""

import json
import re
from collections.abc import Callable
from string import Formatter

from slm_lora.config.checks import nearest
from slm_lora.config.sections.data import DataConfig
from slm_lora.data.columns import SAMPLE, USUAL
from slm_lora.data.labels import Labels
from slm_lora.data.messages import has_other_than_text, is_messages, messages
from slm_lora.data.source import Record, Source, columns_of, named
from slm_lora.errors import UserError
from slm_lora.records import Message, is_trained

Built = tuple[list[Message], str] | str
"""The row's turns (the last one is trained) and its own text, or why it is left out."""


def builder(
    source: Source, shape: str, config: DataConfig, labels: Labels
) -> Callable[[Record], Built]:
    """What turns a record of this shape into turns."""
    if shape == "text" and config.system is not None:
        raise UserError(
            "data.system is set, but rows of plain text have no turns",
            "type data.system=null, or name other columns by data.columns",
        )
    if shape in ("text", "messages"):
        if config.prompt is not None:
            raise UserError(
                f"data.prompt is set, but rows of the shape {shape} take no template",
                "type data.prompt=null, or name other columns by data.columns",
            )
        return _plain if shape == "text" else _messages
    if shape == "text+label":
        assert config.prompt, "load_rows makes one"
        template = _template(config.prompt, source, "label")
        return lambda record: _labelled(template, record, labels.name(record))
    answer = {"code": "solution", "instruction": "output"}.get(shape, "completion")
    own_template = _template(config.prompt, source, answer) if config.prompt else None
    if shape == "code":
        question = own_template or _instruction
        return lambda record: _question(question, record, string(record, "solution"))
    if shape == "instruction":
        question = own_template or _instruction
        return lambda record: _question(question, record, written(record, "output"))
    judged = are_judged(source)
    return lambda record: _prompt_completion(record, own_template, judged)


def are_judged(source: Source) -> bool:
    """Whether a column `label` says true or false of each answer: TRL's unpaired preferences."""
    said = {str(record.columns.get("label")).lower() for record in source.records}
    return bool(said) and said <= {"true", "false"}


def _are_same(source: Source, *columns: str) -> bool:
    """Whether two hold the same, in several rows: a renamed column is there by both names."""
    pairs = [[record.columns.get(name) for name in columns] for record in source.records[:SAMPLE]]
    several = len({str(one) for one, _ in pairs}) > 1
    return several and all(one == other for one, other in pairs)


Template = Callable[[Record], tuple[str, str]]
"""Record → the user's turn, and the text in it that is the row's own."""


def fields_of(text: str) -> list[str]:
    """The columns that a template names."""
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


def _template(text: str, source: Source, answer: str) -> Template:
    """`answer`: the column that is not to stand in the question."""
    found = columns_of(source)
    try:
        parts = [(name, spec) for _, name, spec, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise UserError(
            f"data.prompt={text!r}: {error}", "write a column as {column}, a brace as {{ or }}"
        ) from error
    for name, spec in parts:
        if name not in found:
            raise UserError(
                f"data.prompt={text!r}: {named(source)} has no column {{{name}}}",
                f"{nearest(name, found)}; a brace that names no column is written {{{{ or }}}}",
            )
        if name == answer or (name not in USUAL and _are_same(source, name, answer)):
            raise UserError(
                f"data.prompt={text!r} has the answer in the question, {{{name}}}",
                f"leave {{{name}}} out",
            )
        if spec and re.search(r"[{]|\d{4}", spec):  # a width of 10^9 would fill the memory
            raise UserError(
                f"data.prompt={text!r}: {{{name}:{spec}}} is too wide", f"write {{{name}}}"
            )
    fields = dict.fromkeys(name for name, _ in parts)
    try:
        text.format_map(dict.fromkeys(fields, ""))
    except ValueError as error:
        raise UserError(
            f"data.prompt={text!r}: {error}", "every column is text: write {column}"
        ) from error

    def fill(record: Record) -> tuple[str, str]:
        values = {name: string(record, name) for name in fields}
        return text.format_map(values), "\n".join(values.values())

    return fill


def _instruction(record: Record) -> tuple[str, str]:
    question, value = string(record, "instruction"), record.columns.get("input")
    given = "" if value in ([], {}) else written(record, "input")
    question += f"\n\n{given}" if given else ""
    return question, question


def _question(template: Template, record: Record, answer: str) -> Built:
    question, own = template(record)
    if not own.strip() or not answer.strip():
        return "empty"
    return [_user(_with_choices(question, record)), _assistant(answer)], own


def _with_choices(question: str, record: Record) -> str:
    return f"{question}\n{record.below}" if record.below else question


def _labelled(template: Template, record: Record, label: str | None) -> Built:
    return "no_label" if label is None else _question(template, record, label)


def _plain(record: Record) -> Built:
    text = string(record, "text")
    return ([_assistant(text)], text) if text.strip() else "empty"


def _messages(record: Record) -> Built:
    if has_other_than_text(record, "messages"):
        return "no_text"
    turns = messages(record, "messages")
    while turns and not is_trained(turns[-1]):
        turns.pop()  # nobody answered, or not to be learned
    return _conversation(turns) if turns else "no_answer"


def _conversation(turns: list[Message]) -> Built:
    question = "\n".join(turn["content"] for turn in turns[:-1] if turn["role"] != "system")
    answer = turns[-1]["content"].strip() or turns[-1].get("tool_calls")
    if not answer or (turns[:-1] and not question.strip()):
        return "empty"
    return turns, question or turns[-1]["content"]


def _prompt_completion(record: Record, template: Template | None, judged: bool) -> Built:
    if has_other_than_text(record, "prompt", "completion"):
        return "no_text"
    if judged and str(record.columns["label"]).lower() == "false":
        return "rejected"
    if is_messages(record.columns.get("completion")):
        answer = messages(record, "completion")
        if len(answer) != 1 or answer[0]["role"] != "assistant":
            raise UserError(
                f"{record.origin}: the completion is {[turn['role'] for turn in answer]}",
                "expected one message of the assistant; put the turns before it into the prompt",
            )
        if not is_trained(answer[0]):
            return "rejected"
    else:
        answer = [_assistant(written(record, "completion"))]
    if template is not None:
        return _question(template, record, answer[0]["content"])
    if is_messages(record.columns.get("prompt")):
        return _conversation(messages(record, "prompt") + answer)
    prompt = string(record, "prompt")
    built = _conversation([_user(prompt), *answer])
    if not record.below or isinstance(built, str):
        return built
    return [_user(_with_choices(prompt, record)), *answer], built[1]


def string(record: Record, column: str) -> str:
    """A column's text; numbers as they are written, an absent value as nothing.

    Raises:
        UserError: it is a list or an object.
    """
    value = record.columns.get(column)
    if isinstance(value, str):
        return value
    if value is None or value != value:  # NaN is not itself
        return ""
    if isinstance(value, int | float):
        return str(value)
    raise UserError(
        f"{record.origin}: column {column} is a {type(value).__name__}", "expected text"
    )


def written(record: Record, column: str) -> str:
    """As `string`; lists and objects as JSON."""
    value = record.columns.get(column)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return string(record, column)


def _user(content: str) -> Message:
    return {"role": "user", "content": content}


def _assistant(content: str) -> Message:
    return {"role": "assistant", "content": content}
