"""Any nested JSON as headings, pairs and tables: how the page shows data_report.json.

    outline({"rows": {"train": 141, "test": 60}}, "Data")

A dict of dicts of plain values is one table, a list of dicts another; deeper ones nest.
"""

from dataclasses import dataclass, field
from typing import Any

from slm_lora.formatting import plain

MOST_ROWS = 20
"""Rows of a table that are shown; the file holds them all."""


@dataclass
class Section:
    """What stands below one heading, every value as text."""

    title: str
    pairs: list[tuple[str, str]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    left_out: int = 0
    sections: list["Section"] = field(default_factory=list)


def outline(tree: dict[str, Any], title: str) -> Section:
    """A nested dict of plain JSON."""
    section = Section(title)
    for key, value in tree.items():
        name = key.replace("_", " ")
        if _is_plain(value):
            section.pairs.append((name, plain(value)))
        elif isinstance(value, list):
            section.sections.append(_table(name, value))
        elif any(value.values()) and all(map(_is_row, value.values())):
            section.sections.append(_table(name, [{"": k} | row for k, row in value.items()]))
        else:
            section.sections.append(outline(value, name))
    return section


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return not any(isinstance(element, dict) for element in value)
    return not (isinstance(value, dict) and value)


def _is_row(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_plain, value.values()))


def _table(title: str, rows: list[Any]) -> Section:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return Section(
        title,
        columns=[column.replace("_", " ") for column in columns],
        rows=[[plain(row[c]) if c in row else "" for c in columns] for row in rows[:MOST_ROWS]],
        left_out=max(len(rows) - MOST_ROWS, 0),
    )
