"""JSON to records: one object a line, one list, objects one after another, or a table in an object.

    python -m slm_lora inspect +recipe=instruct data.train=export.json

An object that wraps one list of objects is that list (`{"version": 1, "data": [{…}, …]}`); one of
columns is turned to rows, as pandas writes them (`{"text": {"0": "…"}, "label": {"0": 1}}`).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slm_lora.config.sections.data import DataConfig
from slm_lora.data.columns import form_a_row, is_known
from slm_lora.data.decoding import lines
from slm_lora.errors import UserError

Row = dict[str, Any]
SIGN = re.compile(r"\S")


def read_json(file: Path, text: str, config: DataConfig) -> tuple[list[tuple[int, Row]], str]:
    """Numbered records, and how a number is joined to the file's name: a line's or an item's.

    Raises:
        UserError: malformed JSON or something else than objects, with its line or item.
    """
    escaped = "\\u" in text
    if text.lstrip().startswith("["):
        return _items(file, _parsed(file, text), escaped), " item "
    filled = [(number, line) for number, line in lines(text) if line.strip()]
    if filled and not _is_whole(filled[0][1]):
        numbered: list[tuple[int, Any]] = list(_objects(file, text))
    else:
        numbered = [(number, _parsed(file, line, number)) for number, line in filled]
    if len(numbered) == 1 and isinstance(numbered[0][1], dict):
        rows = _inside(file, numbered[0][1], config)
        if rows is not None:
            return _items(file, rows, escaped), " item "
    return [(n, _object(row, escaped, f"{file}:{n}")) for n, row in numbered], ":"


def _parsed(file: Path, text: str, first_line: int = 1) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _malformed(file, error, first_line) from error


def _malformed(file: Path, error: Exception, line: int) -> UserError:
    """`line`: of the file, that the text begins with."""
    if not isinstance(error, json.JSONDecodeError):  # too deep, or a number of too many digits
        return UserError(
            f"{file}:{line}: {error}", "expected one object a line, or one list of objects"
        )
    return UserError(
        f"{file}:{line - 1 + error.lineno}: malformed JSON, {error.msg} (column {error.colno})",
        "expected one object a line, or one list of objects",
    )


def _is_whole(line: str) -> bool:
    """Whether a line is JSON by itself; else its object may go on in the next ones."""
    try:
        json.loads(line)
    except json.JSONDecodeError:
        return False
    except (ValueError, RecursionError):  # said where it is read
        return True
    return True


def _objects(file: Path, text: str) -> Iterator[tuple[int, Any]]:
    """Objects over several lines, one after another, with the lines that they begin in."""
    decoder, at, line = json.JSONDecoder(), 0, 1
    while begins := SIGN.search(text, at):
        line += text.count("\n", at, begins.start())
        try:
            found, at = decoder.raw_decode(text, begins.start())
        except json.JSONDecodeError as error:
            raise _malformed(file, error, 1) from error
        except (ValueError, RecursionError) as error:
            raise _malformed(file, error, line) from error
        yield line, found
        line += text.count("\n", begins.start(), at)


def _inside(file: Path, whole: Row, config: DataConfig) -> list[Any] | None:
    """The rows in a file's only object; None where the object is a row itself.

    Raises:
        UserError: it has several lists of objects.
    """
    columns = list(whole.values())
    if columns and all(isinstance(c, dict) for c in columns) and len(set(map(tuple, columns))) == 1:
        if any(is_known(name, config) for name in columns[0]):
            return columns
        columns = [list(column.values()) for column in columns]
    lists = [name for name, value in whole.items() if _is_list_of_objects(value)]
    named = [name for row in whole[lists[0]] for name in row] if len(lists) == 1 else []
    wraps = bool(named) and not is_known(lists[0], config) and not form_a_row([*whole])
    if wraps and any(is_known(name, config) for name in named):
        return list(whole[lists[0]])
    if any(is_known(name, config) for name in whole):
        as_long = all(isinstance(c, list) and len(c) == len(columns[0]) for c in columns)
        if as_long and not any(isinstance(value, dict) for column in columns for value in column):
            return [dict(zip(whole, row, strict=True)) for row in zip(*columns, strict=True)]
        return None
    if len(lists) > 1:
        raise UserError(
            f"{file} has several lists of objects: {', '.join(lists)}",
            "expected one; write each to a file of its own",
        )
    return whole[lists[0]] if lists else None


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _items(file: Path, rows: list[Any], escaped: bool) -> list[tuple[int, Row]]:
    return [(n, _object(row, escaped, f"{file} item {n}")) for n, row in enumerate(rows, 1)]


def _object(row: Any, escaped: bool, origin: str) -> Row:
    """The row, checked; only where characters are escaped one can be half."""
    if not isinstance(row, dict):
        raise UserError(
            f"{origin}: a {type(row).__name__}, not an object", 'expected {"column": value, …}'
        )
    if escaped:
        try:
            json.dumps(row, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise UserError(
                f"{origin}: half of a surrogate pair, which is no character",
                r"write the character itself, or both halves (\ud83d\ude00)",
            ) from error
    return row
