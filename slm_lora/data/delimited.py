"""Delimited text: csv, tsv, and txt with a text and its label a line.

    python -m slm_lora inspect +recipe=sentiment data.train=reviews.csv data.delimiter=semicolon

The delimiter is the one that cuts most of the first records into as many fields as the very first;
a first record that has values, not names, is no header. data.delimiter and data.header insist.
"""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from slm_lora.config.quoting import config_text, shell_word
from slm_lora.config.sections.data import DELIMITERS, DataConfig
from slm_lora.data.columns import is_known
from slm_lora.data.decoding import lines
from slm_lora.errors import UserError
from slm_lora.progress import log

Records = list[tuple[int, list[str]]]
"""Line that a record begins in, and its fields."""

SAMPLE = 200
"""Records that are looked at, of at most SAMPLE_CHARACTERS."""
SAMPLE_CHARACTERS = 100_000
csv.field_size_limit(2**31 - 1)  # a text may be long
QUOTED = re.compile(r'"(?:[^"]|"")*"')
OWN = {".csv": ",", ".tsv": "\t"}
NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")


def read_delimited(
    file: Path, suffix: str, text: str, config: DataConfig
) -> list[tuple[int, dict[str, Any]]]:
    """Line number and columns of each record. Numbers with a decimal comma get a point.

    Raises:
        UserError: the records differ in their fields, or the delimiter leaves one column.
    """
    delimiter = config.delimiter or _delimiter(suffix, text) or ","
    records = list(_records(str(file), suffix, text, delimiter))
    if not records:
        return []
    has_header = _has_header(records[:SAMPLE], config)
    names = [name.strip() for name in records[0][1]] if has_header else _names(records)
    if has_header:
        records = _without_header(file.name, records)
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice := [name for name in twice if is_known(name, config)]:
        raise UserError(
            f"{file}: several columns are called {twice[0]}", "give each a name of its own"
        )
    if len(names) == 1 and (config.delimiter or not is_known(names[0], config)):
        raise _one_column(file, suffix, text, config)
    if not has_header or delimiter != OWN.get(suffix, delimiter):
        by, no = f"divided by {_word(delimiter)}", "" if has_header else ", without a header"
        log.info("%s: columns %s, %s%s", file.name, ", ".join(names), by, no)
    if "" in names:
        log.info("%s: what stands in columns without a name is left out", file.name)
    rows = [(number, _columns(names, fields, f"{file}:{number}")) for number, fields in records]
    if delimiter != ",":
        for name in filter(None, names):
            _write_points(name, [columns for _, columns in rows])
    return rows


def is_labelled(text: str) -> bool:
    """Whether each line of a txt file is a text and its label: two fields, of which one repeats."""
    return any(_cuts_off_labels(text, delimiter) for delimiter in ("\t", ";", "|"))


def _cuts_off_labels(text: str, delimiter: str) -> bool:
    filled = [line for _, line in lines(text) if line.strip()]
    if not filled or any(line.count(delimiter) != 1 for line in filled):
        return False
    columns = zip(*(line.split(delimiter) for line in filled), strict=True)
    values = min(({value.strip() for value in column} for column in columns), key=len)
    return 1 < len(values) <= len(filled) / 2 and all(1 <= len(v.split()) <= 3 for v in values)


def _records(
    origin: str, suffix: str, text: str, delimiter: str
) -> Iterator[tuple[int, list[str]]]:
    """Records that are not empty. Tab-separated values know no quoting (IANA), but spreadsheets
    quote there too."""
    if suffix != ".csv" and not _is_quoted(text, delimiter):
        yield from ((n, line.split(delimiter)) for n, line in lines(text) if line)
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for fields in reader:
            if fields:
                yield start, fields
            start = reader.line_num + 1
    except csv.Error as error:
        raise UserError(
            f"{origin}:{start}: malformed CSV, {error}",
            'expected fields in double quotes where they hold delimiters, quotes ("") or newlines',
        ) from error


def _is_quoted(text: str, delimiter: str) -> bool:
    """Whether all fields are in quotes, or some for a reason: a quote, delimiter or newline
    inside. Where lines are records as they stand, a quote that one of them leaves open is text."""
    if '"' not in text:
        return False
    plain = [line.split(delimiter) for _, line in lines(text) if line]
    if len(set(map(len, plain))) == 1:
        fields = [field for record in plain for field in record]
        marked = [field for field in fields if '"' in field]
        doubled = any('""' in field[1:-1] for field in marked)
        return all(map(QUOTED.fullmatch, marked)) and (doubled or len(marked) == len(fields))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    widths, inside = set(), set[str]()
    try:
        for fields in filter(None, reader):
            widths.add(len(fields))
            inside |= {s for s in ('"', "\n", delimiter) for field in fields if s in field}
    except csv.Error:
        return False
    return len(widths) == 1 and bool(inside)


def _delimiter(suffix: str, text: str) -> str | None:
    """The delimiter that fits best, of several the file's own; None where none cuts the first
    record."""
    head = text[:SAMPLE_CHARACTERS]
    if len(head) < len(text):
        head = head.rpartition("\n")[0]
    own = OWN.get(suffix)
    fits: dict[str, float] = {}
    for delimiter in sorted(DELIMITERS.values(), key=lambda sign: (sign != own, sign == ",")):
        widths: list[int] = []
        with suppress(UserError):  # said again when the whole file is read
            records = islice(_records("", suffix, head, delimiter), SAMPLE)
            widths.extend(len(fields) for _, fields in records)
        if widths and widths[0] > 1:
            fits[delimiter] = widths.count(widths[0]) / len(widths)
    if fits.get(",") == fits.get(";") == 1 and not re.search(r"(?<!\d),|,(?!\d)", head):
        del fits[","]  # a decimal comma in each record
    return max(fits, key=lambda sign: fits[sign], default=None)


def _has_header(records: Records, config: DataConfig) -> bool:
    """Whether the first record is one of names: they are no numbers, and do not come again among
    the values below."""
    if config.header is not None:
        return config.header
    first, *others = ([field.strip() for field in fields] for _, fields in records)
    while first[2:] and not first[-1]:  # a spreadsheet's columns without a name
        first, others = first[:-1], [fields[:-1] for fields in others]
    columns = list(zip(first, *_as_wide(others, first), strict=True))
    once = [name for name, *values in columns if name not in values]
    if first in others or any(is_known(name, config) for name in once):
        return True
    numbers = [NUMBER.fullmatch(field) is not None for field in first]
    return all(numbers) if any(numbers) else len(once) == len(first)


def _without_header(name: str, records: Records) -> Records:
    """The records below the header, without those that repeat it, as files put together have."""
    header = records[0][1]
    kept = [record for record in records if record[1] != header]
    if repeated := len(records) - 1 - len(kept):
        log.info("%s: its header comes again in %d lines, which are left out", name, repeated)
    return kept


def _as_wide(rows: list[list[str]], first: list[str]) -> list[list[str]]:
    """Without rows that lack fields: they are refused with their line."""
    return [fields for fields in rows if len(fields) == len(first)]


def _names(records: Records) -> list[str]:
    """Names for columns without any: of two, the label's are numbers, or repeat more."""
    rows = [fields for _, fields in records[:SAMPLE]]
    if len(rows[0]) != 2:
        return [str(number) for number in range(1, len(rows[0]) + 1)]
    columns = list(zip(*_as_wide(rows, rows[0]), strict=True))
    numbers = [all(map(NUMBER.fullmatch, column)) for column in columns]
    values = [len(set(column)) for column in columns]
    label_first = numbers[0] if numbers[0] != numbers[1] else values[0] < values[1]
    return ["label", "text"] if label_first else ["text", "label"]


def _columns(names: list[str], fields: list[str], origin: str) -> dict[str, Any]:
    if len(fields) != len(names):
        raise UserError(
            f"{origin}: {len(fields)} fields", f"expected {len(names)}: {', '.join(names)}"
        )
    return {name: field for name, field in zip(names, fields, strict=True) if name}


def _write_points(name: str, rows: list[dict[str, Any]]) -> None:
    """1,5 → 1.5 in a column of numbers."""
    filled = [row for row in rows if row[name].strip()]
    if all(NUMBER.fullmatch(row[name].strip()) for row in filled):
        for row in filled:
            row[name] = row[name].replace(",", ".")


def _one_column(file: Path, suffix: str, text: str, config: DataConfig) -> UserError:
    """The error for records of one field, with the first line and what would cut it."""
    first, *others = (line for _, line in lines(text)[:SAMPLE] if line)
    shown = first if len(first) <= 120 else f"{first[:120]}…"
    if config.delimiter:
        found = _delimiter(suffix, text)
        return UserError(
            f"{file}: {_word(config.delimiter)} as data.delimiter leaves one column; the first "
            f"line is {shown!r}",
            f"type data.delimiter={_word(found) if found else 'null'}",
        )
    signs = [sign for sign in first if not sign.isalnum() and sign not in " _'\""]
    alike = [s for s in signs if all(line.count(s) == first.count(s) for line in others)]
    word = f"delimiter={config_text(alike[0])}" if alike else f"columns.text={config_text(first)}"
    return UserError(
        f"{file} has one column by any of {', '.join(DELIMITERS)}; the first line is {shown!r}",
        f"type {shell_word(f'data.{word}')}",
    )


def _word(delimiter: str) -> str:
    """`semicolon` for ;"""
    return {sign: word for word, sign in DELIMITERS.items()}.get(delimiter, repr(delimiter))
