"""Multiple choice: what an answer is chosen from, written below its question.

    {"question": "Which?", "choices": ["red", "blue"], "answer": 1}                          MMLU
    {"question": "Which?", "choices": {"text": [...], "label": ["A", "B"]}, "answerKey": "B"}  ARC
    {"question": "Which?", "options": {"A": "red", "B": "blue"}, "answer": "blue"}          MedQA

python -m slm_lora inspect +recipe=instruct data.train=exam.jsonl      shows the questions
"""

import re
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from slm_lora.data.messages import from_text
from slm_lora.data.source import Record, Source, named
from slm_lora.progress import log

NAMES = ("choices", "options")
ANSWER = {"instruction": "output", "prompt+completion": "completion"}
"""Shape of a question → the column of its answer."""
SAMPLE = 200
"""Rows that are looked at."""
MOST = 0.9
"""Share of the rows whose answer must be among the choices; else they are something else."""
Choices = list[tuple[str, str]]
"""The sign, where there is one, and the text of each."""


def unseen(source: Source, unused: list[str], shown: set[str]) -> str:
    """The unused column of choices, where the columns that are shown do not name them; else
    nothing."""
    for name in [name for name in unused if name.casefold() in NAMES]:
        for record in source.records[:SAMPLE]:
            seen = (record.columns.get(column) for column in shown)
            text = "\n".join(str(value) for value in seen if value is not None)
            for choice in _texts(record.columns.get(name)):
                if not re.search(rf"(?<!\w){re.escape(choice)}(?!\w)", text):
                    return name
    return ""


def write_below(sources: list[Source], *, own_prompt: bool) -> None:
    """Have each row's choices written below its question, a line each: with their own signs, by
    number where the answers of all sources are numbers of choices, else by letter. A warning where
    the question is written by `own_prompt`, or the answers are not among them."""
    waiting = [one for one in sources if one.choices]
    if not waiting:
        return
    fits = not own_prompt and all(one.shape in ANSWER for one in waiting)
    rows = [(record, *_row(one, record)) for one in waiting if fits for record in one.records]
    answered = [(own, said) for _, own, said in rows if own and said]
    by_text = sum(said in [text for _, text in own] for own, said in answered)
    by_sign = sum(said in [sign for sign, _ in own] for own, said in answered)
    numbers = [(own, int(said)) for own, said in answered if said.isdigit()]
    # An answer that is as many as there are choices is the last of them.
    first = int(any(n == len(own) for own, n in numbers) and all(n for _, n in numbers))
    by_number = sum(first <= n < len(own) + first for own, n in numbers)
    by_letter = sum(said in ascii_uppercase[: len(own)] for own, said in answered)
    if max(by_text, by_sign, by_number, by_letter) < MOST * max(len(answered), 1):
        for one in waiting:
            log.warning(
                "%s: the model does not see the column %s, and so not what it may choose from; "
                "write it into the question",
                named(one),
                one.choices,
            )
        return
    numbered = by_number > by_text
    for record, own, _ in rows:
        signs = [str(n + first) if numbered else ascii_uppercase[n] for n in range(len(own))]
        record.below = "\n".join(
            text
            if re.match(rf"{re.escape(sign or other)}[.):]", text)
            else f"{sign or other}. {text}"
            for (sign, text), other in zip(own, signs, strict=True)
        )
    for one in waiting:
        log.info("%s: %s stand below the question", Path(named(one)).name, one.choices)


def _row(source: Source, record: Record) -> tuple[Choices, str]:
    """Its choices, none where they are something else, and its answer, empty where it has none."""
    said = str(record.columns.get(ANSWER[source.shape]))
    said = re.sub(r"^(\d+)\.0$", r"\1", said)
    asked = record.columns.get(source.shape.partition("+")[0])
    own = _choices(record.columns.get(source.choices)) if isinstance(asked, str) else []
    return own, "" if said in ("None", "nan", "", "-1") else said


def _texts(value: Any) -> list[str]:
    """All that may be choices, for a warning."""
    value = from_text(value)
    if isinstance(value, dict):
        value = value.get("text", [*value.values()])
    return [str(choice) for choice in value] if isinstance(value, list) else []


def _choices(value: Any) -> Choices:
    value = from_text(value)
    signs: list[Any] = []
    if isinstance(value, dict) and isinstance(value.get("text"), list):
        labels = value.get("label")
        signs, value = labels if isinstance(labels, list) else [], value["text"]
    elif isinstance(value, dict):  # Arrow writes the letters of other rows too, with nothing
        there = {sign: text for sign, text in value.items() if text is not None}
        signs, value = [*there], [*there.values()]
        if not all(re.fullmatch(r"\w", sign) for sign in signs):
            return []
    if not isinstance(value, list) or not 1 < len(value) <= len(ascii_uppercase):
        return []
    if any(isinstance(one, bool) or not isinstance(one, str | int | float) for one in value):
        return []
    signs = signs if len(signs) == len(value) else [""] * len(value)
    return [(str(sign), str(text)) for sign, text in zip(signs, value, strict=True)]
