"""Paths of this machine: told from hub ids, and shortened to their last part for other readers.

last_parts({"data": {"train": "/home/me/rows.jsonl"}})      {"data": {"train": "rows.jsonl"}}
"""

import re
from pathlib import Path, PureWindowsPath
from typing import Any

from slm_lora import nano
from slm_lora.model.location import LOCAL

TEXTS = ("data.prompt", "data.system", "chat.system")
"""Keys whose values are texts for the model; a slash in them is no path."""


def last_part(value: str) -> str:
    """`rows.jsonl` of `/home/me/rows.jsonl`; any other text as it is."""
    if "\n" in value or not LOCAL.match(value):
        return value
    if Path(value) == nano.PATH:
        return "nano"
    return PureWindowsPath(value.rstrip("/\\")).name  # knows both kinds of slash


def last_parts(tree: Any, key: str = "") -> Any:
    """The same JSON, each text that is a path as its last part, and so the sources of data.mix."""
    if key == "data.mix":
        tree = {last_part(source): weight for source, weight in tree.items()}
    if isinstance(tree, dict):
        return {k: last_parts(v, f"{key}.{k}" if key else str(k)) for k, v in tree.items()}
    if isinstance(tree, list):
        return [last_parts(value, key) for value in tree]
    return last_part(tree) if isinstance(tree, str) and key not in TEXTS else tree


def shown_word(word: str) -> str:
    """A word of a command line, each path in it as its last part: `data.train=rows.jsonl`."""
    key, equals, value = word.partition("=")
    if not equals:
        return last_part(word)
    if key.lstrip("+") in TEXTS:
        return word
    inner = re.split(r"([\[\]{},'\"]+ *)", value)
    return f"{key}={''.join(map(last_part, inner))}"
