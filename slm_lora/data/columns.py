"""What columns are called: our names, the usual ones elsewhere, and what an unknown one may be.

python -m slm_lora inspect +recipe=instruct data.train=faq.jsonl      question and answer, say
"""

import re
from typing import Any

from slm_lora.config.quoting import config_text, setting, shell_word
from slm_lora.config.sections.data import DataConfig
from slm_lora.data.messages import is_messages
from slm_lora.data.question import title
from slm_lora.data.source import Record, Source, columns_of

USUAL = {
    "messages": "conversations conversation dialogue dialog",
    "instruction": "question problem user human | query",
    "input": "context | passage paragraph support article",
    "output": "response answer completion assistant solution | answers correct_answer",
    "prompt": "input inputs source",
    "completion": "response answer output target targets",
    "text": "sentence review comment tweet document content question | chat",
    "label": "labels class category sentiment emotion intent topic target stars rating",
    "system": "system_prompt",
}
"""Our name → what it is called elsewhere; what stands behind a bar, where nothing before it is."""
WHOLE = "document article dialogue dialog text"
"""What texts are called that have a summary beside them."""
SUMMARY = "summary highlights"
LAST = (
    ("instruction", "instruction question problem", "output", "query | sql | answerkey"),
    (
        *("instruction", "instruction question problem query | prompt text description"),
        *("solution", "code"),
    ),
)
"""What is looked for where all else is in vain: our names for a question and for its answer, with
what these are called."""
PROGRAM = re.compile(r"[\n(={;]|\b(def|select|import|print)\b", re.IGNORECASE)
"""A sign of a program, which no id or name of a language has."""
LAYOUTS = (
    ("messages",),
    ("instruction", "solution"),
    ("instruction", "output"),
    ("prompt", "completion"),
    ("text", "label"),
    ("text",),
)
"""Columns that are looked for by their usual names, in order of preference."""
OPTIONAL = {"messages": ("system",), "instruction": ("system", "input"), "prompt": ("system",)}
"""First column of a layout → what may stand beside it."""
ASIDE = {*USUAL["label"].split(), "question"}
"""With a column of these names, no other is plain text."""
ANSWERS = ("answer", "answers")
"""What may hold several answers to a question, of which the first is the one to learn."""
KNOWN = {
    *USUAL,
    *WHOLE.split(),
    *SUMMARY.split(),
    *(name for names in USUAL.values() for name in re.findall(r"\w+", names)),
} - {"chat"}  # which may hold all rows of a file
SAMPLE = 200
"""Rows that are looked at to guess what a column is."""
MOST_TEXTS = 0.9
"""Share of them that must be text."""


def is_known(name: str, config: DataConfig) -> bool:
    """Whether a column's name means something here, or in the user's `data.columns`."""
    return name.casefold() in KNOWN or name in config.columns.values()


def form_a_row(found: list[str]) -> bool:
    """Whether all columns of a layout are there, by whatever name."""
    has = {*found, *usual_names(found)}
    return any(has >= {*needed} for needed in LAYOUTS)


def usual_names(found: list[str], *, summed_up: bool = True) -> dict[str, str]:
    """Our name → the column that is meant by it, where our own is not there: written in another
    case, or called as elsewhere. Of two columns that could be meant none is taken. `summed_up`: a
    summary may be the answer to the text beside it."""
    meant: dict[str, str] = {}
    for ours in (*USUAL, "solution", "id"):
        _look(ours, ours, found, meant)
    has = {*found, *meant}
    layout = next((needed for needed in LAYOUTS if has >= {*needed}), None)
    labelled = any(name.casefold() in ASIDE for name in found)
    only_text = layout == ("text",) and not labelled
    has_label = bool({*found} & {"label", "labels"})
    if summed_up and (only_text or (layout is None and not has_label)):
        pair: dict[str, str] = {}
        _look("prompt", WHOLE, found, pair)
        _look("completion", SUMMARY, found, pair)
        if len(pair) == 2:
            layout, meant = ("prompt", "completion"), meant | pair
    for needed in LAYOUTS if layout is None else ():
        if needed == ("text",) and labelled:
            continue  # a text without its label, or a question without its answer
        tried = dict(meant)
        for ours in needed:
            _look(ours, USUAL.get(ours, ""), found, tried)
        if {*found, *tried} >= {*needed}:
            layout, meant = needed, tried
            break
    for asked, questions, answer, answers in LAST if summed_up and not has_label else ():
        pair = {}
        _look(asked, questions, found, pair)
        _look(answer, answers, found, pair)
        if layout in (None, ("text",)) and {*found, *pair} >= {asked, answer}:
            layout, meant = (asked, answer), meant | pair
    for ours in OPTIONAL.get(layout[0], ()) if layout else ():
        _look(ours, USUAL[ours], found, meant)
    return meant


def _look(ours: str, names: str, found: list[str], meant: dict[str, str]) -> None:
    """Add the one column of these names, unless ours is there or the column is taken."""
    free = [name for name in found if name not in meant.values()]
    groups = ([name for name in free if name.casefold() in g.split()] for g in names.split("|"))
    columns = next(filter(None, groups), [])
    if ours not in found and ours not in meant and len(columns) == 1:
        meant[ours] = columns[0]


def may_be_meant(source: Source, name: str) -> bool:
    """Whether a column that bears one of these names may be what it says, by its values: a `code`
    may be one of a language, a `chat` a list of turns, an `sql` a tree."""
    values = [record.columns.get(name) for record in source.records[:SAMPLE]]
    called = name.casefold()
    if called not in ("code", "chat", "sql", "query", "answerkey"):
        return True
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < MOST_TEXTS * len(values):
        return False
    return called != "code" or sum(bool(PROGRAM.search(text)) for text in texts) > len(texts) / 2


def take_first_answers(source: Source, column: str) -> bool:
    """Leaves a row's first answer in the column where some are lists of texts, or SQuAD's and
    TriviaQA's objects of them, and nothing where there is none. Whether some are."""
    values = [record.columns.get(column) for record in source.records]
    first = [_first_answer(value) for value in values]
    several = None not in first and any(isinstance(value, list | dict) for value in values)
    for record, answer in zip(source.records, first, strict=True) if several else ():
        record.columns[column] = answer
    return several


def _first_answer(value: Any) -> str | None:
    """Nothing where nobody answered, None where it is no text."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        return _first_answer(value.get("text", value.get("value", 0)))
    if value is None or value != value:  # NaN is not itself
        return ""
    return value if isinstance(value, str) else None


def to_type(source: Source, *, with_prompt: bool = False) -> str:
    """The words that name the columns which are probably meant: a conversation, or the longest
    text, and beside it a label where another column's values repeat, else an answer. Nothing where
    no column is text. `with_prompt`: of several texts beside a label all are shown."""
    records = source.records[:SAMPLE]
    found = columns_of(source)
    if "chosen" in found:  # of a pair of answers, the one to learn
        found = [name for name in found if name != "rejected"]
    talks = [
        name
        for name in found
        if any(record.columns.get(name) for record in records)
        and all(is_messages(record.columns.get(name)) for record in records)
    ]
    # Where a prompt stands beside it, it may be the answer only.
    if talks and (len(records[0].columns[talks[0]]) > 1 or not {"prompt", "question"} & {*found}):
        return column_word("messages", talks[0])
    found = [name for name in found if name in talks or _is_text(records, name)]
    found = [name for name in found if not re.search(r"(^|_)id$|^system", name.casefold())]
    if not found:
        return ""
    lengths = {name: sum(len(_shown(record, name)) for record in records) for name in found}
    text = max(found, key=lambda name: lengths[name])
    others, prompt = [name for name in found if name != text], ""
    labels = [name for name in label_like(source) if name in others]
    if not others:
        named = {"text": text}
    elif labels:
        named = {"text": text, "label": labels[0]}
        asked = [n for n in found if n not in labels and 4 * lengths[n] >= lengths[text]]
        asked = [name for name in asked if not set(name) & set(".[]:!{}")]  # of a template
        if with_prompt and text in asked and len(asked) > 1:
            shown = [*(f"{title(name)}: {{{name}}}" for name in asked), f"{title(labels[0])}:"]
            prompt = " " + setting("data.prompt", " ".join(shown))
    else:
        other = max(others, key=lambda name: lengths[name])
        first, second = sorted((text, other), key=found.index)
        named = {"prompt": first, "completion": second}
    return " ".join(column_word(ours, name) for ours, name in named.items()) + prompt


def label_like(source: Source) -> list[str]:
    """Columns whose values repeat, as labels do; those with the fewest values first."""
    records = source.records[:SAMPLE]
    values = {name: len({_shown(r, name) for r in records}) for name in columns_of(source)}
    return sorted(
        (name for name in values if 1 < values[name] <= len(records) / 2), key=values.__getitem__
    )


def column_word(ours: str, name: str) -> str:
    """The word of a command line that says which column is meant by our name."""
    return shell_word(f"data.columns.{ours}={config_text(name)}")


def _is_text(records: list[Record], name: str) -> bool:
    """Whether its values are texts or numbers, and the name can be one."""
    values = (record.columns.get(name) for record in records)
    return bool(name.strip()) and not any(isinstance(v, list | dict) for v in values)


def _shown(record: Record, name: str) -> str:
    value = record.columns.get(name)
    return "" if value is None else str(value)
