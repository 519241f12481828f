"""Where rows come from: files when `data.train` names some, else a dataset of the hub."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Record:
    """One line of a source: `columns` by name, `origin` for messages (`train.csv:17`), `id`.
    `below`: what its answer is chosen from, which stands below its question."""

    columns: dict[str, Any]
    origin: str
    id: str
    below: str = ""


@dataclass
class Source:
    """All records of a split. `class_names`: column → names of its integer classes, where the
    source tells them. `report`: one entry for each file or hub split. `name`: of one of several
    sources. `shape`: as slm_lora/data/shapes.py knows it, once the columns have our names.
    `choices`: the column of what answers are chosen from, which no question shows. `unused`:
    columns that no row is made of."""

    records: list[Record] = field(default_factory=list)
    class_names: dict[str, list[str]] = field(default_factory=dict)
    report: list[dict[str, Any]] = field(default_factory=list)
    name: str = ""
    shape: str = ""
    choices: str = ""
    unused: list[str] = field(default_factory=list)


def joined(sources: list[Source]) -> Source:
    """All records as those of one source."""
    whole = Source()
    for source in sources:
        whole.records += source.records
        whole.class_names |= source.class_names
        whole.report += source.report
    return whole


def columns_of(source: Source) -> list[str]:
    """Names of all columns that any record has."""
    return list(dict.fromkeys(name for record in source.records for name in record.columns))


def named(source: Source) -> str:
    """The source's files or hub splits, for messages."""
    return ", ".join(place(entry) for entry in source.report)


def place(entry: dict[str, Any]) -> str:
    """Where the rows of one entry of `report` come from."""
    if "file" in entry:
        return str(entry["file"])
    return f"{entry.get('hub') or entry.get('folder')} {entry['split']}"
