"""From records to rows: which shape the columns have, and what each shape is turned into.

shape              columns                        prompt                            completion
prompt+completion  prompt, completion             prompt, or its messages           completion
messages           messages                       what stands before it             the last answer
code               instruction, solution          instruction                       solution
instruction        instruction, [input], output   instruction, empty line, input    output
text+label         text, label                    data.prompt or data/question.py   label's name
text               text                           none                              text

The first shape whose columns are all there is taken; usual names in any case, such as question and
answer, are read as ours (slm_lora/data/columns.py). Strings become a user's and an assistant's
turn, a column system the system turn; those that are written out conversations become messages
before (slm_lora/data/written_out.py). `instruction` is the Alpaca layout
(github.com/tatsu-lab/stanford_alpaca); what else a row of code may carry says
slm_lora/data/programs.py.
"""

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from slm_lora.config.checks import nearest
from slm_lora.config.sections.data import DataConfig
from slm_lora.data import choices, programs, tool_use
from slm_lora.data.columns import (
    ANSWERS,
    KNOWN,
    WHOLE,
    column_word,
    may_be_meant,
    take_first_answers,
    to_type,
    usual_names,
)
from slm_lora.data.files import DELIMITED
from slm_lora.data.labels import Labels
from slm_lora.data.messages import from_text
from slm_lora.data.source import Source, columns_of, named, place
from slm_lora.data.turns import are_judged, builder, fields_of, string
from slm_lora.errors import UserError
from slm_lora.progress import log
from slm_lora.records import Row

SHAPES = {
    "prompt+completion": ("prompt", "completion"),
    "messages": ("messages",),
    "code": ("instruction", "solution"),
    "instruction": ("instruction", "output"),
    "text+label": ("text", "label"),
    "text": ("text",),
}
"""Shape → columns it needs, in order of preference."""
COLUMNS = (
    "id",
    "input",
    "system",
    *tool_use.OFFERED,
    *programs.TESTED,
    *dict.fromkeys(name for needed in SHAPES.values() for name in needed),
)
"""All column names that mean something here."""
CONVERSATIONS = ("prompt+completion", "messages", "instruction")
"""Shapes whose columns system and tools are part of the conversation."""
BESIDE = {
    "prompt+completion": ("system", *tool_use.OFFERED),
    "messages": ("system", *tool_use.OFFERED),
    "code": ("system", "input", *programs.TESTED),
    "instruction": ("system", *tool_use.OFFERED, "input"),
    "text+label": (),
    "text": (),
}
"""Shape → columns that mean something there beside those that it needs."""
SENTENCE_SIGNS = ".,;:!?\"'`\u2018\u2019\u201c\u201d\u2026"


@dataclass(frozen=True)
class Item:
    """A row on its way through cleaning. `text` is what is the row's own in the prompt (for plain
    text, in the completion), without the template and normalised. Rows with the same `text` are
    the same question. `cut`: turns at the end that nobody answered are left off. `source`: the
    name of its source, where there are several."""

    row: Row
    text: str
    cut: bool = False
    source: str = ""


def normalise(text: str) -> str:
    """Casefolded, with sentence punctuation and runs of whitespace as one space.

    Signs that can carry the meaning (+ - * / brackets, emoji) stay.
    """
    folded = text.casefold()
    return re.sub(rf"[\s{SENTENCE_SIGNS}]+", " ", folded).strip() or folded.strip()


def rename(source: Source, config: DataConfig) -> None:
    """Gives the columns the names of `data.columns`, then ours for usual ones; a file that has our
    name already keeps it.

    Raises:
        UserError: a mapped column is not there.
    """
    found = columns_of(source)
    if not found:
        return  # said when the shape is looked for
    _rename(source, {ours: name for ours, name in config.columns.items() if name in found})
    for ours, theirs in config.columns.items():
        if ours not in COLUMNS:
            raise UserError(f"data.columns.{ours} is no column", nearest(ours, COLUMNS))
        if theirs not in found and ours not in found:
            raise UserError(
                f"data.columns.{ours}={theirs}: {named(source)} has no such column",
                f"its columns are {', '.join(found)}; "
                f"type {column_word(ours, get_close_matches(theirs, found, 1, 0)[0])}",
            )
    talks = any(isinstance(source.records[0].columns.get(name), list) for name in WHOLE.split())
    chosen = {"text", "label"} & config.columns.keys()
    columns = [name for name in columns_of(source) if may_be_meant(source, name)]
    meant = usual_names(columns, summed_up=not (talks or chosen))
    _rename(source, meant)
    for record in source.records:
        if "messages" in record.columns:
            record.columns["messages"] = from_text(record.columns["messages"])
    said = [f"{theirs} as {ours}" for ours, theirs in meant.items()]
    for ours in ("output", "completion"):
        if meant.get(ours, "").casefold() in ANSWERS and take_first_answers(source, ours):
            said.append(f"the first of several {meant[ours]}")
    if shape := _shape_of(columns_of(source)):
        used = {*SHAPES[shape], *BESIDE[shape], "id", *meant.values(), *config.columns.values()}
        if shape == "prompt+completion" and are_judged(source):
            used.add("label")
        with suppress(ValueError):  # of a malformed template, which is said where it is used
            used |= {*fields_of(config.prompt or "")}
        unused = [name for name in found if name not in used]
        answer = SHAPES[shape][-1]
        shown = {*found, *meant} - {answer, meant.get(answer, config.columns.get(answer)), *unused}
        if shape not in ("text", "messages"):
            source.choices = choices.unseen(source, unused, shown)
        source.unused = [name for name in unused if name != source.choices]
        said += [f"{name} not used" for name in source.unused]
    if said:
        log.info("columns of %s: %s", Path(named(source)).name, ", ".join(said))


def _rename(source: Source, names: dict[str, str]) -> None:
    for record in source.records:
        record.columns |= {ours: record.columns.get(theirs) for ours, theirs in names.items()}
    if names.get("label") in source.class_names:
        source.class_names["label"] = source.class_names[names["label"]]


def recognise(source: Source) -> str:
    """The shape of a source.

    Raises:
        UserError: no shape fits, or there are no rows.
    """
    if not source.records:
        raise UserError(f"no rows found in {named(source)}", "expected at least one")
    found = columns_of(source)
    if shape := _shape_of(found):
        return shape
    hint = "expected text+label, text, prompt+completion, messages or instruction+output"
    if (layout := programs.layout_of(found)) != "rows":
        hint = f"type task.format={layout}"
    elif line := to_type(source, with_prompt=True):
        hint += f"; name them, such as {line}"
    tables = any({*DELIMITED} & {*Path(place(entry)).suffixes} for entry in source.report)
    if tables and KNOWN.isdisjoint(name.casefold() for name in found):
        hint += "; if the first line is a row, type data.header=false"
    raise UserError(
        f"{named(source)} has the columns {', '.join(found)}, which are no known shape", hint
    )


def _shape_of(found: list[str]) -> str | None:
    return next((shape for shape, needed in SHAPES.items() if {*needed} <= {*found}), None)


def to_items(
    source: Source, shape: str, config: DataConfig, labels: Labels
) -> tuple[list[Item], Counter[str]]:
    """The rows of a source, and how many were left out by reason: `empty`, `no_label`,
    `no_answer`, `no_text` (a picture is none).

    Raises:
        UserError: a value of the wrong type, several labels or an unknown role, with the row's
            origin.
    """
    build = builder(source, shape, config, labels)
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
        own_system = string(record, "system") if "system" in BESIDE[shape] else ""
        system = own_system.strip() or config.system
        if system and not (prompt and prompt[0]["role"] == "system"):
            prompt = [{"role": "system", "content": system}, *prompt]
        row: Row = {
            "id": str(record.columns["id"]) if unique else record.id,
            "prompt": prompt,
            "completion": completion,
        }
        if shape in CONVERSATIONS and (tools := tool_use.offered(record)):
            row["tools"] = tools
        if shape == "text+label":
            row["label"] = completion[0]["content"]
        if shape == "code":
            kept = {name: record.columns.get(name) for name in programs.TESTED}
            row = cast(Row, row | {k: value for k, value in kept.items() if value is not None})
            if "tests" in row:
                programs.check_record(record)
        cut = shape == "messages" and len(turns) < len(record.columns["messages"])
        items.append(Item(row, normalise(own), cut))
    return items, dropped
