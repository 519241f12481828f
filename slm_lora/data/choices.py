"""Multiple choice: what an answer is chosen from, written below its question.

    {"question": "Which?", "choices": ["red", "blue"], "answer": 1}                          MMLU
    {"question": "Which?", "choices": {"text": [...], "label": ["A", "B"]}, "answerKey": "B"}  ARC
    {"question": "Which?", "options": {"A": "red", "B": "blue"}, "answer": "blue"}          MedQA

python -m slm_lora inspect +recipe=instruct data.train=exam.jsonl      shows the questions
"""

import re
from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

from slm_lora.data.messages import from_text
from slm_lora.data.source import Source

NAMES = ("choices", "options")
SAMPLE = 200
"""Rows that are looked at."""


def unseen(source: Source, unused: list[str], shown: set[str]) -> str:
    """The unused column of choices, where the columns that are shown do not name them; else
    nothing."""
    for name in [name for name in unused if name.casefold() in NAMES]:
        for record in source.records[:SAMPLE]:
            seen = (record.columns.get(column) for column in shown)
            text = "\n".join(str(value) for value in seen if value is not None)
            for _, choice in _choices(record.columns.get(name)):
                if not re.search(rf"(?<!\w){re.escape(choice)}(?!\w)", text):
                    return name
    return ""


def write_below(source: Source, column: str, questions: Sequence[str], answer: str) -> None:
    """Add each row's choices to the first of its `questions` that has a text, a line each: with
    their own letters, by number where the answers are numbers of choices, else by letter."""
    rows = [
        (record.columns, _choices(record.columns.get(column)), str(record.columns.get(answer)))
        for record in source.records
    ]
    numbers = all(said.isdigit() for _, _, said in rows)
    by_number = numbers and not all(said in [choice for _, choice in own] for _, own, said in rows)
    # An answer that is as many as there are choices is the last of them.
    first = any(own and said == str(len(own)) for _, own, said in rows)
    for columns, own, _ in rows:
        lines = [
            f"{sign or (n + first if by_number else ascii_uppercase[n])}. {choice}"
            for n, (sign, choice) in enumerate(own)
        ]
        for question in [name for name in questions if columns.get(name)][:1]:
            columns[question] = "\n".join([str(columns[question]), *lines])


def _choices(value: Any) -> list[tuple[str, str]]:
    """The letter, where there is one, and the text of each."""
    value = from_text(value)
    signs: list[Any] = []
    if isinstance(value, dict):
        if "text" in value:
            signs, value = list(value.get("label") or ()), value["text"]
        else:
            signs, value = [*value], [*value.values()]
    if not isinstance(value, list) or len(value) > len(ascii_uppercase):
        return []
    signs = signs if len(signs) == len(value) else [""] * len(value)
    return [(str(sign), str(choice)) for sign, choice in zip(signs, value, strict=True)]
