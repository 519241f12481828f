"""The question that a labelled text is put as, where `data.prompt` names none.

    Review: {text}
    Answer with negative or positive.
    Sentiment:

It is as fair to the untouched model as those of conf/data: it says what may be answered.
"""

from collections.abc import Sequence

from slm_lora.config.sections.data import DataConfig

NAMED = 20
"""Most labels that the question names: of more it would be mostly labels."""


def question(config: DataConfig, labels: Sequence[str]) -> str:
    """A template for `data.prompt`, with the file's own names of the columns."""
    text, label = (title(config.columns.get(name, name)) for name in ("text", "label"))
    lines = [f"{text}: {{text}}", f"{label}:"]
    if 1 < len(labels) <= NAMED:
        *first, last = map(_escaped, labels)
        lines.insert(1, f"Answer with {', '.join(first)} or {last}.")
    return "\n".join(lines)


def title(column: str) -> str:
    """A column's name as the beginning of a line in a template."""
    words = column.replace("_", " ").strip()
    return _escaped(words[:1].upper() + words[1:])


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
