"""Where rows come from: files when `data.train` names some, else a dataset of the hub."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Record:
    """One line of a source: `columns` by name, `origin` for messages (`train.csv:17`), `id`."""

    columns: dict[str, Any]
    origin: str
    id: str


@dataclass
class Source:
    """All records of a split. `class_names`: column → names of its integer classes, where the
    source tells them. `report`: one entry for each file or hub split. `name`: of one of several
    sources. `shape`: as slm_lora/data/shapes.py knows it, once the columns have our names."""

    records: list[Record] = field(default_factory=list)
    class_names: dict[str, list[str]] = field(default_factory=dict)
    report: list[dict[str, Any]] = field(default_factory=list)
    name: str = ""
    shape: str = ""


def joined(sources: list[Source]) -> Source:
    """All records as those of one source."""
    name_classes(sources)
    whole = Source()
    for source in sources:
        whole.records += source.records
        whole.class_names |= source.class_names
        whole.report += source.report
    return whole


def name_classes(sources: list[Source]) -> None:
    """Write the names of classes in the place of their numbers where the sources number them
    differently, or where others write names."""
    for column in dict.fromkeys(name for source in sources for name in source.class_names):
        lists = [source.class_names.get(column) for source in sources]
        if lists.count(lists[0]) == len(lists):
            continue
        plain = [source for source, names in zip(sources, lists, strict=True) if names is None]
        if len(set(map(str, filter(None, lists)))) == 1 and all(
            _numbered(s, column) for s in plain
        ):
            continue
        for source, names in zip(sources, lists, strict=True):
            for record in source.records:
                number = record.columns.get(column)
                if names and isinstance(number, int) and 0 <= number < len(names):
                    record.columns[column] = names[number]
            source.class_names.pop(column, None)


def _numbered(source: Source, column: str) -> bool:
    """Whether all values are whole numbers, however they are written."""
    values = (record.columns.get(column) for record in source.records)
    return all(v is None or str(v).strip().removeprefix("-").isdecimal() for v in values)


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
